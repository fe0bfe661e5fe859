#!/usr/bin/env python3
"""Faults drawn from a seed, one after the other, on a stack under load; then everything is checked.

./dev chaos [--seconds N] [--seed N] [--only FAULT,…]

Every accepted execution must end COMPLETED with its output, exactly the started ones exist, every
step that calls has one key and one body under it, retries are charged only for what the target
really did wrong, and `headrace verify` must find nothing, the laws of the journal included. Exit
code 1 otherwise. The target's calls stay in sink.jsonl in the stack's folder.
"""

import argparse
import datetime
import glob
import json
import os
import random
import statistics
import subprocess
import sys
import time

import nemesis as faults
import stack
from load import Load, check, publish
from sink import JournalingSink

QUIESCE_SECONDS = 180
BAD_PERCENT = 4  # of the target's answers
LOCKS_SECONDS = 30  # until all that was in hand when Redis forgot it has its locks again

LEASE, HEARTBEAT = faults.LEASE_SECONDS, faults.HEARTBEAT_SECONDS

# name | what it does: (nemesis, dice) → None or a word for the report
FAULTS = {
    "kill-gateway": lambda demon, dice: demon.kill("gateway", dice.uniform(0, 2)),
    "kill-coordinator": lambda demon, dice: demon.kill(
        dice.choice(("coordinator", faults.SECOND)), dice.uniform(0, 15)),
    "kill-worker": lambda demon, dice: demon.kill(
        dice.choice(("worker-1", "worker-2")), dice.uniform(0, 3)),
    "stop-coordinator": lambda demon, dice: demon.freeze(
        dice.choice(("coordinator", faults.SECOND)), LEASE + dice.uniform(1, 8)),
    "stop-worker": lambda demon, dice: demon.freeze(
        dice.choice(("worker-1", "worker-2")), HEARTBEAT + dice.uniform(1, 8)),
    "kill-redis": lambda demon, dice: demon.kill_redis(dice.uniform(0, 5)),
    "flush-redis": lambda demon, dice: demon.flush_redis(),
    "restart-kafka": lambda demon, dice: demon.kill_kafka(0),
    "kafka-minute": lambda demon, dice: demon.kill_kafka(60),
    "restart-postgres": lambda demon, dice: demon.restart_postgres(),
    "kill-postgres": lambda demon, dice: demon.kill_postgres(),
    "end-sessions": lambda demon, dice: f"{demon.terminate_backends('random() < 0.5')} sessions",
    "cut-commits": lambda demon, dice: f"{demon.cut_commits(dice.randint(1, 6), 8)} answers lost",
}


def arguments():
    parser = argparse.ArgumentParser(
        prog="./dev chaos", description="Faults at random on a stack under load, then the checks.",
        epilog="Faults: " + ", ".join(FAULTS) + ". Each comes once before one comes again; a run "
        "shorter than some four minutes does not reach all of them.")
    parser.add_argument("--seconds", type=int, default=300, help="of faults (300)")
    parser.add_argument("--seed", type=int, default=None, help="of the faults and the target")
    parser.add_argument("--only", help="these faults, comma separated")
    parser.add_argument("--json", action="store_true", help="the report as one line of JSON too")
    wanted = parser.parse_args()
    if wanted.seed is None:
        wanted.seed = random.SystemRandom().randrange(1 << 32)
    wanted.only = wanted.only.split(",") if wanted.only else list(FAULTS)
    unknown = set(wanted.only) - set(FAULTS)
    if unknown:
        parser.error(f"no such fault: {', '.join(sorted(unknown))}")
    return wanted


def drawn(names, dice):
    """Every fault once in some order, then again in another one."""
    while True:
        order = list(names)
        dice.shuffle(order)
        yield from order


def say(*words):
    print(*words, flush=True)


