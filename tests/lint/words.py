#!/usr/bin/env python3
"""Words we do not use, each with what to use instead: words.txt says which and where."""

import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import csource  # noqa: E402
import tree  # noqa: E402

LIST = "tests/lint/words.txt"
# Bytes of others, and the list itself: it must name what it forbids.
FOREIGN = re.compile(r"(^|/)(corpus|vectors|foreign|package-lock\.json)(/|$)"
                     r"|^tests/lint/(words\.txt|test_lints\.py)$")
TEXT = re.compile(r"(\.(c|h|cc|py|sh|sql|md|txt|json|yaml|yml|toml|proto|story|conf|tpl|js|ts|html|"
                  r"build|example|xml)|/?(dev|run|Dockerfile[\w.-]*|\.gitignore))$")
COMMENT_MARK = re.compile(r"(?:^|\s)(?:#|--|//)(.*)$")
PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


class Rule:
    def __init__(self, kind, pattern, right_in, instead):
        self.kind = kind
        self.right_in = tuple(right_in.split())
        self.instead = instead
        self.words = set(pattern.split())
        self.regex = re.compile(pattern) if kind in ("comment", "text") else None

    def applies(self, path):
        return not (self.right_in and path.startswith(self.right_in))


def read_rules(root):
    rules = []
    for line in tree.text_of(root, LIST).splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        # A regular expression may hold a |, so the outer fields are taken from both ends.
        kind, rest = line.split(" | ", 1)
        pattern, right_in, instead = (field.strip() for field in rest.rsplit("|", 2))
        rules.append(Rule(kind.strip(), pattern, right_in, instead))
    return rules


def parts_of(name):
    return {part.lower() for part in PART.findall(name)}


def is_call(tokens, i):
    """`name (`, but neither `object.name (` nor `object->name (`."""
    if i + 1 >= len(tokens) or tokens[i + 1].text != "(":
        return False
    return i == 0 or tokens[i - 1].text not in (".", "->")


def is_linkage(tokens, i):
    """`extern "C"`: how a C++ shim offers its functions to C."""
    return tokens[i].text == "extern" and tokens[i + 1:i + 2] and tokens[i + 1].text == '""'


def in_c(path, text, rules):
    """(line, word, rule) for the rules on C code."""
    tokens = csource.tokens_of(csource.code_of(text, directives=True))
    for i, token in enumerate(tokens):
        if not csource.WORD.match(token.text):
            continue
        for rule in rules:
            if rule.kind == "call" and token.text in rule.words and is_call(tokens, i):
                yield token.line, token.text, rule
            elif rule.kind == "word" and token.text in rule.words and not is_linkage(tokens, i):
                yield token.line, token.text, rule
            elif rule.kind == "part" and rule.words & parts_of(token.text):
                yield token.line, token.text, rule


def comments_in(path, text):
    if path.endswith((*tree.C_ENDINGS, ".proto")):
        yield from csource.comments_of(text)
    elif not path.endswith((".md", ".txt", ".json", ".story")):
        for number, line in enumerate(text.splitlines(), 1):
            mark = COMMENT_MARK.search(line)
            if mark:
                yield number, mark.group(1)


def by_regex(lines, rules):
    for number, line in lines:
        for rule in rules:
            match = rule.regex.search(line)
            if match:
                yield number, match.group(0), rule


def found_in(path, text, rules):
    rules = [rule for rule in rules if rule.applies(path)]

    def of(*kinds):
        return [rule for rule in rules if rule.kind in kinds]

    for rule in of("file"):
        for part in sorted(rule.words & parts_of(os.path.basename(path))):
            yield 1, part, rule
    if path.endswith(tree.C_ENDINGS):
        yield from in_c(path, text, of("call", "word", "part"))
    yield from by_regex(comments_in(path, text), of("comment"))
    yield from by_regex(enumerate(text.splitlines(), 1), of("text"))


def main():
    root = tree.root_from_args()
    rules = read_rules(root)
    checked = [path for path in tree.paths(root)
               if TEXT.search(path) and not FOREIGN.search(path)]
    problems = []
    for path in checked:
        for line, word, rule in found_in(path, tree.text_of(root, path), rules):
            problems.append(f"{path}:{line}: {word}: use instead: {rule.instead}")
    tree.finish("words", len(checked), problems)


if __name__ == "__main__":
    main()
