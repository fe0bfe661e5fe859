/* Terms with an inside of their own: strings, objects and the patterns of `as`. */

#include <string.h>

#include "common/expr/parse_private.h"
#include "common/expr/text_private.h"

static int hex_of(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Four hexadecimal digits, or -1. */
static int32_t unit_at(Str text, size_t offset) {
    int32_t unit = 0;

    for (size_t i = 0; i < 4; i++) {
        int digit = offset + i < text.length ? hex_of(text.data[offset + i]) : -1;

        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

/* The character behind `\u` at offset; half a pair alone becomes U+FFFD. -1: no digits. */
static int32_t code_at(Str text, size_t offset, size_t *ret_length) {
    int32_t high = unit_at(text, offset), low;

    *ret_length = 4;
    if (high < 0xD800 || high > 0xDFFF)
        return high;
    if (high > 0xDBFF || offset + 6 > text.length || text.data[offset + 4] != '\\' ||
        text.data[offset + 5] != 'u')
        return 0xFFFD;
    low = unit_at(text, offset + 6);
    if (low < 0xDC00 || low > 0xDFFF)
        return 0xFFFD;
    *ret_length = 10;
    return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

/* One escape, the offset behind its backslash; moves the offset behind it. */
static int unescape(Compiler *compiler, size_t *offset, Text *text) {
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    char c = *offset < compiler->text.length ? compiler->text.data[*offset] : '\0';
    const char *name = c ? strchr(names, c) : NULL;

    if (name != NULL) {
        text_add_char(text, values[name - names]);
        (*offset)++;
        return 0;
    }
    if (c == 'u') {
        size_t length;
        int32_t code = code_at(compiler->text, *offset + 1, &length);

        if (code >= 0) {
            text_add_code(text, (uint32_t)code);
            *offset += 1 + length;
            return 0;
        }
    }
    return expr_refuse(compiler, EXPR_E_SYNTAX, *offset - 1,
                       "syntax error: this escape is not known in a string");
}

/* Literal characters up to the quote or the interpolation that ends them. */
static int scan_text(Compiler *compiler, size_t *offset, Json *ret_text) {
    Str source = compiler->text;
    Text text = {.arena = compiler->arena};
    size_t start = *offset;
    int r;

    for (;;) {
        size_t run = *offset;

        while (run < source.length && source.data[run] != '"' && source.data[run] != '\\')
            run++;
        if (run == source.length)
            return expr_refuse(compiler, EXPR_E_SYNTAX, start - 1,
                               "syntax error: this string is not closed");
        text_add(&text, str_slice(source, *offset, run - *offset));
        *offset = run;
        if (source.data[run] == '"' || (run + 1 < source.length && source.data[run + 1] == '('))
            break;
        (*offset)++;
        r = unescape(compiler, offset, &text);
        if (r)
            return r;
    }
    *ret_text = json_string(text_str(&text));
    return 0;
}

/* The program inside `\( … )`; leaves the offset behind the parenthesis. */
static int parse_inside(Parser *parser, size_t *offset, Node **ret_node) {
    int r;

    parser->token.end = (uint32_t)*offset + 2;
    parser_next(parser);
    r = parse_pipe(parser, ret_node);
    if (r)
        return r;
    if (!parser_at(parser, ")"))
        return parser_unexpected(parser, "where an interpolation should be closed by ')'");
    *offset = parser->token.end;
    return 0;
}

static bool is_empty_literal(const Node *node) {
    return node->kind == NODE_LITERAL && node->literal.count == 0;
}

int parse_string(Parser *parser, Str format, Node **ret_node) {
    Compiler *compiler = parser->compiler;
    Node *node = node_new(compiler, NODE_TEXT, parser->token.offset), **end = &node->a;
    size_t offset = parser->token.end;
    Json text;
    int r;

    for (;;) {
        r = scan_text(compiler, &offset, &text);
        if (r)
            return r;
        *end = node_literal(compiler, text, (uint32_t)offset);
        if (!is_empty_literal(*end))
            end = &(*end)->next;
        else
            *end = NULL;
        if (compiler->text.data[offset] == '"')
            break;
        /* An inner program that is a literal is told from the text around it by its wrapping. */
        Node *inside;
        r = parse_inside(parser, &offset, &inside);
        if (r)
            return r;
        *end = node_unary(compiler, NODE_PIPE, node_new(compiler, NODE_IDENTITY, inside->offset),
                          inside->offset);
        (*end)->b = inside;
        node_measure(*end);
        end = &(*end)->next;
    }
    parser->token.end = (uint32_t)offset + 1;
    parser_next(parser);

    if (node->a == NULL)
        node->a = node_literal(compiler, json_string(STR("")), node->offset);
    /* A format is kept where it changes nothing: its name may be a mistake. */
    if (node->a->kind == NODE_LITERAL && node->a->next == NULL && format.length == 0) {
        Json whole = node->a->literal;

        *ret_node = node_literal(compiler, whole, node->offset);
        return 0;
    }
    node->name = format;
    node_measure(node);
    *ret_node = node;
    return 0;
}

/* The value of an entry that has only a key: {a} is {a: .a}, {$x} is {x: $x}. */
static Node *short_value(Parser *parser, const Node *entry, bool is_variable) {
    Compiler *compiler = parser->compiler;
    Node *identity = node_new(compiler, NODE_IDENTITY, entry->offset), *value;

    if (is_variable) {
        value = node_new(compiler, NODE_VARIABLE, entry->offset);
        value->name = entry->name;
        return value;
    }
    if (entry->a != NULL)
        return node_pair(compiler, NODE_INDEX, identity, entry->a);
    value = node_unary(compiler, NODE_FIELD, identity, entry->offset);
    value->name = entry->name;
    return value;
}

/* The key of an entry: either entry->name or entry->a. */
static int parse_key(Parser *parser, Node *entry, bool *ret_short) {
    Token token = parser->token;
    Node *key = NULL;
    int r = 0;

    *ret_short = true;
    if (token.kind == TOKEN_NAME || token.kind == TOKEN_DOLLAR) {
        entry->name = token.text;
        parser_next(parser);
        return 0;
    }
    if (token.kind == TOKEN_QUOTE) {
        r = parse_string(parser, STR_NONE, &key);
    } else if (token.kind == TOKEN_FORMAT) {
        parser_next(parser);
        if (parser->token.kind != TOKEN_QUOTE)
            return parser_unexpected(parser, "where a string should be");
        r = parse_string(parser, token.text, &key);
    } else if (token.kind == TOKEN_NUMBER) {
        /* jq accepts the syntax and complains about the value. */
        r = parse_term(parser, &key);
        *ret_short = false;
    } else if (parser_skip(parser, "(")) {
        r = parse_pipe(parser, &key);
        if (r == 0)
            r = parser_want(parser, ")", "after a computed key");
        *ret_short = false;
    } else {
        return parser_unexpected(parser, "where a key should be");
    }
    if (r)
        return r;
    if (key->kind != NODE_LITERAL) {
        entry->a = key;
        return 0;
    }
    if (!json_is(&key->literal, JSON_STRING))
        return expr_refuse(parser->compiler, EXPR_E_SYNTAX, token.offset,
                           "syntax error: a key must be a string, not a %s",
                           json_type_name(&key->literal));
    entry->name = json_str(&key->literal);
    return 0;
}

static int parse_entry(Parser *parser, Node **ret_entry) {
    Node *entry = node_new(parser->compiler, NODE_ENTRY, parser->token.offset);
    bool is_variable = parser->token.kind == TOKEN_DOLLAR, may_be_short;
    int r = parse_key(parser, entry, &may_be_short);

    if (r)
        return r;
    if (parser_skip(parser, ":")) {
        if (is_variable) {
            entry->a = short_value(parser, entry, true);
            entry->name = STR_NONE;
        }
        r = parse_without_comma(parser, &entry->b);
        if (r)
            return r;
    } else if (may_be_short) {
        entry->b = short_value(parser, entry, is_variable);
    } else {
        return parser_unexpected(parser, "where ':' should follow a computed key");
    }
    node_measure(entry);
    *ret_entry = entry;
    return 0;
}

/* The token is behind the brace. */
int parse_object(Parser *parser, Node **ret_node) {
    Node *node = node_new(parser->compiler, NODE_OBJECT, (uint32_t)parser->previous_end - 1);
    Node **end = &node->a;
    int r;

    while (!parser_at(parser, "}")) {
        r = parse_entry(parser, end);
        if (r)
            return r;
        end = &(*end)->next;
        if (!parser_skip(parser, ",") && !parser_at(parser, "}"))
            return parser_unexpected(parser, "in an object, where ',' or '}' should be");
    }
    parser_next(parser);
    node_measure(node);
    *ret_node = node;
    return 0;
}

static int parse_pattern(Parser *parser, Pattern **ret_pattern);

/* name: p, "text": p, (program): p, $name, $name: p */
static int parse_object_part(Parser *parser, Pattern **ret_part) {
    Pattern *part = arena_zero(parser->compiler->arena, sizeof *part);
    Node *entry = node_new(parser->compiler, NODE_ENTRY, parser->token.offset);
    bool is_variable = parser->token.kind == TOKEN_DOLLAR, may_be_short;
    int r = parse_key(parser, entry, &may_be_short);

    if (r)
        return r;
    part->kind = PATTERN_OBJECT;
    part->offset = entry->offset;
    part->key = entry->a ? entry->a
                         : node_literal(parser->compiler, json_string(entry->name), entry->offset);
    if (is_variable)
        part->name = entry->name;
    if (parser_skip(parser, ":"))
        r = parse_pattern(parser, &part->value);
    else if (!is_variable)
        return parser_unexpected(parser, "where ':' should follow the key of a pattern");
    if (r)
        return r;
    *ret_part = part;
    return 0;
}

static int parse_pattern_parts(Parser *parser, Pattern *pattern, const char *close) {
    Pattern **end = &pattern->parts;
    int r;

    do {
        r = pattern->kind == PATTERN_ARRAY ? parse_pattern(parser, end)
                                           : parse_object_part(parser, end);
        if (r)
            return r;
        end = &(*end)->next;
    } while (parser_skip(parser, ","));
    return parser_want(parser, close, "in a pattern");
}

static int parse_pattern(Parser *parser, Pattern **ret_pattern) {
    Pattern *pattern = arena_zero(parser->compiler->arena, sizeof *pattern);
    int r = 0;

    if (++parser->nesting > PARSE_NESTING_MAX)
        return expr_refuse(parser->compiler, EXPR_E_TOO_LARGE, parser->token.offset,
                           "the program is nested too deeply");
    pattern->offset = parser->token.offset;
    if (parser->token.kind == TOKEN_DOLLAR) {
        pattern->kind = PATTERN_VARIABLE;
        pattern->name = parser->token.text;
        parser_next(parser);
    } else if (parser_skip(parser, "[")) {
        pattern->kind = PATTERN_ARRAY;
        r = parse_pattern_parts(parser, pattern, "]");
    } else if (parser_skip(parser, "{")) {
        pattern->kind = PATTERN_OBJECT;
        r = parse_pattern_parts(parser, pattern, "}");
    } else {
        r = parser_unexpected(parser, "where a $name, '[' or '{' should be");
    }
    parser->nesting--;
    if (r)
        return r;
    *ret_pattern = pattern;
    return 0;
}

/* pattern ?// pattern …; the sign is lexed as `?` and `//`. */
int parse_patterns(Parser *parser, Pattern **ret_pattern) {
    Pattern **end = ret_pattern;
    int r;

    for (;;) {
        r = parse_pattern(parser, end);
        if (r || !parser_skip(parser, "?"))
            return r;
        if (!parser_at(parser, "//"))
            return parser_unexpected(parser, "in '?//'");
        parser_next(parser);
        end = &(*end)->otherwise;
    }
}
