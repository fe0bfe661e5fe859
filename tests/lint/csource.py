"""C as the lints see it: tokens with line numbers, and the functions made of them.

This reads the C of this house (attached braces, one declaration after the other); it is no
compiler. Comments, strings and preprocessor lines are blanked first, so that a token is always
code. A file whose braces do not balance is a problem of its own (Unbalanced), never skipped.
"""

import re

BLANKED = re.compile(
    r'//[^\n]*'
    r'|/\*.*?\*/'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'(?:\\.|[^'\\\n])*'", re.S)
DIRECTIVE = re.compile(r'^[ \t]*#(?:[^\n]*\\\n)*[^\n]*', re.M)
COMMENT = re.compile(r'"(?:\\.|[^"\\\n])*"|(//[^\n]*|/\*.*?\*/)', re.S)
TOKEN = re.compile(r'[A-Za-z_]\w*|\d[\w.]*|->|\+\+|--|<<=?|>>=?|&&|\|\||[-+*/%&|^!=<>]=|\S')
WORD = re.compile(r'[A-Za-z_]\w*$')

OPENING = {"(": ")", "[": "]", "{": "}"}
BRANCHES = {"if", "for", "while", "case", "&&", "||", "?"}
ATTRIBUTES = {"__attribute__", "_Alignas", "_Static_assert", "_cleanup_"}


class Unbalanced(Exception):
    """The braces of the file do not balance, at this line."""


class Token:
    __slots__ = ("text", "line")

    def __init__(self, text, line):
        self.text = text
        self.line = line


class Function:
    """One definition: its place, its size, and its body as tokens (without the outer braces)."""

    def __init__(self, name, first, last, parameters, body):
        self.name = name
        self.line = first
        self.lines = last - first + 1
        self.parameters = parameters
        self.body = body
        self.complexity = 1 + sum(token.text in BRANCHES for token in body)
        self.has_switch = any(token.text == "switch" for token in body)
        self.nesting = nesting_of(body)


def _blank(match):
    """The same lines without their text; a string stays a token that is no word."""
    text = match.group(0)
    if text[0] == '"':
        return '""'
    if text[0] == "'":
        return "0"
    return " " + "\n" * text.count("\n")


def code_of(text, directives=False):
    """The text without comments and the contents of strings; line numbers stay."""
    code = BLANKED.sub(_blank, text)
    if directives:
        return code
    return DIRECTIVE.sub(lambda match: "\n" * match.group(0).count("\n"), code)


def comments_of(text):
    """(line, text) of each line of each comment."""
    for match in COMMENT.finditer(text):
        if match.group(1):
            first = text.count("\n", 0, match.start()) + 1
            for offset, line in enumerate(match.group(1).splitlines()):
                yield first + offset, line


def tokens_of(code):
    tokens = []
    for number, line in enumerate(code.split("\n"), 1):
        tokens.extend(Token(text, number) for text in TOKEN.findall(line))
    return tokens


def closing(tokens, start):
    """The index of the bracket that closes the one at `start`."""
    stack = []
    for i in range(start, len(tokens)):
        text = tokens[i].text
        if text in OPENING:
            stack.append(OPENING[text])
        elif text in (")", "]", "}"):
            if stack.pop() != text:
                raise Unbalanced(tokens[i].line)
            if not stack:
                return i
    raise Unbalanced(tokens[start].line)


def _parameter_count(tokens):
    if not tokens or [token.text for token in tokens] == ["void"]:
        return 0
    count, i = 1, 0
    while i < len(tokens):
        if tokens[i].text in OPENING:
            i = closing(tokens, i)
        elif tokens[i].text == ",":
            count += 1
        i += 1
    return count


def _signature(head):
    """(name, parameters) when these tokens before a `{` announce a function, else None."""
    found, i = None, 0
    while i < len(head):
        if head[i].text == "=":
            return None
        if head[i].text == "(" and i > 0 and WORD.match(head[i - 1].text):
            end = closing(head, i)
            if head[i - 1].text not in ATTRIBUTES:
                found = (head[i - 1].text, head[i + 1:end])
            i = end
        elif head[i].text in OPENING:
            i = closing(head, i)
        i += 1
    if not found or head[-1].text != ")":
        return None
    name, parameters = found
    if name in ("Test", "ParameterizedTest", "Theory", "ParameterizedTestParameters"):
        name = ".".join(token.text for token in parameters if WORD.match(token.text))
        parameters = []
    return name, _parameter_count(parameters)


def functions_of(tokens):
    """Every function definition of a file, in order."""
    functions, head, i = [], [], 0
    while i < len(tokens):
        text = tokens[i].text
        if text == "{":
            end = closing(tokens, i)
            signature = _signature(head)
            if signature:
                functions.append(Function(signature[0], head[0].line, tokens[end].line,
                                          signature[1], tokens[i + 1:end]))
                head = []
            else:
                head.extend(tokens[i:end + 1])
            i = end
        elif text == ";":
            head = []
        elif text in OPENING:
            end = closing(tokens, i)
            head.extend(tokens[i:end + 1])
            i = end
        elif text in (")", "]", "}"):
            raise Unbalanced(tokens[i].line)
        else:
            head.append(tokens[i])
        i += 1
    return functions


class _Statements:
    """Walks the statements of a body and remembers how deep control structures stand."""

    def __init__(self, tokens):
        self.tokens = tokens
        self.at = 0
        self.deepest = 0

    def text(self):
        return self.tokens[self.at].text if self.at < len(self.tokens) else ""

    def condition(self):
        if self.text() == "(":
            self.at = closing(self.tokens, self.at) + 1

    def nested(self, depth):
        self.deepest = max(self.deepest, depth + 1)
        self.statement(depth + 1)

    def block(self, depth):
        self.at += 1
        while self.at < len(self.tokens) and self.text() != "}":
            self.statement(depth)
        self.at += 1

    def if_else(self, depth):
        """`else if` continues the same level: it reads as one list of cases."""
        self.at += 1
        self.condition()
        self.nested(depth)
        if self.text() == "else":
            self.at += 1
            if self.text() == "if":
                self.if_else(depth)
            else:
                self.nested(depth)

    def do_while(self, depth):
        self.at += 1
        self.nested(depth)
        self.at += 1
        self.condition()
        self.at += 1

    def label(self):
        while self.at < len(self.tokens) and self.text() != ":":
            self.at += 1
        self.at += 1

    def expression(self, depth):
        """Up to the `;`. A macro `name(…) {` is a loop of our own (list_each)."""
        start = self.at
        while self.at < len(self.tokens) and self.text() not in (";", "}"):
            is_loop = self.text() == "{" and self.at > start + 2 and \
                self.tokens[start + 1].text == "(" and \
                closing(self.tokens, start + 1) == self.at - 1
            if is_loop:
                self.nested(depth)
                return
            if self.text() in OPENING:
                self.at = closing(self.tokens, self.at)
            self.at += 1
        self.at += self.text() == ";" or self.at == start

    def statement(self, depth):
        text = self.text()
        if text == "{":
            self.block(depth)
        elif text == "if":
            self.if_else(depth)
        elif text in ("for", "while", "switch"):
            self.at += 1
            self.condition()
            self.nested(depth)
        elif text == "do":
            self.do_while(depth)
        elif text in ("case", "default"):
            self.label()
        else:
            self.expression(depth)


def nesting_of(body):
    statements = _Statements(body)
    while statements.at < len(body):
        statements.statement(0)
    return statements.deepest
