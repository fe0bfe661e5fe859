#!/usr/bin/env python3
"""What pages name exists: metrics, settings, commands, files, the laws that `headrace verify` asks.

Read are the pages of docs/ that people write, README.md and the like, and proto/README.md. Metrics
are those of docs/metrics.md, settings those of docs/configuration.md and what programs and scripts
read from their environment, commands those of cli/commands.h.
"""

import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tree  # noqa: E402

PRINTED = ("docs/metrics.md", "docs/configuration.md")
ALERTS = "deploy/prometheus/alerts.yaml"
LAWS = ("docs/reliability.md", "cli/cmd_verify.c")
METRIC = re.compile(r"\bheadrace_(?:gateway|coordinator|worker)_\w+")
VARIABLE = re.compile(r"\bHEADRACE_[A-Z][A-Z0-9_]*\b")
COMMAND = re.compile(r"(?:`|^ *)(?:\./dev )?headrace ([a-z][a-z-]*)", re.M)
FILE = re.compile(r"`((?:cli|common|coordinator|deploy|docs|examples|proto|tests|trigger-gateway|"
                  r"worker)/[\w./@-]*\.\w+)`")


def metrics(root):
    """Every name that may be asked for: a histogram has three."""
    names = set()
    for name, kind in re.findall(r"^\| `(headrace_\w+)` \| (\w+) \|",
                                 tree.text_of(root, "docs/metrics.md"), re.M):
        endings = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
        names |= {name + ending for ending in (*endings, "")}
    return names


def variables(root, all_paths):
    names = set(VARIABLE.findall(tree.text_of(root, "docs/configuration.md")))
    for path in all_paths:
        text = tree.text_of(root, path) if path.endswith((".c", ".h")) else ""
        names |= set(re.findall(r'"(HEADRACE_[A-Z0-9_]+)"', text))
        if path in ("dev", "tests/run", "docs/generate") or path.startswith("deploy/dev/"):
            names |= set(VARIABLE.findall(tree.text_of(root, path)))
    return names | {name + "_FILE" for name in names}


def commands(root):
    found = re.findall(r"^ *COMMAND\((\w+),", tree.text_of(root, "cli/commands.h"), re.M)
    return {name.replace("_", "-") for name in found} | {"help"}


def laws_problems(root, all_paths):
    """The table of laws is that of the program, and the first law, which is asked of Kafka."""
    page, source = LAWS
    if page not in all_paths or source not in all_paths:
        return
    program = re.findall(r'^ *\{"(\d+)", +"([^"]+)",', tree.text_of(root, source), re.M)
    program += re.findall(r'holds +law (\d+): ([^"%\\]+)\\n', tree.text_of(root, source))
    text = tree.text_of(root, page)
    rows = re.findall(r"^\| (\d+) \| (.+?) \|$", text, re.M)
    for number, sentence in sorted(set(program) ^ set(rows)):
        where = source if (number, sentence) in program else page
        yield f"{page}:1: law {number} is only in {where}: {sentence}"


def page_problems(path, text, known):
    for number, line in enumerate(text.splitlines(), 1):
        for name in METRIC.findall(line):
            if name not in known["metrics"]:
                yield f"{path}:{number}: there is no metric {name}"
        for name in VARIABLE.findall(line):
            if name not in known["variables"]:
                yield f"{path}:{number}: nobody reads {name}"
        for name in COMMAND.findall(line):
            if name not in known["commands"]:
                yield f"{path}:{number}: there is no command headrace {name}"
        for name in FILE.findall(line):
            if name not in known["files"]:
                yield f"{path}:{number}: {name} does not exist"


def alert_problems(root, all_paths, known):
    """Rules ask for metrics that exist, and the page explains each of them."""
    if ALERTS not in all_paths:
        return
    page = tree.text_of(root, "docs/operations.md")
    for number, line in enumerate(tree.text_of(root, ALERTS).splitlines(), 1):
        for name in METRIC.findall(line):
            if name not in known["metrics"]:
                yield f"{ALERTS}:{number}: there is no metric {name}"
        rule = re.match(r" *expr: (.*)", line)
        if rule and f"`{rule.group(1)}`" not in page:
            yield f"{ALERTS}:{number}: docs/operations.md does not have {rule.group(1)}"


def is_page(path):
    return path.endswith(".md") and path not in PRINTED and \
        (path.startswith(("docs/", "proto/")) or "/" not in path)


def main():
    root = tree.root_from_args()
    all_paths = tree.paths(root)
    known = {"metrics": metrics(root), "variables": variables(root, all_paths),
             "commands": commands(root), "files": set(all_paths)}
    pages = [path for path in all_paths if is_page(path)]
    problems = [*laws_problems(root, all_paths), *alert_problems(root, all_paths, known)]
    for path in pages:
        problems.extend(page_problems(path, tree.text_of(root, path), known))
    tree.finish("documents", len(pages), problems, of="pages")


if __name__ == "__main__":
    main()
