#!/usr/bin/env python3
"""Each fault once, in the middle of 500 running executions; ./dev chaos draws them at random.

All end COMPLETED with their output, no step is recorded twice or charged a retry, no key comes with
two bodies, and the laws hold, those of the journal too.
"""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "chaos"))
import load  # noqa: E402
import nemesis  # noqa: E402
import stack  # noqa: E402
from sink import JournalingSink  # noqa: E402

COUNT = 500
MIDDLE = COUNT * 2 // 3  # taken when it begins to hurt
KAFKA_DOWN_SECONDS = 20
world = {}


def the_stack_comes_up():
    world["nemesis"] = nemesis.Nemesis()
    world["sink"] = JournalingSink(0, os.path.join(stack.STACK, "sink.jsonl"))
    load.publish(world["sink"])
    world["load"] = load.Load(world["sink"], 0, flight_max=COUNT)
    world["load"].await_hook()


def run_and_hurt(hurt):
    """500 executions; the fault strikes when most have begun and none of these have ended."""
    now = world["load"] = load.Load(world["sink"], time.time(), flight_max=COUNT)
    world["sink"].forget()
    now.start(COUNT)
    stack.until("the middle", 60, lambda: len(now.accepted) >= MIDDLE, every=0.02)
    said = hurt(world["nemesis"])
    now.join()
    left = now.quiesce(90)
    assert not left, f"{len(left)} have not ended, for example {left[0]}: {why(left[0])}"
    ended = world["nemesis"].revive()
    assert not ended, f"{ended} ended on their own account"
    found = load.check(now)
    assert not found.problems, f"{len(found.problems)}, for example {found.problems[:3]}"
    assert found.figures["completed"] == COUNT, found.figures
    stack.verify()
    print(f"  {said if said is not None else ''} {found.figures['duplicate calls']} calls doubled,"
          f" {found.figures['attempts lost']} attempts lost", flush=True)


def why(execution):
    return stack.psql(f"SELECT status, part FROM headrace.execution WHERE id = '{execution}'")


def fault(name, hurt):
    def test():
        run_and_hurt(hurt)

    test.__name__ = name
    return test


def kafka_goes_for_a_while(demon):
    """Hooks say so meanwhile: 503, and when to come again. (The load does, until it is taken.)"""
    demon.kill_kafka(KAFKA_DOWN_SECONDS)
    assert world["load"].retry_after > 0, f"no 503 with Retry-After: {world['load'].refusals}"


def commits_are_cut(demon):
    cut = demon.cut_commits(5, 6)
    assert cut > 0, "no COMMIT came through the proxy"
    return f"{cut} answers to COMMIT lost;"


def a_coordinator_dies_and_the_other_takes_over(demon):
    return f"taken over after {demon.take_over():.1f} s;"


def the_journal_has_seen_it_all():
    """The laws of the journal are asked about something, and break when something is wrong."""
    kinds = stack.psql("SELECT DISTINCT kind FROM headrace.journal ORDER BY 1").split()
    assert kinds == ["BATCH", "EXECUTION", "FIRED", "SENT", "STEP"], kinds
    ended = "FROM headrace.journal WHERE kind = 'EXECUTION' AND status = 4 LIMIT 1"
    fired = "FROM headrace.journal WHERE kind = 'FIRED' LIMIT 1"
    columns = "part, txn, seq, kind, execution_id, node, visit, attempt, status, reason, due_at, at"
    wrong = {
        "law 6": f"SELECT part, txn, -1, 'SENT', execution_id, 0, 0, 99, 0, 0, NULL, at {ended}",
        "law 9": "SELECT part, txn, 2000000000, 'EXECUTION', execution_id, -1, 0, 0, 4, 0, NULL,"
                 f" at {ended}",
        "law 12": "SELECT part, txn, -1, kind, execution_id, node, visit, attempt, status, reason,"
                  f" at + interval '1 s', at {fired}",
        "law 18": "SELECT part, txn + 1000000, 0, 'BATCH', NULL, -1, 0, 0, 0, 0, NULL, at"
                  f" {ended}",
    }
    for law, rows in wrong.items():
        row = stack.psql(f"INSERT INTO headrace.journal ({columns}) {rows}"
                         " RETURNING part, txn, seq")
        done = stack.cli("verify", check=False)
        assert done.returncode == 1 and f"broken   {law}:" in done.stdout, (law, done.stdout)
        stack.psql("DELETE FROM headrace.journal WHERE (part, txn, seq) = "
                   f"({row.replace('|', ', ')})")
    stack.verify()


FAULTS = [
    fault("a_gateway_is_killed", lambda demon: demon.kill("gateway", 1)),
    fault("a_coordinator_is_killed", a_coordinator_dies_and_the_other_takes_over),
    fault("a_worker_is_killed", lambda demon: demon.kill("worker-1", 1)),
    fault("a_coordinator_sleeps_past_its_lease",
          lambda demon: demon.freeze("coordinator", nemesis.LEASE_SECONDS + 4)),
    fault("a_worker_sleeps_past_its_lease",
          lambda demon: demon.freeze("worker-2", nemesis.HEARTBEAT_SECONDS + 4)),
    fault("redis_is_killed", lambda demon: demon.kill_redis(2)),
    fault("redis_is_flushed", lambda demon: demon.flush_redis()),
    fault("kafka_restarts", lambda demon: demon.kill_kafka(0)),
    fault("kafka_is_down_for_a_while", kafka_goes_for_a_while),
    fault("postgres_restarts", lambda demon: demon.restart_postgres()),
    fault("postgres_is_killed", lambda demon: demon.kill_postgres()),
    fault("database_sessions_are_ended", lambda demon: demon.terminate_backends()),
    fault("the_answers_to_commits_are_lost", commits_are_cut),
]


def main():
    wanted = sys.argv[1:]
    faults = [test for test in FAULTS if not wanted or test.__name__ in wanted]
    try:
        stack.main([the_stack_comes_up, *faults, the_journal_has_seen_it_all])
    finally:
        if "nemesis" in world:
            world["nemesis"].down()


if __name__ == "__main__":
    main()
