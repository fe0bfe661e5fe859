#!/usr/bin/env python3
"""It survives: kill -9 of every daemon and a flushed Redis, in the middle of running executions."""

import time

import stack

COUNT = 200
SINK = stack.Sink()


def definition():
    """Five calls with a fork, a condition and a short delay: about three seconds a run."""
    return {
        "name": "Survivor",
        "triggers": [{"id": "hand", "type": "MANUAL"}],
        "steps": [
            {"id": "first", **stack.action(SINK.url + "/first"), "nextSteps": ["even"]},
            {"id": "even", "type": "CONDITION", "condition": ".input.n % 2 == 0",
             "nextSteps": ["left", "right"], "elseSteps": ["right"]},
            {"id": "left", **stack.action(SINK.url + "/left"), "nextSteps": ["rest"]},
            {"id": "right", **stack.action(SINK.url + "/right"), "nextSteps": ["rest"]},
            {"id": "rest", "type": "DELAY", "config": {"forMs": 1500}, "nextSteps": ["slow"]},
            {"id": "slow", **stack.action(SINK.url + "/slow"), "nextSteps": ["last"]},
            {"id": "last", "type": "TRANSFORM",
             "inputMappings": {"n": "${ .input.n }", "left": "${ .steps.left.status }"}},
        ],
        "output": "${ .steps.last.output }",
    }


def slow(request):
    time.sleep(0.3)
    request.answer(200, b'{"ok":true}')


def the_stack_comes_up():
    SINK.routes["/slow"] = slow
    stack.up()
    stack.publish("survivor", definition())


def run_and_hurt(hurt):
    """Starts COUNT executions, hurts somebody in the middle, and all end well all the same."""
    ids = [stack.start("survivor", {"n": n}) for n in range(COUNT)]
    time.sleep(0.7)
    hurt()
    for n, execution_id in enumerate(ids):
        execution = stack.ended(execution_id, 120)
        assert execution["status"] == "COMPLETED", execution
        left = "SKIPPED" if n % 2 else "COMPLETED"
        assert execution["output"] == {"n": n, "left": left}, execution
    stack.verify()
    return ids


def retries_of(ids):
    listed = ",".join(f"'{execution_id}'" for execution_id in ids)
    return int(stack.psql("SELECT count(*) FROM headrace.step_execution WHERE reason = 12"
                          f" AND execution_id IN ({listed})"))


def a_worker_is_killed():
    def hurt():
        stack.kill("worker-1")
        stack.up()

    run_and_hurt(hurt)


def the_coordinator_is_killed():
    def hurt():
        stack.kill("coordinator")
        time.sleep(1)
        stack.up()

    run_and_hurt(hurt)


def the_gateway_is_killed():
    def hurt():
        stack.kill("gateway")
        stack.up()

    run_and_hurt(hurt)


def redis_is_flushed():
    def hurt():
        host, port = stack.os.environ["HEADRACE_REDIS"].split(":")
        stack.run("redis-cli", "-h", host, "-p", port, "FLUSHALL")

    ids = run_and_hurt(hurt)
    assert retries_of(ids) == 0, "a flush of Redis has charged retries"


def every_key_is_one_step():
    """What was called twice was called with the same key, never a second step."""
    for path in ("/first", "/right", "/slow"):
        keys = SINK.keys(path)
        assert None not in keys, f"{path} was called without an Idempotency-Key"
        assert len(set(keys)) == 4 * COUNT, f"{path}: {len(set(keys))} keys"
        assert len(keys) < 4 * COUNT * 1.2, f"{path}: {len(keys)} calls for {4 * COUNT} steps"


def a_second_coordinator_takes_over():
    """Two coordinators share the partitions; one is killed, the other has them all in 12 s."""
    environment = dict(
        entry.split("=", 1)
        for entry in open(f"/proc/{stack.pid_of('coordinator')}/environ",
                          encoding="utf-8").read().split("\0") if "=" in entry)
    environment.update(HEADRACE_INSTANCE="coordinator-b", HEADRACE_ADMIN_LISTEN="127.0.0.1:0")
    second = stack.subprocess.Popen([stack.os.path.join(stack.ROOT, "build", "coordinator",
                                                        "headrace-coordinator")],
                                    env=environment, stderr=stack.subprocess.DEVNULL)
    owners = "SELECT count(DISTINCT owner) FROM headrace.engine_partition WHERE lease_until > now()"
    by_b = ("SELECT count(*) FROM headrace.engine_partition WHERE owner LIKE 'coordinator-b/%'"
            " AND lease_until > now()")
    try:
        stack.until("both own partitions", 30, lambda: stack.psql(owners) == "2"
                    and int(stack.psql(by_b)) == 16, every=0.3)
        ids = [stack.start("survivor", {"n": n}) for n in range(40)]
        stack.kill("coordinator")
        began = time.monotonic()
        stack.until("the second owns all", 20, lambda: stack.psql(by_b) == "32", every=0.1)
        print(f"takeover after {time.monotonic() - began:.1f} s")
        for execution_id in ids:
            assert stack.ended(execution_id, 60)["status"] == "COMPLETED"
        stack.verify()
    finally:
        second.terminate()
        second.wait(40)
        stack.up()


if __name__ == "__main__":
    stack.main([the_stack_comes_up, a_worker_is_killed, the_coordinator_is_killed,
                the_gateway_is_killed, redis_is_flushed, every_key_is_one_step,
                a_second_coordinator_takes_over])
