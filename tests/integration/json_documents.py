"""Random JSON documents, the same for the same seed, and the program that asks ours about them."""

import os
import random
import struct
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROBE = os.path.join(ROOT, "build", "tests", "integration", "json_probe")

STRINGS = ["", "a", "order", "\\\\u0000", "\\\"", "\\\\", "\\/", "\\n", "\\u0001", "\\u001f",
           "\\u00e9", "\u00e9\u20ac", "\U0001f600", "\\ud83d\\ude00", "\u007f", "\\u007F",
           "\ufffe\uffff", "\u0080", "\\u2028", "[{", "}]", "1e999", "eight by"]
# What PostgreSQL may not take, and what is near to it.
HARD_STRINGS = ["\\u0000", "a\\u0000b", "\\\\\\u0000", "\\ud800", "\\udc00", "\\ud800\\u0041",
                "\\udc00\\ud800", "\\ud800\\ud800\\udc00", "\\uD83D\\uDE00", "\\ud800\\n",
                "\\ud83dx", "\\\\ud800", "\\ud7ff\\ue000"]
HARD_NUMBERS = ["1e308", "9.99e308", "1e309", "1e-308", "1e-309", "0e308", "0e309", "10e307",
                "10e308", "0.1e309", "1e400", "1e-400", "-1E+308", "1e131071", "1e131072",
                "1e-16383", "1e-16384", "1e99999", "1e2147483647", "1e99999999999",
                "7" * 308, "7" * 309, "7" * 1000, "7" * 1001, "0." + "7" * 999, "0." + "7" * 1000,
                "0." + "0" * 600 + "1", "7" * 500 + "." + "7" * 500, "7" * 500 + "e308",
                "0." + "0" * 998 + "1", "7" * 1000 + "e-308", "0." + "7" * 999 + "e-308"]
HARD_DEPTHS = [1, 63, 64, 65, 66, 127]


def number(dice):
    kind = dice.randrange(5)
    if kind == 0:
        return str(dice.randint(-100, 100))
    if kind == 1:
        return str(dice.getrandbits(dice.randint(1, 120)) * dice.choice((1, -1)))
    if kind == 2:
        return repr(round(dice.uniform(-1e4, 1e4), dice.randrange(6)))
    if kind == 3:
        whole = dice.randint(0, 10 ** dice.randrange(25))
        part = dice.randint(0, 10 ** dice.randrange(25))
        exponent = dice.choice(("e", "E", "e+", "E-")) + str(dice.randrange(280))
        return f"{whole}.{part}{exponent}"
    value = struct.unpack("<d", dice.randbytes(8))[0]
    return repr(value) if value == value and abs(value) < 1e300 else "0"


def string(dice, hard):
    parts = [dice.choice(STRINGS) for _ in range(dice.randrange(4))]
    if hard and dice.randrange(4) == 0:
        parts.insert(dice.randint(0, len(parts)), dice.choice(HARD_STRINGS))
    return '"' + "".join(parts) + '"'


def document(dice, hard=False, depth=0):
    """hard: now and then with what PostgreSQL may refuse."""
    kind = dice.randrange(9 if depth < 5 else 5)
    space = dice.choice(("", "", " "))
    if kind == 0:
        return dice.choice(("null", "true", "false"))
    if kind in (1, 2):
        return dice.choice(HARD_NUMBERS) if hard and dice.randrange(8) == 0 else number(dice)
    if kind in (3, 4):
        return string(dice, hard)
    if hard and dice.randrange(40) == 0:
        levels = dice.choice(HARD_DEPTHS)
        return "[" * levels + "]" * levels
    items = [document(dice, hard, depth + 1) for _ in range(dice.choice((0, 1, 2, 3, 5, 5, 25)))]
    if kind in (5, 6):
        return "[" + ("," + space).join(items) + "]"
    return "{" + ",".join(f"{string(dice, hard)}:{space}{item}" for item in items) + "}"


def documents(seed, count, hard=False):
    dice = random.Random(seed)
    return [document(dice, hard) for _ in range(count)]


def answers(mode, lines):
    """What our program says to each line; for the pretty form all of it together."""
    done = subprocess.run([PROBE, mode], input="\n".join(lines) + "\n", capture_output=True,
                          encoding="utf-8", check=True, timeout=120)
    return done.stdout if mode == "pretty" else done.stdout.split("\n")[:-1]


def run(tests):
    """Runs the functions and prints what the test runner counts; the exit code of the program."""
    failed = 0
    for test in tests:
        try:
            test()
            print(f"ok {test.__name__}", flush=True)
        except Exception as problem:  # a test that breaks has failed; the next one still runs
            failed += 1
            print(f"FAIL {test.__name__}: {' '.join(repr(problem).split())[:600]}", flush=True)
    return 1 if failed else 0
