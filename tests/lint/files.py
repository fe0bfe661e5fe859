#!/usr/bin/env python3
"""Every file that another program will read can be read: Python, shell, JSON, YAML, links.

Left out are inputs that are wrong on purpose (tests/fuzz/corpus, any folder `invalid` or
`vectors`) and templates, which are no YAML before they are filled in.
"""

import ast
import json
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tree  # noqa: E402

WRONG_ON_PURPOSE = re.compile(r"(^|/)(corpus|invalid|vectors|templates|foreign)/")
YAML_RULES = "tests/lint/yamllint.yaml"
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)")


def shebang(root, path):
    with open(os.path.join(root, path), "rb") as file:
        return file.readline(80).decode("latin-1") if file.readable() else ""


def python_problems(root, path):
    try:
        ast.parse(tree.text_of(root, path), path)
    except SyntaxError as error:
        yield f"{path}:{error.lineno}: {error.msg}"


def json_problems(root, path):
    try:
        json.loads(tree.text_of(root, path))
    except ValueError as error:
        yield f"{path}:{getattr(error, 'lineno', 1)}: {error}"


def shell_problems(root, path):
    run = subprocess.run(["bash", "-n", path], cwd=root, capture_output=True, text=True)
    if run.returncode != 0:
        yield f"{path}:1: {run.stderr.strip()}"


def executable_problems(root, path):
    if not os.access(os.path.join(root, path), os.X_OK):
        yield f"{path}:1: begins with #! but cannot be executed: chmod +x {path}"


def link_problems(root, path):
    """A relative link in a page leads to a file of the tree."""
    for number, line in enumerate(tree.text_of(root, path).splitlines(), 1):
        for target in LINK.findall(line):
            there = os.path.normpath(os.path.join(root, os.path.dirname(path), target))
            if not re.match(r"[a-z]+:|/", target) and not os.path.exists(there):
                yield f"{path}:{number}: {target} does not exist"


def yaml_problems(root, paths):
    if not paths:
        return
    if not shutil.which("yamllint"):
        yield "yamllint is not installed: ./dev setup"
        return
    rules = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.path.basename(YAML_RULES))
    run = subprocess.run(["yamllint", "-f", "parsable", "-c", rules, *paths],
                         cwd=root, capture_output=True, text=True)
    for line in (run.stdout + run.stderr).splitlines():
        yield re.sub(r":(\d+):\d+: ", r":\1: ", line)


def main():
    root = tree.root_from_args()
    checked = [path for path in tree.paths(root) if not WRONG_ON_PURPOSE.search(path)]
    problems = []
    for path in checked:
        first_line = shebang(root, path)
        if path.endswith(".py"):
            problems.extend(python_problems(root, path))
        elif path.endswith(".json"):
            problems.extend(json_problems(root, path))
        elif path.endswith(".md"):
            problems.extend(link_problems(root, path))
        elif path.endswith(".sh") or re.match(r"#!.*\b(ba)?sh\b", first_line):
            problems.extend(shell_problems(root, path))
        if first_line.startswith("#!"):
            problems.extend(executable_problems(root, path))
    yaml = [path for path in checked if path.endswith((".yaml", ".yml"))]
    problems.extend(yaml_problems(root, yaml))
    tree.finish("files", len(checked), problems)


if __name__ == "__main__":
    main()
