#!/usr/bin/env python3
"""docs/expressions.md says what is true: its examples give what stands below them.

In a block of kind `console` a line `$ …` is a command; the lines below it are what it prints, those
with `! ` what it prints as an error (without the command's name, which stands before the first).
The table of mapping values is run through templates by tests/unit/test_template.c.
"""

import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CLI = os.path.join(ROOT, "build", "cli")
PAGE = os.path.join(ROOT, "docs", "expressions.md")
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.M | re.S)


def examples(text):
    """(command, expected output, expected errors) of each `$` line."""
    for block in BLOCK.findall(text):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, *lines = part.rstrip("\n").split("\n")
            yield (command, [line for line in lines if not line.startswith("!")],
                   [line[2:] for line in lines if line.startswith("!")])


def run(command):
    environment = dict(os.environ, PATH=CLI + os.pathsep + os.environ["PATH"])
    done = subprocess.run(["sh", "-c", command], capture_output=True, encoding="utf-8",
                          env=environment, check=False, timeout=60)
    errors = done.stderr.splitlines()
    if errors:
        errors[0] = errors[0].replace("headrace expr: ", "", 1)
    return done.stdout.splitlines(), errors


def main():
    with open(PAGE, encoding="utf-8") as file:
        found = list(examples(file.read()))
    wrong = 0
    for command, output, errors in found:
        printed, said = run(command)
        if printed != output or [line.rstrip() for line in said] != [e.rstrip() for e in errors]:
            wrong += 1
            print(f"{command}\n    gives {printed} {said}\n    not   {output} {errors}")
    name = "the_examples_of_the_page_give_what_stands_below_them"
    if wrong or len(found) < 15:
        print(f"FAIL {name}: {wrong} of {len(found)}")
        return 1
    print(f"ok   {name}: {len(found)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
