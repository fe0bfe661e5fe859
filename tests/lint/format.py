#!/usr/bin/env python3
"""Every .c and .h looks as .clang-format says. `clang-format -i FILE` puts it right."""

import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tree  # noqa: E402

# One problem per file: the first line that differs says enough.
COMPLAINT = re.compile(r"^(\S[^:\n]*):(\d+):\d+: error: code should be clang-formatted", re.M)


def main():
    root = tree.root_from_args()
    checked = tree.c_paths(root)
    if not shutil.which("clang-format"):
        tree.finish("format", 0, ["clang-format is not installed: ./dev setup"])
    if not checked:
        tree.finish("format", 0, [])
    run = subprocess.run(["clang-format", "--dry-run", "-Werror", "--style=file", *checked],
                         cwd=root, capture_output=True, text=True)
    first = {}
    for path, line in COMPLAINT.findall(run.stderr):
        first.setdefault(path, line)
    problems = [f"{path}:{line}: not formatted: clang-format -i {path}"
                for path, line in first.items()]
    if run.returncode != 0 and not problems:
        problems = ["clang-format failed: " + run.stderr.strip()]
    tree.finish("format", len(checked), problems)


if __name__ == "__main__":
    main()
