/* Text to tokens, and where a `${ … }` ends. */

#include "common/expr/lex_private.h"

#include <stdbool.h>

#include "common/expr/expr.h"

/* Longest spellings first. */
static const char *const signs[] = {
    "//=", "|=", "+=", "-=", "*=", "/=", "%=", "==", "!=", "<=", ">=",
    "//",  "..", "|",  ",",  "+",  "-",  "*",  "/",  "%",  "=",  "<",
    ">",   "(",  ")",  "[",  "]",  "{",  "}",  ":",  ";",  ".",  "?",
};

static bool is_name_start(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_name(char c) {
    return is_name_start(c) || is_digit(c);
}

static char at(Str text, size_t index) {
    return index < text.length ? text.data[index] : '\0';
}

/* A comment ends with its line, unless an odd number of backslashes stands at the line's end. */
static size_t skip_comment(Str text, size_t offset) {
    while (offset < text.length) {
        if (text.data[offset] == '\\' && offset + 1 < text.length)
            offset += text.data[offset + 1] == '\r' && at(text, offset + 2) == '\n' ? 3 : 2;
        else if (text.data[offset] == '\n' || text.data[offset] == '\r')
            return offset;
        else
            offset++;
    }
    return text.length;
}

static size_t skip_space(Str text, size_t offset) {
    while (offset < text.length) {
        char c = text.data[offset];

        if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
            offset++;
        else if (c == '#')
            offset = skip_comment(text, offset + 1);
        else
            break;
    }
    return offset;
}

static size_t name_end(Str text, size_t offset) {
    while (is_name(at(text, offset)))
        offset++;
    return offset;
}

/* name::name::name */
static size_t path_end(Str text, size_t offset) {
    offset = name_end(text, offset);
    while (at(text, offset) == ':' && at(text, offset + 1) == ':' &&
           is_name_start(at(text, offset + 2)))
        offset = name_end(text, offset + 2);
    return offset;
}

static size_t number_end(Str text, size_t offset) {
    size_t exponent;

    while (is_digit(at(text, offset)))
        offset++;
    if (at(text, offset) == '.') {
        offset++;
        while (is_digit(at(text, offset)))
            offset++;
    }
    if (at(text, offset) != 'e' && at(text, offset) != 'E')
        return offset;
    exponent = offset + 1;
    if (at(text, exponent) == '+' || at(text, exponent) == '-')
        exponent++;
    if (!is_digit(at(text, exponent)))
        return offset;
    while (is_digit(at(text, exponent)))
        exponent++;
    return exponent;
}

static Token token(Str text, TokenKind kind, size_t start, size_t skipped, size_t end) {
    return (Token){
        .kind = kind,
        .offset = (uint32_t)start,
        .end = (uint32_t)end,
        .text = str_slice(text, start + skipped, end - start - skipped),
    };
}

static Token lex_sign(Str text, size_t offset) {
    Str rest = str_slice(text, offset, text.length);

    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        Str sign = str_of(signs[i]);

        if (str_starts(rest, sign))
            return token(text, TOKEN_SIGN, offset, 0, offset + sign.length);
    }
    return token(text, TOKEN_BAD, offset, 0, offset + 1);
}

Token lex_token(Str text, size_t offset) {
    char c, next;

    offset = skip_space(text, offset);
    if (offset >= text.length)
        return token(text, TOKEN_END, text.length, 0, text.length);
    c = text.data[offset];
    next = at(text, offset + 1);

    if (is_name_start(c))
        return token(text, TOKEN_NAME, offset, 0, path_end(text, offset));
    if (is_digit(c) || (c == '.' && is_digit(next)))
        return token(text, TOKEN_NUMBER, offset, 0, number_end(text, offset));
    if (c == '.' && is_name_start(next))
        return token(text, TOKEN_FIELD, offset, 1, name_end(text, offset + 1));
    if (c == '$' && is_name_start(next))
        return token(text, TOKEN_DOLLAR, offset, 1, path_end(text, offset + 1));
    if (c == '@' && is_name(next))
        return token(text, TOKEN_FORMAT, offset, 1, name_end(text, offset + 1));
    if (c == '"')
        return token(text, TOKEN_QUOTE, offset, 0, offset + 1);
    return lex_sign(text, offset);
}

/* What is open while the end of a `${ … }` is looked for; deeper programs do not compile anyway. */
#define OPEN_MAX 1024

typedef struct Finder {
    Str text;
    size_t offset;
    uint32_t open_count;
    uint32_t text_count; /* interpolations among them */
    char open[OPEN_MAX]; /* '{', '(' or '"' for the parenthesis of an interpolation */
} Finder;

static bool finder_open(Finder *finder, char what) {
    if (finder->open_count == OPEN_MAX)
        return false;
    finder->open[finder->open_count++] = what;
    finder->text_count += what == '"';
    return true;
}

/* From behind a quote to behind the closing one, or to behind `\(`; false when neither comes. */
static bool finder_string(Finder *finder) {
    while (finder->offset < finder->text.length) {
        char c = finder->text.data[finder->offset++];

        if (c == '"')
            return true;
        if (c != '\\')
            continue;
        if (at(finder->text, finder->offset++) == '(')
            return finder_open(finder, '"');
    }
    return false;
}

/*
 * Closes what is open; a bracket of another kind is left for the parser to complain about.
 * Parentheses are only counted inside an interpolation, where one of them ends it.
 */
static bool finder_close(Finder *finder, char sign) {
    char what = finder->open_count > 0 ? finder->open[finder->open_count - 1] : '\0';

    if (sign == '}' && what == '{')
        finder->open_count--;
    else if (sign == ')' && what == '(')
        finder->open_count--;
    else if (sign == ')' && what == '"') {
        finder->open_count--;
        finder->text_count--;
        return finder_string(finder);
    }
    return true;
}

ptrdiff_t expr_find_end(Str text) {
    Finder finder = {.text = text};
    bool ok = true;

    while (ok) {
        Token next = lex_token(text, finder.offset);
        char sign = next.kind == TOKEN_SIGN && next.text.length == 1 ? next.text.data[0] : '\0';

        if (next.kind == TOKEN_END)
            return -1;
        if (sign == '}' && finder.open_count == 0)
            return (ptrdiff_t)next.offset;
        finder.offset = next.end;
        if (next.kind == TOKEN_QUOTE)
            ok = finder_string(&finder);
        else if (sign == '{' || (sign == '(' && finder.text_count > 0))
            ok = finder_open(&finder, sign);
        else if (sign == '}' || sign == ')')
            ok = finder_close(&finder, sign);
    }
    return -1;
}
