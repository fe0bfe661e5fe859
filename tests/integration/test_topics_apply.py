#!/usr/bin/env python3
"""headrace-topics against a real broker: what it makes, what it leaves, what it refuses."""

import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DEV = os.path.join(ROOT, "dev")
PROGRAM = os.path.join(ROOT, "build", "deploy", "topics", "headrace-topics")
STACK = os.environ["HEADRACE_DEV_DIR"]


def broker():
    with open(os.path.join(STACK, "env"), encoding="utf-8") as file:
        return next(line for line in file if "HEADRACE_KAFKA=" in line).split("'")[1]


def apply(text, *options, brokers=None):
    """(exit code, everything it said) for a file of topics."""
    path = os.path.join(STACK, "topics.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    done = subprocess.run([PROGRAM, "--brokers", brokers or broker(), "--file", path, *options],
                          capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout + done.stderr


def topics(*lines):
    return "topics:\n" + "".join(f"  - {{{line}}}\n" for line in lines)


def expect(answer, code, *words):
    assert answer[0] == code, answer
    for word in words:
        assert word in answer[1], f"{word!r} is not in {answer[1]!r}"


# --- the tests, in this order ---------------------------------------------------------------------

def a_missing_topic_is_created_and_then_left_alone():
    text = topics("name: a, partitions: 5, replicationFactor: 1, config: {retention.ms: 9000}")
    expect(apply(text), 0, "topic a: created, 5 partitions")
    expect(apply(text), 0, "topic a: as it should be")


def a_changed_setting_is_set_and_others_stay():
    text = "name: a, partitions: 5, replicationFactor: 1, config: {%s}"
    expect(apply(topics(text % "segment.ms: 77000")), 0, "1 setting(s) changed")
    # The retention of the first file is not in the second one: somebody's setting, to be kept.
    expect(apply(topics(text % "segment.ms: 77000, retention.ms: 9000")), 0, "as it should be")
    expect(apply(topics(text % "retention.ms: 8000")), 0, "1 setting(s) changed")
    expect(apply(topics(text % "segment.ms: 77000")), 0, "as it should be")


def another_number_of_partitions_is_refused_and_changes_nothing():
    expect(apply(topics("name: a, partitions: 6, replicationFactor: 1")), 3,
           "topic a: has 5 partitions, the file says 6")
    expect(apply(topics("name: a, partitions: 5, replicationFactor: 1")), 0, "as it should be")


def too_few_brokers_are_refused_unless_told_to_shrink():
    text = topics("name: b, partitions: 1, replicationFactor: 3, config: {min.insync.replicas: 2}")
    expect(apply(text), 1, "wants 3 copies, the cluster has 1 broker(s)")
    expect(apply(text, "--shrink"), 0, "topic b: created")
    expect(apply(text, "--shrink"), 0, "topic b: as it should be")


def a_setting_that_the_cluster_does_not_take_is_named():
    text = topics("name: c, partitions: 1, replicationFactor: 1, config: {cleanup.policy: never}")
    expect(apply(text), 1, "topic c: not created", "cleanup.policy")
    text = topics("name: a, partitions: 5, replicationFactor: 1, config: {cleanup.policy: never}")
    expect(apply(text), 1, "topic a: not set", "cleanup.policy")


def one_refused_topic_does_not_stop_the_others():
    expect(apply(topics("name: a, partitions: 6, replicationFactor: 1",
                        "name: d, partitions: 1, replicationFactor: 1")), 3,
           "topic a: has 5 partitions", "topic d: created")


def a_silent_cluster_is_an_error_in_time():
    expect(apply(topics("name: a, partitions: 1, replicationFactor: 1"), "--wait-ms", "700",
                 brokers="127.0.0.1:1"), 1, "no broker answered within 700 ms")


def a_wrong_file_or_call_is_told_with_its_place():
    expect(apply("topics:\n  - name: a\n    partitons: 1\n"), 2, "topics.yaml:3: \"partitons\"")
    expect(apply("", "--wait-ms", "soon"), 2, "--wait-ms wants")
    expect(apply("", "-X", "nonsense"), 2, "-X wants KEY=VALUE")
    expect(apply("", "-X", "nonsense=1"), 2, "nonsense")
    expect(apply("", "--help"), 0, "usage: headrace-topics")
    expect(apply("", "extra"), 2, "\"extra\" is not understood")


TESTS = (
    a_missing_topic_is_created_and_then_left_alone,
    a_changed_setting_is_set_and_others_stay,
    another_number_of_partitions_is_refused_and_changes_nothing,
    too_few_brokers_are_refused_unless_told_to_shrink,
    a_setting_that_the_cluster_does_not_take_is_named,
    one_refused_topic_does_not_stop_the_others,
    a_silent_cluster_is_an_error_in_time,
    a_wrong_file_or_call_is_told_with_its_place,
)


def main():
    failed = 0
    subprocess.run([DEV, "services", "up"], check=True, timeout=180)
    for test in TESTS:
        try:
            test()
            print(f"ok {test.__name__}", flush=True)
        except Exception as problem:  # a test that breaks has failed; the next one still runs
            failed += 1
            print(f"FAIL {test.__name__}: {' '.join(str(problem).split())[:600]}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
