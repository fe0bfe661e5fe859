#!/usr/bin/env python3
"""Pure rooms call nothing that waits, looks at the clock, rolls dice or writes.

    pure.py [ROOT] [--build=DIR]

Read from the linker's own list: every symbol that the static library of a pure room leaves open
must be defined in a room it may include, or be allowed by pure.txt. Nor may it hold state: a
variable that can be written (.data, .bss, thread-local) is a problem too. The compiler's own
symbols, which begin with _ (C++ names begin with _Z), are none of ours; fortified spellings count
as what they stand for.
"""

import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import rooms as room_list  # noqa: E402
import tree  # noqa: E402

FORTIFIED = re.compile(r"^__(?:isoc\d+_)?(\w+?)(?:_chk)?$")
SPELLINGS = re.compile(r"^__(?:isoc\d+_\w+|(?!stack)\w+_chk)$")
ENDINGS = {"_exit", "_Exit"}
WRITABLE = re.compile(r"\.(data|bss|tdata|tbss)(?!\.rel\.ro)")


class Library:
    """One static library: its room and what nm says of its objects."""

    def __init__(self, name, room, archive, sources):
        self.name = name
        self.room = room
        self.defined = set()
        self.open = set()  # (symbol, source file)
        self.state = set()  # (symbol, source file)
        self._read(archive, {source.replace("/", "_"): source for source in sources})

    def _read(self, archive, source_of):
        source = archive
        listed = subprocess.run(["nm", "-f", "sysv", archive], capture_output=True, text=True,
                                check=True)
        for line in listed.stdout.splitlines():
            fields = [field.strip() for field in line.split("|")]
            if len(fields) != 7:
                member = re.search(r"\[(?:.*/)?(.*)\.o\]:$", line)
                if member:
                    source = self._source(member.group(1), source_of)
                continue
            symbol, kind, section = fields[0], fields[2], fields[6]
            if kind == "U":
                self.open.add((symbol, source))
            elif kind in "TDBRVWu":
                self.defined.add(symbol)
            if kind in "DBCdb" and WRITABLE.match(section) and "rel.ro" not in section:
                self.state.add((symbol, source))

    @staticmethod
    def _source(member, source_of):
        """meson names an object after its source, with _ for / and without leading folders."""
        matches = [path for flat, path in source_of.items() if flat.endswith(member)]
        return min(matches, key=len) if matches else member


class Allowed:
    """pure.txt: which symbol is harmless, and for whom."""

    def __init__(self, root):
        self.rules = []
        for line in tree.text_of(root, "tests/lint/pure.txt").splitlines():
            if line.strip() and not line.startswith("#"):
                symbols, who, _why = (field.strip() for field in line.split("|"))
                self.rules.extend((symbol, who) for symbol in symbols.split())

    def has(self, symbol, room, source):
        for rule, who in self.rules:
            fits = symbol.startswith(rule[:-1]) if rule.endswith("*") else symbol == rule
            if fits and who in ("*", room, source):
                return True
        return False


def libraries(root, build, rooms):
    with open(os.path.join(build, "meson-info", "intro-targets.json"), encoding="utf-8") as file:
        targets = json.load(file)
    for target in targets:
        if target["type"] != "static library" or not os.path.exists(target["filename"][0]):
            continue
        parts = target["target_sources"]
        sources = [os.path.relpath(path, root) for part in parts for path in part["sources"]]
        made = [os.path.relpath(path, build) for part in parts
                for path in part["generated_sources"]]
        room = rooms.of((sources + made + ["?"])[0])
        yield Library(target["name"], room, target["filename"][0], sources)


def plain(symbol):
    """The name a person writes: __snprintf_chk is snprintf; None for the compiler's own."""
    if SPELLINGS.match(symbol):
        return FORTIFIED.match(symbol).group(1)
    if symbol.startswith("_") and not symbol.startswith("_Z") and symbol not in ENDINGS:
        return None
    return symbol


def problems_of(library, rooms, known, allowed):
    callable_here = set()
    for other in known:
        if rooms.allows(library.room, other.room):
            callable_here |= other.defined
    for symbol, source in sorted(library.open):
        name = plain(symbol)
        if name and symbol not in callable_here and not allowed.has(name, library.room, source):
            yield f"{source}:1: {library.room} (library {library.name}) is pure, " \
                  f"but calls {name}"
    for symbol, source in sorted(library.state):
        name = symbol.split(".")[0]
        if symbol[0] not in "_.$" and not allowed.has(name, library.room, source):
            yield f"{source}:1: {library.room} (library {library.name}) is pure, " \
                  f"but keeps state in {name}"


def missing(root, rooms, known):
    """Pure rooms with sources of which no library was built: they would pass unread."""
    built = {library.room for library in known}
    for room, kind in rooms.kind.items():
        has_sources = any(path.endswith(".c") and rooms.of(path) == room
                          for path in tree.c_paths(root))
        if kind == "pure" and has_sources and room not in built:
            yield f"{room}:1: has sources, but no static library was built of them"


def main():
    root = tree.root_from_args()
    build = next((arg.split("=", 1)[1] for arg in sys.argv if arg.startswith("--build=")),
                 os.path.join(root, "build"))
    if not os.path.exists(os.path.join(build, "meson-info", "intro-targets.json")):
        tree.finish("pure", 0, [f"{build}:1: nothing is built here: ./dev build"])
    rooms = room_list.Rooms(root)
    allowed = Allowed(root)
    known = [library for library in libraries(root, build, rooms) if library.room]
    pure = [library for library in known if rooms.kind[library.room] == "pure"]

    problems = list(missing(root, rooms, known))
    for library in pure:
        problems.extend(problems_of(library, rooms, known, allowed))
    tree.finish("pure", len(pure), problems, of="libraries")


if __name__ == "__main__":
    main()
