#!/usr/bin/env python3
"""The figures of docs/benchmarks.md: one workload against the stack that runs.

./dev bench WORKLOAD [--json] [--seconds N] [--warm N] [--flight N] [--rate N]

The addresses come from the stack's env file, the processes from its records. Every execution that
was started must have ended in PostgreSQL as COMPLETED, with every row of its history, or the run
counts for nothing and the exit code is 1.
"""

import argparse
import json
import os
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
STACK = os.environ["HEADRACE_DEV_DIR"]
HEADRACE = os.path.join(ROOT, "build", "cli", "headrace")
LOAD = os.path.join(ROOT, "build", "tests", "bench", "bench_load")
SINK = os.path.join(ROOT, "build", "tests", "bench", "bench_sink")
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
TRIGGER = "load"
FAN = 1000

# Group of the report: the stack's processes in it, with all their children.
GROUPS = {
    "gateway": ("gateway",),
    "coordinator": ("coordinator",),
    "worker": ("worker-1", "worker-2"),
    "postgres": ("postgres",),
    "kafka": ("kafka",),
    "redis": ("redis",),
}

# {"order": …, "note": …}, 200 bytes as JSON: what starts an execution, and what each step takes in
# and gives out.
BODY = {"order": 4711, "note": ""}
BODY["note"] = "n" * (200 - len(json.dumps(BODY, separators=(",", ":"))))
SCOPE = json.dumps({"data": BODY}, separators=(",", ":"))


# --- workflows ----------------------------------------------------------------------------------


def passed_on(source):
    return {"order": f"${{ {source}.order }}", "note": f"${{ {source}.note }}"}


def noop(name, source, following):
    return {"id": name, "type": "ACTION", "integrationId": "core", "integrationActionId": "noop",
            "inputMappings": passed_on(source), "nextSteps": following}


def call(name, url, following):
    return {"id": name, "type": "ACTION", "integrationId": "http", "integrationActionId": "request",
            "inputMappings": {"method": "POST", "url": url, "body": passed_on(".trigger.data")},
            "nextSteps": following}


def definition(steps, fuse, output):
    return {"name": "Benchmark", "triggers": [{"id": TRIGGER, "type": "EVENT",
                                               "config": {"topic": "headrace.bench",
                                                          "eventType": "bench"}}],
            "steps": steps, "output": output, "settings": {"fuse": fuse}}


def row_of(count, fuse):
    """count steps, each with its predecessor's output as its input."""
    steps = [noop(f"s{i}", f".steps.s{i - 1}.output" if i > 1 else ".trigger.data",
                  [f"s{i + 1}"] if i < count else []) for i in range(1, count + 1)]
    return definition(steps, fuse, {"order": f"${{ .steps.s{count}.output.order }}"})


def calls(count, url):
    steps = [call(f"s{i}", url, [f"s{i + 1}"] if i < count else []) for i in range(1, count + 1)]
    return definition(steps, False, {"status": f"${{ .steps.s{count}.output.status }}"})


def fan(count):
    steps = [noop("fork", ".trigger.data", [f"s{i}" for i in range(1, count + 1)])]
    steps += [noop(f"s{i}", ".trigger.data", ["join"]) for i in range(1, count + 1)]
    steps += [noop("join", ".trigger.data", [])]
    return definition(steps, False, {"joined": "${ .steps.join.output.order }"})


# name: (what it is, steps of one execution, in flight, starts a second, its definition)
WORKLOADS = {
    "s1": ("one core.noop step (W1)", 1, 256, 0, lambda url: row_of(1, False)),
    "s10": ("ten core.noop steps in a row, each through Kafka (W2)", 10, 256, 0,
            lambda url: row_of(10, False)),
    "s10-fused": ("the same, run as a chain in one visit (W3)", 10, 256, 0,
                  lambda url: row_of(10, True)),
    "http10": ("ten HTTP calls in a row to a service on this machine", 10, 256, 0,
               lambda url: calls(10, url)),
    "fan1000": ("one execution forks to 1,000 core.noop steps and joins (W5)", FAN + 2, 1, 0,
                lambda url: fan(FAN)),
    "latency10": ("10 executions/s of ten core.noop steps, fused and dispatched (W9)", 10, 1, 10,
                  None),
}


def say(text):
    print(text, file=sys.stderr, flush=True)


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"bench: {' '.join(command[:2])}: {(done.stdout + done.stderr).strip()}")
    return done.stdout.strip()


def psql(statement):
    return run("psql", "-XAtq", "-F", " ", os.environ["HEADRACE_PG_DSN"], "-c", statement)


