#!/usr/bin/env python3
"""The adapters of common/io against real services: io_bus, io_pg and io_redis, test by test.

These programs also kill and stop the services; a keeper here starts again what has died.
"""

import os
import re
import subprocess
import sys
import threading

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DEV = os.path.join(ROOT, "dev")
PROGRAMS = os.path.join(ROOT, "build", "tests", "integration")
STACK = os.environ["HEADRACE_DEV_DIR"]
SERVICES = ("kafka", "redis")


def services_up():
    done = subprocess.run([DEV, "services", "up"], capture_output=True, text=True, check=False,
                          timeout=300)
    if done.returncode:
        sys.exit(f"./dev services up: {done.stdout}{done.stderr}")


def addresses():
    with open(os.path.join(STACK, "env"), encoding="utf-8") as file:
        return dict(re.findall(r"^export (\w+)='(.*)'$", file.read(), re.M))


def is_alive(service):
    with open(os.path.join(STACK, "run", service), encoding="utf-8") as file:
        pid = file.read().split()[0]
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            return stat.read().rsplit(") ", 1)[1][0] not in "ZX"
    except FileNotFoundError:
        return False


class Keeper(threading.Thread):
    """Starts services again that a test has killed."""

    def __init__(self):
        super().__init__(daemon=True)
        self.over = threading.Event()

    def run(self):
        while not self.over.wait(0.5):
            if not all(is_alive(service) for service in SERVICES):
                self.over.wait(2)  # the outage is to be noticed
                services_up()


def run(program, jobs):
    """Runs a Criterion program; prints `ok` or `FAIL` per test. Returns how many failed."""
    environment = {**os.environ, **addresses(), "HEADRACE_RUN": os.path.join(STACK, "run")}
    done = subprocess.run([os.path.join(PROGRAMS, program), "--tap", f"-j{jobs}"], check=False,
                          env=environment, capture_output=True, text=True, timeout=600)
    verdicts = re.findall(r"^(ok|not ok) - (\S+)", done.stdout, re.M)
    said = " ".join(re.findall(r"^ +(?:\S+\.c:\d+: .*|.*Assertion failed.*)$", done.stdout, re.M))
    failed = 0
    for verdict, name in verdicts:
        if verdict == "ok":
            print(f"ok {name}")
            continue
        failed += 1
        print(f"FAIL {name}: {said.strip() or 'see the log'}")
    if done.returncode and not failed:
        failed = 1
        print(f"FAIL {program}: exit {done.returncode}")
    if failed:
        print(done.stdout, done.stderr)
    if not verdicts:
        print(f"FAIL {program}: it tested nothing")
    sys.stdout.flush()
    return failed + (not verdicts)


def main():
    services_up()
    keeper = Keeper()
    keeper.start()
    failed = run("io_pg", 2) + run("io_redis", 1) + run("io_bus", 1)
    keeper.over.set()
    keeper.join(300)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
