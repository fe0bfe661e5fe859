#!/usr/bin/env python3
"""Our JSON beside the jq command: the same documents must look and sort alike."""

import random
import struct
import subprocess
import sys

import json_documents
from json_documents import answers, documents


def jq(program, lines, *options):
    done = subprocess.run(["jq", *options, program], input="\n".join(lines) + "\n",
                          capture_output=True, encoding="utf-8", check=True, timeout=120)
    return done.stdout


def same(lines, ours, theirs):
    assert len(ours) == len(lines) == len(theirs), (len(lines), len(ours), len(theirs))
    for line, our, their in zip(lines, ours, theirs):
        assert our == their, f"{line!r}: ours {our!r}, jq {their!r}"


def compact(program, lines):
    return jq(program, lines, "-c").split("\n")[:-1]


# --- the tests ------------------------------------------------------------------------------------

def documents_are_written_as_jq_writes_them():
    lines = documents(1, 5000)
    same(lines, answers("compute", lines), compact(".", lines))


def the_pretty_form_is_that_of_jq():
    lines = documents(2, 2000)
    assert answers("pretty", lines) == jq(".", lines)


def doubles_have_the_digits_and_the_layout_of_jq():
    dice = random.Random(3)
    lines = [repr(2.0 ** power) for power in range(-1074, 1024)]
    lines += [f"{digits}e{power}" for power in range(-330, 330) for digits in ("1", "9", "1.5",
              "-4.9", "123456789012345678901234567890")]
    while len(lines) < 40000:
        value = struct.unpack("<d", dice.randbytes(8))[0]
        if value == value and abs(value) != float("inf"):
            lines.append(repr(value))
    same(lines, answers("compute", lines), compact(".", lines))


def long_decimals_round_as_those_of_jq():
    dice = random.Random(4)
    lines = [f"{dice.getrandbits(400)}.{dice.getrandbits(400)}e{dice.randint(-400, 200)}"
             for _ in range(3000)]
    # Exactly between two doubles, and a little beside it.
    lines += [f"{(2 ** 53 + 2 * i + 1)}{tail}" for i in range(500)
              for tail in ("", ".0", ".0000000000000000000000001", "e-5")]
    same(lines, answers("compute", lines), compact(".", lines))


def arrays_are_sorted_as_jq_sorts_them():
    dice = random.Random(5)
    pool = documents(6, 3000)
    lines = ["[" + ",".join(dice.sample(pool, 20)) + "]" for _ in range(500)]
    same(lines, answers("sort", lines), compact("sort", lines))


TESTS = (
    documents_are_written_as_jq_writes_them,
    the_pretty_form_is_that_of_jq,
    doubles_have_the_digits_and_the_layout_of_jq,
    long_decimals_round_as_those_of_jq,
    arrays_are_sorted_as_jq_sorts_them,
)

if __name__ == "__main__":
    sys.exit(json_documents.run(TESTS))
