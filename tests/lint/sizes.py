#!/usr/bin/env python3
"""How big a thing may be: lines per file and function, complexity, parameters, nesting, columns.

Complexity is 1 plus one for each if, for, while, case, &&, || and ?. One function per file may be
a dispatch switch and go to 20. When this complains, split along the nouns, not along the lines.
"""

import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import csource  # noqa: E402
import tree  # noqa: E402

C_LINES_MAX = 600
H_LINES_MAX = 200
TEST_LINES_MAX = 900
FUNCTION_LINES_MAX = 60
TEST_FUNCTION_LINES_MAX = 100
COMPLEXITY_MAX = 15
DISPATCH_COMPLEXITY_MAX = 20
PARAMETERS_MAX = 5
NESTING_MAX = 3
COLUMNS_MAX = 100

# Called by a library, which lays down their parameters: libmicrohttpd.
FOREIGN_SIGNATURES = {
    ("common/io/http_head.c", "scan_header"),
    ("common/io/http_reply.c", "http_request_step"),
}

WIDTH_CHECKED = re.compile(r"(\.(c|h|cc|py|sh|proto)|/?(dev|meson\.build|tests/run|\.ci/run))$")


def lines_max(path):
    if path.startswith("tests/"):
        return TEST_LINES_MAX
    return H_LINES_MAX if path.endswith(".h") else C_LINES_MAX


def function_problems(path, function, complexity_max):
    lines = TEST_FUNCTION_LINES_MAX if path.startswith("tests/") else FUNCTION_LINES_MAX
    is_foreign = (path, function.name) in FOREIGN_SIGNATURES
    for what, is_now, may_be in (
            ("lines", function.lines, lines),
            ("complexity", function.complexity, complexity_max),
            ("parameters", 0 if is_foreign else function.parameters, PARAMETERS_MAX),
            ("nesting", function.nesting, NESTING_MAX)):
        if is_now > may_be:
            yield f"{path}:{function.line}: {function.name}: {what} {is_now}, at most {may_be}"


def dispatcher_of(functions):
    """The one function of the file that may be more complex, because it is a switch."""
    switches = [function for function in functions if function.has_switch]
    return max(switches, key=lambda function: function.complexity, default=None)


def c_problems(path, text):
    lines = text.count("\n")
    if lines > lines_max(path):
        yield f"{path}:1: {lines} lines, at most {lines_max(path)}"
    try:
        functions = csource.functions_of(csource.tokens_of(csource.code_of(text)))
    except csource.Unbalanced as error:
        yield f"{path}:{error}: the brackets do not balance"
        return
    dispatcher = dispatcher_of(functions)
    for function in functions:
        complexity_max = DISPATCH_COMPLEXITY_MAX if function is dispatcher else COMPLEXITY_MAX
        yield from function_problems(path, function, complexity_max)


def width_problems(path, text):
    for number, line in enumerate(text.splitlines(), 1):
        # The spaces with which clang-format aligns a table are not the writer's.
        columns = len(re.sub(r"(?<=\S) +", " ", line))
        if columns > COLUMNS_MAX:
            yield f"{path}:{number}: {columns} columns, at most {COLUMNS_MAX}"


def main():
    root = tree.root_from_args()
    problems = []
    checked = [path for path in tree.paths(root) if WIDTH_CHECKED.search(path)]

    for path in checked:
        text = tree.text_of(root, path)
        problems.extend(width_problems(path, text))
        if path.endswith(tree.C_ENDINGS):
            problems.extend(c_problems(path, text))
    tree.finish("sizes", len(checked), problems)


if __name__ == "__main__":
    main()
