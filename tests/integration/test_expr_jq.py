#!/usr/bin/env python3
"""Our expressions beside the jq command: programs made from a grammar must give the same results.

The programs are made with a fixed seed, so that a difference comes again. They are run in batches,
each program in a `try`, so that few processes are started: an error of ours must be one of jq's.

Where Debian's jq 1.6 and jq 1.7, whose language ours is, differ, or where we differ from both on
purpose, the grammar does not go, and DIFFERENCES says what each of the two gives.
"""

import json
import os
import random
import subprocess
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
HEADRACE = os.environ.get("HEADRACE", os.path.join(ROOT, "build", "cli", "headrace"))

PROGRAMS = 4000
SOURCE_BYTES_MAX = 7500  # of a batch; a program may have 8,192
DEPTH_MAX = 4

INPUTS = [
    {"n": 3, "s": "a,b c", "a": [3, 1, 2], "o": {"x": 1, "y": "z"}, "b": True, "z": None},
    {"n": -2.5, "s": "", "a": [], "o": {}, "b": False, "z": [1, [2, [None]]]},
    {"n": 0, "s": "Ünï", "a": ["b", "a", "b"], "o": {"x": {"x": {"y": 2}}}, "b": None, "z": "q"},
    {"n": 7, "s": "abcabc", "a": [{"x": 2}, {"x": 1, "y": "k"}], "o": {"y": [1, 2]}, "b": 1},
    [1, "x", None, {"x": [True]}, [[]]],
    {"a": [[1, 2], [3]], "o": {"x": None, "y": False}, "n": 10, "s": "1"},
    None,
    "text",
    42,
]

# program, input, what jq 1.6 gives, what ours gives (None: an error), why
DIFFERENCES = [
    ("if . then 1 end", "false", None, ["false"], "since jq 1.7 'else' may be left out"),
    (".", "12345678901234567890", ["12345678901234567000"], ["12345678901234567890"],
     "number text is kept while a number is only carried"),
    (".", "1.0", ["1"], ["1.0"], "the same"),
    ("[limit(0; 1, 2)]", "null", ["[1]"], ["[]"], "corrected in jq 1.7"),
    ('"aéb" | index("b")', "null", ["3"], ["2"], "jq 1.6 counts bytes"),
    (".[1.5]", "[1,2,3]", ["null"], ["2"], "since jq 1.7 an index is rounded down"),
    (".[] |= empty", "[1,2,3,4]", ["[2,4]"], ["[]"], "corrected in jq 1.7"),
    ("try error(null) catch .", "1", [], ["null"], "corrected in jq 1.7"),
    ("pick(.a)", '{"a":1,"b":2}', None, ['{"a":1}'], "new in jq 1.7"),
    ("abs", "-1", None, ["1"], "new in jq 1.7.1 and later"),
    ("{a: 1 + 2}", "null", None, ['{"a":3}'], "operators in the value of an entry"),
    ('@uri "\\("!\'()*")"', "null", ['"!\'()*"'], ['"%21%27%28%29%2A"'],
     "since jq 1.7 only unreserved characters stay"),
    ("[((1)?) as {x: $x} | 2]", "null", ["[]"], None,
     "since jq 1.7 `?` does not catch what is raised behind it"),
    ("-1 | sqrt % 3 | isnan", "null", ["false"], ["true"],
     "the remainder of what is no number"),
    ("env | type", "null", ['"object"'], None, "a program sees no environment"),
    ("input", "null", None, None, "a program has one input"),
    ("[.[]?//1]", "null", None, ["[1]"], "`?//` is two operators where no pattern stands"),
]


