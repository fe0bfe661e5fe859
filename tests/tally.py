#!/usr/bin/env python3
"""What a run amounts to: `tally.py TESTLOG.JSON` of `meson test`, `tally.py LOG` of one program.

Prints `passed N`, then `failed NAME: why` for each test that did not pass. A Criterion program
counts as many tests as it tested; a replayed corpus counts as one. A program that ended badly
without naming a failed test (a crash, a time limit) counts as one failed test more. Other programs
print `ok NAME` and `FAIL NAME: why`, or are Python's unittest, where a skipped test did not run.
"""

import json
import re
import sys

SYNTHESIS = re.compile(
    r"Synthesis: Tested: \D*(\d+)\D+Passing: \D*(\d+)\D+Failing: \D*(\d+)\D+Crashing: \D*(\d+)")
NAMED = re.compile(r"\[(?:FAIL|CRASH)\] (?:\[ *\] )?(\S+::\S+?):?(?:\s|$)")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def of_criterion(said):
    """(passed, [names of failed tests]); what failed without a name is said so."""
    passed, missed = 0, 0
    for match in SYNTHESIS.finditer(said):
        _tested, passing, failing, crashing = (int(number) for number in match.groups())
        passed += passing
        missed += failing + crashing
    names = list(dict.fromkeys(NAMED.findall(said)))
    return passed, names + ["a failed test it did not name"] * (missed - len(names))


def of_unittest(said):
    passed = sum(int(count) for count in re.findall(r"^Ran (\d+) tests? in ", said, re.M))
    failures = re.findall(r"^(?:FAIL|ERROR): (\S+)", said, re.M)
    skipped = sum(int(count) for count in re.findall(r"^\w+ \(.*skipped=(\d+)", said, re.M))
    failures += ["a skipped test"] * skipped
    return max(0, passed - len(failures)), failures


def of_lines(said):
    return len(re.findall(r"^ok +\S", said, re.M)), re.findall(r"^FAIL +(\S.*)$", said, re.M)


def tally_of_program(said):
    """A program speaks for the programs it starts: its own lines count before theirs."""
    for read in (of_lines, of_unittest, of_criterion):
        passed, failures = read(said)
        if passed or failures:
            break
    return passed, failures


def tally_of_test(test):
    """(passed, [failures]) of one test of meson."""
    said = COLOUR.sub("", test.get("stdout", "") + "\n" + test.get("stderr", ""))
    passed, failures = tally_of_program(said)
    if test["result"] != "OK" and not failures:
        failures = [f"{test['result'].lower()}, exit {test['returncode']}"]
    if test["result"] == "OK" and "runtime error: " in said:
        failures.append("undefined behaviour: see `runtime error` above")
    if test["result"] == "OK" and passed == 0:
        failures.append("tested nothing")
    return passed, [f"{test['name']}: {failure}" for failure in failures]


def main():
    passed, failures = 0, []
    with open(sys.argv[1], encoding="utf-8", errors="replace") as log:
        if sys.argv[1].endswith(".json"):
            tallies = [tally_of_test(json.loads(line)) for line in log]
        else:
            tallies = [tally_of_program(COLOUR.sub("", log.read()))]
    for tally in tallies:
        passed += tally[0]
        failures += tally[1]
    print(f"passed {passed}")
    for failure in failures:
        print(f"failed {failure}")


if __name__ == "__main__":
    main()
