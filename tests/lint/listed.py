#!/usr/bin/env python3
"""What exists is built, and what is listed exists: a source nobody compiles proves nothing.

Every .c is named in a meson.build of its folder or of a folder above; every tests/unit/test_NAME.c
and tests/fuzz/fuzz_NAME.c is in its list, with a corpus for each fuzz target; every test program in
tests/integration and tests/e2e can be executed, or tests/run would pass it over.
"""

import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tree  # noqa: E402

LISTS = {  # the list, in its meson.build: the files it is made of
    "tests/unit": ("unit_tests", "test_"),
    "tests/fuzz": ("fuzz_targets", "fuzz_"),
}


def names_in(root, folder, dictionary):
    """{name: line} of a dictionary in a meson.build."""
    text = tree.text_of(root, f"{folder}/meson.build")
    match = re.search(rf"^{dictionary} = \{{(.*?)^\}}", text, re.M | re.S)
    if not match:
        return {}
    first = text.count("\n", 0, match.start(1)) + 1
    names = {}
    for offset, line in enumerate(match.group(1).split("\n")):
        name = re.match(r"\s*'(\w+)'\s*:", line)
        if name:
            names[name.group(1)] = first + offset
    return names


def list_problems(root, all_paths):
    for folder, (dictionary, prefix) in LISTS.items():
        if f"{folder}/meson.build" not in all_paths:
            continue
        listed = names_in(root, folder, dictionary)
        there = {os.path.basename(path)[len(prefix):-2]: path for path in all_paths
                 if path.startswith(f"{folder}/{prefix}") and path.endswith(".c")}
        for name in sorted(set(there) - set(listed)):
            yield f"{there[name]}:1: not in {dictionary} of {folder}/meson.build"
        for name in sorted(set(listed) - set(there)):
            yield f"{folder}/meson.build:{listed[name]}: {prefix}{name}.c does not exist"


def corpus_problems(root, all_paths):
    for path in all_paths:
        target = re.match(r"tests/fuzz/fuzz_(\w+)\.c$", path)
        if target:
            corpus = f"tests/fuzz/corpus/{target.group(1)}/"
            if not any(other.startswith(corpus) for other in all_paths):
                yield f"{path}:1: {corpus} holds no input to begin with"


def source_problems(root, all_paths):
    """Sources that no meson.build on the way up to the root names."""
    builds = {path: tree.text_of(root, path) for path in all_paths
              if os.path.basename(path) == "meson.build"}
    for path in all_paths:
        if not path.endswith(".c") or path.startswith(tuple(f"{folder}/" for folder in LISTS)):
            continue
        if path.startswith(("examples/", "docs/")):
            continue
        folder = os.path.dirname(path)
        named = False
        while not named:
            text = builds.get(os.path.join(folder, "meson.build"), "")
            here = os.path.relpath(path, folder or ".")
            # By its name, or as a line of a list of programs (integration_programs).
            named = f"'{here}'" in text or \
                re.search(rf"^ *'{re.escape(here[:-2])}' *:", text, re.M) is not None
            if not folder:
                break
            folder = os.path.dirname(folder)
        if not named and not globbed(path, builds):
            yield f"{path}:1: no meson.build names it"


def globbed(path, builds):
    """A fake may be named from the folder beside it: '../fake/store_mem.c'."""
    tail = "../" + "/".join(path.split("/")[-2:]) + "'"
    return path.startswith("tests/") and any(tail in text for text in builds.values())


def program_problems(root, all_paths):
    for path in all_paths:
        if re.match(r"tests/(integration|e2e)/test_\w+\.py$", path):
            if not os.access(os.path.join(root, path), os.X_OK):
                yield f"{path}:1: cannot be executed: chmod +x {path}"


def main():
    root = tree.root_from_args()
    all_paths = tree.paths(root)
    problems = []
    for find in (list_problems, corpus_problems, source_problems, program_problems):
        problems.extend(find(root, all_paths))
    tree.finish("listed", len(all_paths), problems)


if __name__ == "__main__":
    main()