def strike(demon, name, dice, load):
    began, before = time.time(), len(load.accepted)
    word = FAULTS[name](demon, dice)
    ended = demon.revive()
    took = time.time() - began
    say(f"  {name:17} {took:5.1f} s  {len(load.accepted) - before:5} accepted meanwhile"
        + (f"  {word}" if word else "") + (f"  ENDED ON THEIR OWN: {ended}" if ended else ""))
    return {"fault": name, "at": began, "until": began + took, "ended": ended}


def storm(demon, wanted, load):
    dice = random.Random(wanted.seed)
    deadline = time.monotonic() + wanted.seconds
    struck = []
    for name in drawn(wanted.only, dice):
        time.sleep(dice.uniform(1, 4))
        if time.monotonic() > deadline:
            return struck
        struck.append(strike(demon, name, dice, load))


def logged(event):
    """When the coordinators said so, as seconds since 1970, in order."""
    times = []
    for path in glob.glob(os.path.join(stack.STACK, "log", "coordinator*.log")):
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                if f'"event":"{event}"' in line:
                    said = json.loads(line)["time"].replace("Z", "+00:00")
                    times.append(datetime.datetime.fromisoformat(said).timestamp())
    return sorted(times)


def delays(struck, names, event):
    """From a fault of these names to each of its consequences within half a minute."""
    times = logged(event)
    return [[at - one["at"] for at in times if 0 <= at - one["at"] <= 30]
            for one in struck if one["fault"] in names]


def spread(seconds):
    if not seconds:
        return "-"
    return (f"median {statistics.median(seconds):.1f} s, longest {max(seconds):.1f} s"
            f" ({len(seconds)} times)")


def report(wanted, struck, findings, verify):
    figures = dict(findings.figures)
    claimed = delays(struck, ("kill-coordinator", "stop-coordinator"), "partition.claimed")
    figures["taken over after the fault"] = spread([min(one) for one in claimed if one])
    lost = delays(struck, ("kill-worker", "stop-worker"), "task.lost")
    figures["sent again after the fault"] = spread([at for one in lost for at in one])
    say(f"\nseed {wanted.seed}, {len(struck)} faults")
    for name, value in figures.items():
        say(f"  {name:28} {value}")
    for problem in findings.problems[:20]:
        say(f"  WRONG {problem}")
    if len(findings.problems) > 20:
        say(f"  WRONG … and {len(findings.problems) - 20} more")
    say(verify.stdout.strip())
    if wanted.json:
        say(json.dumps({"seed": wanted.seed, "faults": [one["fault"] for one in struck],
                        "problems": len(findings.problems), **figures}))


def verified():
    """In the middle of its own work verify may meet what is under way; nothing is by now."""
    return subprocess.run([stack.HEADRACE, "verify"], capture_output=True, text=True, check=False,
                          timeout=300)


def run(demon, wanted):
    sink = JournalingSink(wanted.seed, os.path.join(stack.STACK, "sink.jsonl"), BAD_PERCENT)
    publish(sink)
    load = Load(sink, wanted.seed)
    load.await_hook()
    say(f"chaos: seed {wanted.seed}, {wanted.seconds} s of faults")
    load.start()
    struck = storm(demon, wanted, load)
    load.stop()
    left = load.quiesce(QUIESCE_SECONDS)
    findings = check(load, [(one["at"], one["until"] + LOCKS_SECONDS) for one in struck
                            if one["fault"] in ("kill-redis", "flush-redis")])
    findings.problems.extend(f"{execution} has not ended" for execution in left)
    findings.problems.extend(f"{one['ended']} ended on their own account in {one['fault']}"
                             for one in struck if one["ended"])
    verify = verified()
    report(wanted, struck, findings, verify)
    return 1 if findings.problems or verify.returncode else 0


def main():
    wanted = arguments()
    demon = faults.Nemesis()
    try:
        code = run(demon, wanted)
    finally:
        demon.down()
    sys.exit(code)


if __name__ == "__main__":
    main()
