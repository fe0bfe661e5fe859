#!/usr/bin/env python3
"""Who includes whom: every include obeys rooms.txt.

An include in quotes is written from the root of the tree and names a file that exists. Generated
protobuf headers (`….pb-c.h`) belong to the room proto. A header `…_private.h` stays in its room.
"""

import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tree  # noqa: E402

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')


class Rooms:
    """rooms.txt: kind and permitted rooms of each room, lowest first."""

    def __init__(self, root):
        self.kind = {}
        self.may = {}
        self.problems = []
        path = "tests/lint/rooms.txt"
        for number, line in enumerate(tree.text_of(root, path).splitlines(), 1):
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            room, kind, may = (field.strip() for field in line.split("|"))
            for other in may.split():
                if other != "*" and other not in self.kind:
                    self.problems.append(f"{path}:{number}: {room} names {other}, "
                                         "which is not above it")
            self.kind[room] = kind
            self.may[room] = set(may.split())

    def of(self, path):
        """The room of a path: the longest room name that is a folder of it."""
        folder = os.path.dirname(path)
        while folder and folder not in self.kind:
            folder = os.path.dirname(folder)
        return folder or None

    def allows(self, room, other):
        return room == other or other in self.may[room] or "*" in self.may[room]


def generated_from(root, target):
    """The .proto of a generated header, wherever in proto/ it lies."""
    words = "/" + target[: -len(".pb-c.h")] + ".proto"
    return [path for path in tree.paths(root) if path.startswith("proto/") and
            ("/" + path).endswith(words)]


def include_problem(root, rooms, room, target):
    """What is wrong with one include, or None."""
    if target.endswith(".pb-c.h"):
        if not generated_from(root, target):
            return f'"{target}" is generated from no .proto of proto/'
        if not rooms.allows(room, "proto"):
            return f"{room} may not include generated code; that is for common/wire"
        return None
    if "/" not in target or target.startswith("."):
        return f'"{target}" is not written from the root of the tree'
    if not os.path.isfile(os.path.join(root, target)):
        return f'"{target}" does not exist'
    other = rooms.of(target)
    if other is None:
        return f'"{target}" lies in no room of rooms.txt'
    if not rooms.allows(room, other):
        return f"{room} may not include {other}"
    if target.endswith("_private.h") and other != room:
        return f'"{target}" is private to {other}'
    return None


def main():
    root = tree.root_from_args()
    rooms = Rooms(root)
    problems = list(rooms.problems)
    checked = tree.c_paths(root)

    for path in checked:
        room = rooms.of(path)
        if room is None:
            problems.append(f"{path}:1: lies in no room of rooms.txt")
            continue
        for number, line in enumerate(tree.text_of(root, path).splitlines(), 1):
            match = INCLUDE.match(line)
            problem = match and include_problem(root, rooms, room, match.group(1))
            if problem:
                problems.append(f"{path}:{number}: {problem}")
    tree.finish("rooms", len(checked), problems)


if __name__ == "__main__":
    main()
