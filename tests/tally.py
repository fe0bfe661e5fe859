#!/usr/bin/env python3
"""What a `meson test` run amounts to: `tally.py TESTLOG.JSON`.

Prints `passed N`, then `failed NAME: why` for each test that did not pass. A Criterion program
counts as many tests as it tested; a replayed corpus counts as one. A program that ended badly
without naming a failed test (a crash, a time limit) counts as one failed test more.
"""

import json
import re
import sys

SYNTHESIS = re.compile(
    r"Synthesis: Tested: \D*(\d+)\D+Passing: \D*(\d+)\D+Failing: \D*(\d+)\D+Crashing: \D*(\d+)")
NAMED = re.compile(r"\[(?:FAIL|CRASH)\] (?:\[ *\] )?(\S+::\S+?):?(?:\s|$)")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def tally_of(test):
    """(passed, [failures]) of one program."""
    said = COLOUR.sub("", test.get("stdout", "") + "\n" + test.get("stderr", ""))
    passed, missed, tested = 0, 0, 0
    for match in SYNTHESIS.finditer(said):
        numbers = [int(number) for number in match.groups()]
        tested += numbers[0]
        passed += numbers[1]
        missed += numbers[2] + numbers[3]
    passed += len(re.findall(r"^ok +\S", said, re.M))

    failures = [f"{test['name']}: {name}" for name in dict.fromkeys(NAMED.findall(said))]
    failures += [f"{test['name']}: a failed test it did not name"] * (missed - len(failures))
    if test["result"] != "OK" and not failures:
        failures = [f"{test['name']}: {test['result'].lower()}, exit {test['returncode']}"]
    if test["result"] == "OK" and "runtime error: " in said:
        failures.append(f"{test['name']}: undefined behaviour: see `runtime error` above")
    if test["result"] == "OK" and passed == 0:
        failures.append(f"{test['name']}: tested nothing")
    return passed, failures


def main():
    passed, failures = 0, []
    with open(sys.argv[1], encoding="utf-8") as log:
        for line in log:
            tally = tally_of(json.loads(line))
            passed += tally[0]
            failures += tally[1]
    print(f"passed {passed}")
    for failure in failures:
        print(f"failed {failure}")


if __name__ == "__main__":
    main()
