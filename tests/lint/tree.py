"""The files of the tree, for every lint.

A lint is called as `NAME.py [ROOT]`; without ROOT it reads the tree it lies in. It prints one line
`path:line: what is wrong` per problem, then a summary, and exits 1 when there was a problem.
"""

import os
import subprocess
import sys

SKIPPED_DIRS = {".git", ".dev", "node_modules", "__pycache__"}


def root_from_args():
    here = os.path.dirname(os.path.abspath(__file__))
    paths = [arg for arg in sys.argv[1:] if not arg.startswith("--")]
    return os.path.abspath(paths[0] if paths else os.path.join(here, "..", ".."))


def walked(root):
    for folder, dirs, names in os.walk(root):
        dirs[:] = [d for d in dirs if d not in SKIPPED_DIRS and not d.startswith("build")]
        for name in names:
            yield os.path.relpath(os.path.join(folder, name), root)


def paths(root):
    """Every file git would keep; in a folder that is no checkout, every file but built ones."""
    if not os.path.exists(os.path.join(root, ".git")):
        return sorted(walked(root))
    listed = subprocess.run(
        ["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True, text=True)
    if listed.returncode != 0:
        # A checkout that git refuses to read (another owner) is still a folder of files.
        return sorted(walked(root))
    found = {path for path in listed.stdout.split("\0") if path}
    return sorted(path for path in found if os.path.isfile(os.path.join(root, path)))


C_ENDINGS = (".c", ".h", ".cc")


def c_paths(root):
    return [path for path in paths(root) if path.endswith(C_ENDINGS)]


def text_of(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
        return file.read()


def finish(name, checked, problems, of="files"):
    for problem in problems:
        print(problem)
    print(f"{name}: {checked} {of}, {len(problems)} problems")
    sys.exit(1 if problems else 0)
