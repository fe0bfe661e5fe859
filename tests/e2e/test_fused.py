#!/usr/bin/env python3
"""Fusing changes speed, never results: every workflow ends the same with it on and off."""

import copy
import time

import stack

SINK = stack.Sink()
NOOP = {"type": "ACTION", "integrationId": "core", "integrationActionId": "noop"}


def noop(step, inputs, **more):
    return {"id": step, **NOOP, "inputMappings": inputs, **more}


def transform(step, inputs, **more):
    return {"id": step, "type": "TRANSFORM", "inputMappings": inputs, **more}


def ten_steps():
    steps = [noop("s0", {"n": "${ .input.n }"})]
    steps += [noop(f"s{i}", {"n": f"${{ .steps.s{i - 1}.output.n + 1 }}"}) for i in range(1, 10)]
    for i, step in enumerate(steps[:-1]):
        step["nextSteps"] = [f"s{i + 1}"]
    return {"steps": steps, "output": "${ .steps.s9.output.n }"}


def calls_and_conditions():
    return {"steps": [
        noop("a", {"n": "${ .input.n }"}, nextSteps=["big"]),
        {"id": "big", "type": "CONDITION", "condition": ".steps.a.output.n > 3",
         "nextSteps": ["kind"], "elseSteps": ["small"]},
        {"id": "kind", "type": "SWITCH", "config": {
            "cases": [{"when": ".input.n == 4", "nextSteps": ["four"]}], "defaultSteps": ["more"]}},
        {"id": "four", **stack.action(SINK.url + "/four", mappings={
            "body": {"n": "${ .steps.a.output.n }", "v": "${ .vars.fused }"}})},
        transform("more", {"twice": "${ .steps.a.output.n * 2 }"}, nextSteps=["tell"]),
        {"id": "tell", **stack.action(SINK.url + "/tell", mappings={
            "body": {"twice": "${ .steps.more.output.twice }"},
            "headers": {"X-Key": "${ .secrets.FUSED_SECRET }"}})},
        transform("small", {"n": "${ .trigger.body.n }"}),
    ]}


def failures():
    return {"steps": [
        noop("a", {"n": "${ .input.n }"}, nextSteps=["bad"]),
        transform("bad", {"x": "${ .steps.a.output.n | error(\"no \\(.)\") }"}, onErrorSteps=["b"]),
        noop("b", {"why": "${ .error.message }"}, nextSteps=["call"]),
        {"id": "call", **stack.action(SINK.url + "/500"), "retry": {"maxAttempts": 2,
         "initialMs": 10, "jitter": "NONE"}, "onErrorSteps": ["c"], "nextSteps": ["d"]},
        noop("c", {"type": "${ .error.type }", "attempt": "${ .error.attempt }"}, nextSteps=["e"]),
        noop("d", {"never": True}),
        transform("e", {"b": "${ .steps.b.output.why }", "c": "${ .steps.c.output }"}),
    ]}


def forks_and_joins():
    return {"steps": [
        noop("a", {"n": 1}, nextSteps=["b"]),
        noop("b", {"n": "${ .steps.a.output.n }"}, nextSteps=["left", "right"]),
        noop("left", {"l": "${ .steps.b.output.n }"}, nextSteps=["left2"]),
        noop("left2", {"l": "${ .steps.left.output.l }"}, nextSteps=["join"]),
        noop("right", {"r": "${ .steps.b.output.n }"}, nextSteps=["join"]),
        transform("join", {"sum": "${ .steps.left2.output.l + .steps.right.output.r }",
                           "who": "${ .join.joined }"}, nextSteps=["last"]),
        noop("last", {"sum": "${ .steps.join.output.sum }"}),
    ]}


DEFINITIONS = {"ten": ten_steps, "calls": calls_and_conditions, "failures": failures,
               "forks": forks_and_joins}


def the_stack_comes_up():
    SINK.routes["/500"] = lambda request: request.answer(500, b'{"why":"broken"}')
    SINK.routes["/pause"] = lambda request: (time.sleep(1.5), request.answer(200, b'{"ok":1}'))
    stack.up()
    stack.cli("variable", "set", "fused", "--value", "same")
    stack.cli("variable", "set", "FUSED_SECRET", "--type", "SECRET", "--value", "hush")
    for name, make in DEFINITIONS.items():
        for fuse in (True, False):
            definition = {"name": name, "triggers": [{"id": "hand", "type": "MANUAL"}],
                          **copy.deepcopy(make()), "settings": {"fuse": fuse}}
            stack.publish(f"{name}-{'on' if fuse else 'off'}", definition)


def shape(execution):
    """All of a run that must not depend on how it was run."""
    steps = {}
    for step in execution["stepExecutions"]:
        kept = {key: step[key] for key in ("stepStatus", "reason", "output", "error", "input",
                                           "retryCount", "retryAttempt", "visit")}
        if isinstance(kept["output"], dict) and "headers" in kept["output"]:
            kept["output"] = {**kept["output"], "headers": "…"}
        steps[step["stepId"]] = kept
    return {"status": execution["status"], "output": execution["output"] if "headers" not in str(
        execution["output"]) else "…", "error": execution["error"], "steps": steps}


def runs_are_equal():
    for name in DEFINITIONS:
        for value in (2, 4, 7):
            ends = [shape(stack.ended(stack.start(f"{name}-{mode}", {"n": value}), 30))
                    for mode in ("on", "off")]
            assert ends[0] == ends[1], f"{name} {value}: {ends[0]} is not {ends[1]}"


def a_chain_is_one_visit():
    execution = stack.start("ten-on", {"n": 1})
    assert stack.ended(execution)["output"] == 10
    runs = stack.psql("SELECT count(DISTINCT run), count(*) FROM headrace.step_execution"
                      f" WHERE execution_id = '{execution}'")
    assert runs == "1|10", runs
    execution = stack.start("ten-off", {"n": 1})
    assert stack.ended(execution)["output"] == 10
    runs = stack.psql("SELECT count(DISTINCT run), count(*) FROM headrace.step_execution"
                      f" WHERE execution_id = '{execution}'")
    assert runs == "10|10", runs


def a_worker_that_dies_in_a_chain_repeats_only_what_was_not_recorded():
    steps = [{"id": f"c{i}", **stack.action(f"{SINK.url}/{'pause' if i == 2 else f'c{i}'}"),
              "nextSteps": [f"c{i + 1}"] if i < 4 else []} for i in range(5)]
    stack.publish("dies", {"name": "dies", "triggers": [{"id": "hand", "type": "MANUAL"}],
                           "steps": steps})
    ids = [stack.start("dies", {"n": n}) for n in range(30)]
    time.sleep(0.8)
    stack.kill("worker-1")
    stack.kill("worker-2")
    stack.up()
    for execution in ids:
        assert stack.ended(execution, 60)["status"] == "COMPLETED"
    for path in ("/c0", "/c1", "/c3", "/c4"):
        assert len(set(SINK.keys(path))) == 30, path
        assert len(SINK.keys(path)) == 30, f"{path}: called {len(SINK.keys(path))} times"
    assert len(set(SINK.keys("/pause"))) == 30
    stack.verify()


if __name__ == "__main__":
    stack.main([the_stack_comes_up, runs_are_equal, a_chain_is_one_visit,
                a_worker_that_dies_in_a_chain_repeats_only_what_was_not_recorded])