def publish(name, workflow):
    """Publishes the workload's workflow; tenant and template as the load wants them."""
    path = os.path.join(STACK, f"bench-{name}.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(workflow, file)
    run(HEADRACE, "apply", "-f", path, "--id", f"bench-{name}", "--publish")
    tenant, template = psql("SELECT tenant_id, id FROM headrace.workflow_template"
                            f" WHERE template_id = 'bench-{name}'").split()
    return tenant, template


# --- processes ----------------------------------------------------------------------------------


def stat(pid):
    """(parent, ticks of CPU with those of its ended children, pages resident) or None."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return None
    return int(fields[1]), sum(int(field) for field in fields[11:15]), int(fields[21])


def shared_pages(pid):
    try:
        with open(f"/proc/{pid}/statm", encoding="utf-8") as file:
            return int(file.read().split()[2])
    except OSError:
        return 0


def recorded(name):
    try:
        with open(os.path.join(STACK, "run", name), encoding="utf-8") as file:
            return int(file.read().split()[0])
    except (OSError, ValueError):
        return None


class Usage:
    """CPU and memory of every group at one moment."""

    def __init__(self, load_pid, watcher_pid):
        stats = {int(name): stat(name) for name in os.listdir("/proc") if name.isdigit()}
        self.stats = {pid: found for pid, found in stats.items() if found}
        self.at = time.monotonic()
        self.ticks, self.bytes = {}, {}
        for group, names in GROUPS.items():
            pids = self.family([recorded(name) for name in names]) - {watcher_pid}
            self.ticks[group] = sum(self.stats[pid][1] for pid in pids)
            self.bytes[group] = sum(self.memory(pid, first=not i)
                                    for i, pid in enumerate(sorted(pids)))
        own = {load_pid, watcher_pid} & set(self.stats)
        self.ticks["load"] = sum(self.stats[pid][1] for pid in own)

    def family(self, pids):
        """The processes and all that descend from them."""
        found = {pid for pid in pids if pid in self.stats}
        while True:
            more = {pid for pid, (parent, _, _) in self.stats.items() if parent in found} - found
            if not more:
                return found
            found |= more

    def memory(self, pid, first):
        """Pages that a group's processes share are counted once, with the first of them."""
        return (self.stats[pid][2] - (0 if first else shared_pages(pid))) * PAGE


# --- a run --------------------------------------------------------------------------------------


class Run:
    def __init__(self, name, workflow, steps, options):
        self.name, self.steps = name, steps
        self.tenant, self.template = publish(name, workflow)
        self.since = psql("SELECT now()").replace(" ", "T", 1)
        self.load = subprocess.Popen(
            [LOAD, f"kafka={os.environ['HEADRACE_KAFKA']}", f"pg={os.environ['HEADRACE_PG_DSN']}",
             f"tenant={self.tenant}", f"template={self.template}", f"trigger={TRIGGER}",
             f"scope={SCOPE}", f"flight={options.flight}", f"rate={options.rate}",
             f"warm={options.warm}", f"seconds={options.seconds}"],
            stdout=subprocess.PIPE, text=True)
        self.usage, self.lsn, self.counted, self.done = {}, {}, {}, None

    def follow(self):
        watcher, second = None, 0
        before = 0
        for line in self.load.stdout:
            said = json.loads(line)
            event = said["event"]
            if event == "pid":
                watcher = said["pid"]
            elif event in ("warm", "measured"):
                self.usage[event] = Usage(self.load.pid, watcher)
                self.lsn[event] = psql("SELECT pg_current_wal_lsn()")
                self.counted[event] = said["ended"]
            elif event == "done":
                self.done = said
            else:
                second += 1
                ended = said["ended"] - before
                say(f"{self.name:<10} {second:4} s  {ended:7} executions/s"
                    f"  {ended * self.steps:8} steps/s  {said['in_flight']:5} in flight")
            before = said.get("ended", before)
        if self.load.wait() != 0 and self.done is None:
            sys.exit("bench: the load broke off; nothing was measured")

    def verify(self):
        """What the load saw is what the tables hold, to the row."""
        count, completed, rows = (int(text) for text in psql(
            "SELECT count(*), count(*) FILTER (WHERE e.status = 4), coalesce(sum(s.count), 0)"
            " FROM headrace.execution e CROSS JOIN LATERAL (SELECT count(*) FROM"
            " headrace.step_execution s WHERE s.execution_id = e.id AND s.status = 3) s"
            f" WHERE e.template_id = '{self.template}' AND e.created_at >= '{self.since}'"
            f" AND e.id >= headrace.id_at('{self.since}'::timestamptz - interval '1 min')"
            ).split())
        started, ended = self.done["started"], self.done["ended"]
        problems = []
        if self.done["failed"] or self.done["lost"]:
            problems.append(f"{self.done['failed']} failed, {self.done['lost']} not accepted")
        if not started == ended == count == completed:
            problems.append(f"{started} started, {ended} seen to end, {count} stored, "
                            f"{completed} of them COMPLETED")
        if rows != count * self.steps:
            problems.append(f"{rows} steps COMPLETED instead of {count * self.steps}")
        for problem in problems:
            say(f"bench: {self.name}: NOT VALID: {problem}")
        return not problems

    def report(self):
        old, new = self.usage["warm"], self.usage["measured"]
        seconds = new.at - old.at
        ended = self.counted["measured"] - self.counted["warm"]
        steps = max(ended * self.steps, 1)
        wal = int(psql(f"SELECT pg_wal_lsn_diff('{self.lsn['measured']}', '{self.lsn['warm']}')"))
        cpu = {group: round((new.ticks[group] - old.ticks[group]) * 1e6 / TICKS / steps, 1)
               for group in GROUPS}
        return {
            "workload": self.name,
            "executions": self.done["started"],
            "executions_per_s": round(ended / seconds, 1),
            "steps_per_s": round(ended * self.steps / seconds, 1),
            "latency_ms": {"p50": self.done["p50"], "p99": self.done["p99"]},
            "cpu_us_per_step": cpu,
            "load_cpu_us_per_step":
                round((new.ticks["load"] - old.ticks["load"]) * 1e6 / TICKS / steps, 1),
            "wal_bytes_per_step": round(wal / steps),
            "rss_bytes": new.bytes,
            "load_average": os.getloadavg()[0],
        }


def measure(name, options, workflow):
    """The report of a run, and whether it is valid."""
    run_ = Run(name, workflow, WORKLOADS[options.workload][1], options)
    run_.follow()
    return run_.report(), run_.verify()


def measure_all(options):
    if options.workload == "latency10":
        report, is_valid = measure("latency10", options, row_of(10, True))
        other, is_other_valid = measure("latency10-dispatched", options, row_of(10, False))
        report["dispatched"] = other
        return report, is_valid and is_other_valid
    if options.workload != "http10":
        return measure(options.workload, options, WORKLOADS[options.workload][4](None))
    with subprocess.Popen([SINK], stdout=subprocess.PIPE, text=True) as sink:
        try:
            url = f"http://127.0.0.1:{sink.stdout.readline().strip()}/"
            return measure(options.workload, options, WORKLOADS["http10"][4](url))
        finally:
            sink.kill()


# --- telling ------------------------------------------------------------------------------------


def table(report):
    cpu, memory = report["cpu_us_per_step"], report["rss_bytes"]
    print(f"\n{report['workload']}: {report['executions_per_s']:,.0f} executions/s, "
          f"{report['steps_per_s']:,.0f} steps/s; start to end "
          f"p50 {report['latency_ms']['p50']} ms, p99 {report['latency_ms']['p99']} ms; "
          f"{report['wal_bytes_per_step']} bytes of WAL a step\n")
    print(f"  {'':<14}{'CPU us/step':>12}{'memory MB':>12}")
    for group, value in cpu.items():
        print(f"  {group:<14}{value:>12.1f}{memory[group] / 1e6:>12.1f}")
    print(f"  {'all':<14}{sum(cpu.values()):>12.1f}{sum(memory.values()) / 1e6:>12.1f}")
    print(f"  {'(load)':<14}{report['load_cpu_us_per_step']:>12.1f}")


def wanted():
    lines = "\n".join(f"  {name:<11} {what[0]}" for name, what in WORKLOADS.items())
    parser = argparse.ArgumentParser(
        prog="./dev bench", epilog="workloads:\n" + lines,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Measures one workload against the stack that runs; see docs/benchmarks.md.")
    parser.add_argument("workload", choices=WORKLOADS, metavar="WORKLOAD", help="one of the below")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    parser.add_argument("--seconds", type=int, default=20, help="how long is measured (20)")
    parser.add_argument("--warm", type=int, default=3, help="seconds before that (3)")
    parser.add_argument("--flight", type=int, help="executions in flight (256; fan1000: 1)")
    parser.add_argument("--rate", type=int, help="executions a second instead (latency10: 10)")
    parser.add_argument("--dry", action="store_true", help="only check the command line")
    options = parser.parse_args()
    _, _, flight, rate, _ = WORKLOADS[options.workload]
    options.flight = flight if options.flight is None else options.flight
    options.rate = rate if options.rate is None else options.rate
    return options


def main():
    options = wanted()
    if options.dry:
        return
    report, is_valid = measure_all(options)
    if options.json:
        print(json.dumps(report, separators=(",", ":")))
    else:
        table(report)
        if "dispatched" in report:
            table(report["dispatched"])
    sys.exit(0 if is_valid else 1)


if __name__ == "__main__":
    main()