class Grammar:
    """Random programs; names of variables in scope are kept while one is made."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.variables = []

    def pick(self, *choices):
        return self.dice.choice(choices)

    def number(self, depth):
        d = depth - 1
        if depth <= 0:
            return self.pick("0", "1", "2", "-1", "2.5", ".n", "length")
        return self.dice.choice([
            lambda: f"({self.number(d)} {self.pick('+', '-', '*')} {self.number(d)})",
            lambda: f"(.n / {self.pick('2', '4', '-8')})",
            lambda: f"({self.number(d)} % {self.pick('3', '-2', '7')})",
            lambda: f"(-{self.number(d)})",
            lambda: f"({self.any(d)} | length)",
            lambda: f"({self.number(d)} | "
                    f"{self.pick('floor', 'fabs', 'fabs | sqrt', 'ceil', 'round')})",
            lambda: f"({self.array(d)} | {self.pick('add', 'min', 'max', 'length', 'first')})",
            lambda: f"({self.string(d)} | {self.pick('tonumber', 'length', 'utf8bytelength')})",
            lambda: f"(reduce ({self.stream(d)}) as $r (0; . + 1))",
            lambda: f"({self.array(d)} | index({self.any(0)}))",
        ])()

    def string(self, depth):
        d = depth - 1
        if depth <= 0:
            return self.pick('"a"', '"x,y"', '""', '"é"', ".s", ".s", '"b c"', "@json")
        return self.dice.choice([
            lambda: f"({self.string(d)} + {self.string(d)})",
            lambda: f'"<\\({self.any(d)})>"',
            lambda: f'@{self.pick("base64", "json", "html", "text")} "a\\({self.any(d)})"',
            lambda: f"({self.any(d)} | "
                    f"{self.pick('tostring', 'tojson', 'type', '@text', '@json')})",
            lambda: f"({self.string(d)} | {self.pick('ascii_downcase', 'ascii_upcase')})",
            lambda: f"({self.string(d)} | {self.pick('ltrimstr', 'rtrimstr')}({self.string(0)}))",
            lambda: f"({self.string(d)} | .[{self.pick('0', '1', '-2')}:{self.pick('2', '9')}])",
            lambda: f"({self.array(d)} | join({self.string(0)}))",
            lambda: f"({self.array(d)} | {self.pick('@csv', '@tsv', '@sh')})",
            lambda: f"({self.string(d)} * {self.pick('1', '2', '3')})",
            lambda: f"({self.string(d)} | explode | implode)",
            lambda: f'({self.string(d)} | {self.pick("sub", "gsub")}("[ab]"; "-"))',
        ])()

    def array(self, depth):
        d = depth - 1
        if depth <= 0:
            return self.pick(".a", "[]", "[1, 2]", '["b", "a"]', "[.[]?]", "[range(3)]")
        return self.dice.choice([
            lambda: f"[{self.stream(d)}]",
            lambda: f"[{self.any(d)}, {self.any(d)}]",
            lambda: f"({self.array(d)} | map({self.any(d)}))",
            lambda: f"[{self.array(d)}[] | select({self.boolean(d)})]",
            lambda: f"({self.array(d)} | {self.pick('sort', 'unique', 'reverse', 'flatten')})",
            lambda: f"({self.array(d)} | {self.pick('sort_by', 'group_by', 'unique_by')}"
                    f"({self.any(d)}))",
            lambda: f"({self.array(d)} | .[{self.pick('0', '1', '-1')}:{self.pick('2', '-1')}])",
            lambda: f"({self.object(d)} | {self.pick('keys', 'to_entries', 'keys_unsorted')})",
            lambda: f"({self.string(d)} | split({self.pick(chr(34) + ',' + chr(34), '.s')}))",
            lambda: f"({self.string(d)} / \",\")",
            lambda: f"[limit({self.pick('1', '2', '5')}; {self.stream(d)})]",
            lambda: f"[foreach ({self.stream(d)}) as $f (0; . + 1; [$f, .])]",
            lambda: f"({self.array(d)} {self.pick('+', '-')} {self.array(d)})",
            lambda: f"[{self.any(d)} | paths]",
            lambda: f"[{self.any(d)} | tostream]",
            lambda: f"({self.array(d)} | {self.update(d, self.pick('.[0]', '.[]', '.[1:]'))})",
            lambda: f'[{self.string(d)} | match("[a-c]+"; "g") | .offset, .string]',
            lambda: f"({self.array(d)} | transpose)",
            lambda: f"[{self.any(d)} | recurse(.[]?; . != null)]",
        ])()

    def object(self, depth):
        d = depth - 1
        if depth <= 0:
            return self.pick(".o", "{}", "{x: 1}", "{x, y}", "{n, s}")
        return self.dice.choice([
            lambda: f"{{x: {self.paren(d)}, \"y\": {self.paren(d)}}}",
            lambda: f"{{({self.string(d)}): {self.paren(d)}}}",
            lambda: f"({self.object(d)} {self.pick('+', '*')} {self.object(d)})",
            lambda: f"({self.object(d)} | with_entries(.value |= {self.any(d)}))",
            lambda: f"({self.object(d)} | map_values({self.any(d)}))",
            lambda: f"({self.object(d)} | to_entries | from_entries)",
            lambda: f"({self.object(d)} | {self.update(d, self.pick('.x', '.y', '.x.y', '.q'))})",
            lambda: f"({self.object(d)} | del({self.pick('.x', '.y', '.x, .y', '.x.x', '.[]')}))",
            lambda: f"(reduce ({self.stream(d)}) as $r ({{}}; .[$r | tostring] = {self.any(0)}))",
        ])()

    def update(self, depth, path):
        operator = self.pick("=", "|=", "+=", "-=", "*=", "//=")
        value = self.any(depth)
        if operator == "|=":
            value = f"([{value}] | first)"  # jq 1.6 drops only every second path of those without
        return f"{path} {operator} {value}"

    def boolean(self, depth):
        d = depth - 1
        if depth <= 0:
            return self.pick("true", "false", ".b", ". == null", ". != 1")
        return self.dice.choice([
            lambda: f"({self.any(d)} {self.pick('==', '!=', '<', '<=', '>', '>=')} {self.any(d)})",
            lambda: f"({self.boolean(d)} {self.pick('and', 'or')} {self.boolean(d)})",
            lambda: f"({self.any(d)} | not)",
            lambda: f"({self.object(d)} | has({self.pick(chr(34) + 'x' + chr(34), '.s')}))",
            lambda: f"({self.array(d)} | {self.pick('any', 'all')})",
            # A condition without results is another matter in jq 1.7.
            lambda: f"({self.array(d)} | {self.pick('any', 'all')}([{self.boolean(d)}] | first))",
            lambda: f"({self.string(d)} | {self.pick('startswith', 'endswith')}({self.string(0)}))",
            lambda: f'({self.string(d)} | test({self.pick(chr(34) + "a.?b" + chr(34), ".s")}))',
            lambda: f"({self.any(d)} | contains({self.any(d)}))",
            lambda: f"isempty({self.stream(d)})",
            lambda: f"({self.any(d)} | inside({self.any(d)}))",
        ])()

    def stream(self, depth):
        d = depth - 1
        if depth <= 0:
            return self.pick(".[]?", "empty", "1, 2", "..", "range(3)", ".a[]?", ".o[]?")
        return self.dice.choice([
            lambda: f"({self.any(d)}, {self.any(d)})",
            lambda: f"{self.array(d)}[]",
            lambda: f"({self.any(d)} | .[]?)",
            lambda: f"({self.stream(d)} | {self.any(d)})",
            lambda: f"({self.stream(d)} | select({self.boolean(d)}))",
            lambda: f"({self.any(d)} | ..)",
            lambda: f"range({self.number(0)}; {self.pick('3', '5')})",
            lambda: f"(label $l | {self.stream(d)} | ., (select({self.boolean(0)}) | break $l))",
            lambda: f"(foreach ({self.stream(d)}) as $f (0; . + 1))",
            lambda: f"first({self.stream(d)})",
            lambda: f"({self.any(d)} | path({self.pick('..', '.x?', '.[]?', '.[0]?, .x?')}))",
            lambda: f"(1 | while(. < 20; . * 3))",
            lambda: f"({self.any(d)} | [getpath([\"x\"], [0, 0])?][])",
        ])()

    def bound(self, depth, text, names):
        """A part in which the names are known."""
        self.variables.extend(names)
        body = self.any(depth)
        del self.variables[-len(names):]
        return text.replace("BODY", body)

    def any(self, depth):
        d = depth - 1
        if depth <= 0:
            leaves = [".", ".x", ".a", ".n", ".s", "null", "1", '"x"', "[]", ".[0]?", ".x?",
                      ".o.x?"]
            return self.dice.choice(leaves + [f"${name}" for name in self.variables] * 2)
        return self.dice.choice([
            lambda: self.number(depth), lambda: self.string(depth), lambda: self.array(depth),
            lambda: self.object(depth), lambda: self.boolean(depth),
            lambda: f"({self.any(d)} | {self.any(d)})",
            lambda: f"({self.any(d)} // {self.any(d)})",
            # In jq 1.6 a `try` catches the errors of what follows it, too; brackets end it.
            lambda: f"([try {self.paren(d)} catch {self.pick('type', '1')}] | first)",
            lambda: f"([{self.paren(d)}?] | first)",
            lambda: f"if {self.boolean(d)} then {self.any(d)} else {self.any(d)} end",
            lambda: f"{self.paren(d)}.x",
            lambda: f"{self.paren(d)}"
                    f"[{self.pick('0', '-1', chr(34) + 'x' + chr(34), '(.n | floor)')}]?",
            lambda: self.bound(d, f"({self.paren(d)} as $v | BODY)", ["v"]),
            lambda: self.bound(d, f"({self.paren(d)} as [$p, $q] | BODY)", ["p", "q"]),
            lambda: self.bound(d, f"({self.paren(d)} as {{x: $k, \"y\": [$w]}} | BODY)",
                               ["k", "w"]),
            lambda: f"(def f: {self.any(d)}; f | f)",
            lambda: f"(def f(g): {self.any(d)} | g; f({self.any(d)}))",
            lambda: self.bound(d, f"(def f($u): BODY; f({self.any(d)}))", ["u"]),
            lambda: f"([{self.stream(d)}] | first)",
            lambda: f"last({self.stream(d)})",
            lambda: f"({self.any(d)} | tojson | fromjson)",
            lambda: f"({self.any(d)} | walk(if type == \"number\" then . + 1 else . end))",
        ])()

    def paren(self, depth):
        return f"({self.any(depth)})"


def run(command, program, inputs):
    done = subprocess.run([*command, program], input="\n".join(inputs) + "\n", capture_output=True,
                          encoding="utf-8", timeout=120)
    return done.returncode, done.stdout.splitlines(), done.stderr


def ours(program, inputs):
    return run([HEADRACE, "expr"], program, inputs)


def jq(program, inputs):
    return run(["jq", "-c"], program, inputs)


def batches(programs):
    batch, size = [], 0
    for program in programs:
        text = f'(try [{program}] catch "error")'
        if size + len(text.encode()) > SOURCE_BYTES_MAX:
            yield batch
            batch, size = [], 0
        batch.append((program, text))
        size += len(text.encode()) + 3
    yield batch


def is_alike(our, their):
    """Numbers by value; the text of an error is not compared."""
    return our == their or json.loads(our) == json.loads(their)


def compare(batch, inputs):
    source = " , ".join(text for _, text in batch)
    our_code, our_lines, our_errors = ours(source, inputs)
    _, their_lines, their_errors = jq(source, inputs)
    expected = len(batch) * len(inputs)
    assert len(their_lines) == expected, their_errors[:2000]
    assert our_code == 0 and len(our_lines) == expected, (our_errors[:500], source)
    for i, (our, their) in enumerate(zip(our_lines, their_lines)):
        if not is_alike(our, their):
            yield batch[i % len(batch)][0], inputs[i // len(batch)], our, their


def programs_of_a_grammar_give_what_jq_gives():
    grammar = Grammar(20240607)
    programs = [grammar.any(1 + i % DEPTH_MAX) for i in range(PROGRAMS)]
    inputs = [json.dumps(value, ensure_ascii=False) for value in INPUTS]
    wrong = [found for batch in batches(programs) for found in compare(batch, inputs)]
    for program, value, our, their in wrong[:20]:
        print(f"{program}\n    on {value}\n    ours {our}\n    jq   {their}")
    assert not wrong, f"{len(wrong)} differences"
    print(f"{len(programs)} programs on {len(inputs)} inputs")


def intended_differences_are_as_the_table_says():
    for program, value, theirs_expected, ours_expected, _ in DIFFERENCES:
        for name, found, expected in (("jq", jq(program, [value]), theirs_expected),
                                      ("ours", ours(program, [value]), ours_expected)):
            lines = None if found[0] != 0 else found[1]
            assert lines == expected, f"{program}: {name} gives {lines}, not {expected}"


TESTS = (
    programs_of_a_grammar_give_what_jq_gives,
    intended_differences_are_as_the_table_says,
)

if __name__ == "__main__":
    failed = 0
    for test in TESTS:
        try:
            test()
            print(f"ok   {test.__name__}")
        except AssertionError as error:
            failed += 1
            print(f"FAIL {test.__name__}: {error}")
    sys.exit(1 if failed else 0)
