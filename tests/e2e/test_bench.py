#!/usr/bin/env python3
"""./dev bench: its line of figures, its verdict, and what it refuses to measure.

How fast the machine is does not matter here: only that every figure is there and that the run was
whole. A figure of another machine is compared with its own history, not with ours.
"""

import json
import os
import subprocess

import stack

GROUPS = {"gateway", "coordinator", "worker", "postgres", "kafka", "redis"}


def bench(*arguments, check=True):
    return stack.run(stack.DEV, "bench", *arguments, check=check, timeout=600)


def figures(workload):
    """The last line: the report of a short run."""
    done = bench(workload, "--json", "--seconds", "3", "--warm", "3")
    assert "NOT VALID" not in done.stderr, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def expect_whole(report, workload):
    assert report["workload"] == workload, report
    assert report["executions_per_s"] > 0 and report["wal_bytes_per_step"] > 0, report
    assert 0 < report["latency_ms"]["p50"] <= report["latency_ms"]["p99"], report
    assert set(report["cpu_us_per_step"]) == set(report["rss_bytes"]) == GROUPS, report
    for group in ("coordinator", "worker", "postgres", "kafka"):
        assert report["cpu_us_per_step"][group] > 0 and report["rss_bytes"][group] > 0, report


def without_a_workload_they_are_listed():
    text = bench().stdout
    for workload in ("s1", "s10", "s10-fused", "http10", "fan1000", "latency10"):
        assert f"\n  {workload} " in text, text


def an_unknown_workload_is_refused():
    done = bench("s11", check=False)
    assert done.returncode != 0 and "s11" in done.stderr, done.stderr


def a_run_ends_with_its_figures():
    stack.up()
    report = figures("s10")
    expect_whole(report, "s10")
    assert abs(report["steps_per_s"] / report["executions_per_s"] - 10) < 0.1, report


def a_chain_costs_kafka_less():
    dispatched, fused = figures("s10"), figures("s10-fused")
    expect_whole(fused, "s10-fused")
    assert fused["cpu_us_per_step"]["kafka"] < dispatched["cpu_us_per_step"]["kafka"], (
        fused, dispatched)


def latency_is_reported_both_ways():
    report = figures("latency10")
    expect_whole(report, "latency10")
    expect_whole(report["dispatched"], "latency10-dispatched")
    assert 5 <= report["executions_per_s"] <= 15, report


def the_development_broker_is_not_measured():
    folder = os.path.join(stack.STACK, "mock")
    for part in ("run", "kafka"):
        os.makedirs(os.path.join(folder, part))
    with subprocess.Popen(["sleep", "600"]) as broker:
        with open(f"/proc/{broker.pid}/stat", encoding="utf-8") as file:
            begun = file.read().rpartition(")")[2].split()[19]
        with open("/proc/sys/kernel/random/boot_id", encoding="utf-8") as file:
            boot = file.read().strip()
        files = {".headrace-dev": "", "kafka/kind": "mock\n", "run/kafka":
                 f"{broker.pid} {begun} {boot}\n"}
        for name, text in files.items():
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(text)
        done = stack.run(stack.DEV, "bench", "s1", check=False, env={
            "HEADRACE_DEV_DIR": folder, "HEADRACE_KAFKA": ""})
        broker.kill()
    assert done.returncode == 1 and "development broker" in done.stderr, done.stderr


if __name__ == "__main__":
    stack.main([without_a_workload_they_are_listed, an_unknown_workload_is_refused,
                a_run_ends_with_its_figures, a_chain_costs_kafka_less,
                latency_is_reported_both_ways, the_development_broker_is_not_measured])
