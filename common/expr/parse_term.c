/* Terms: what stands between operators, and what may follow a term. */

#include "common/base/check.h"
#include "common/expr/parse_private.h"
#include "common/expr/text_private.h"

static bool is_keyword(Str name) {
    static const char *const keywords[] = {
        "and", "as",     "break",   "catch", "def",    "elif", "else",   "end",  "foreach",
        "if",  "import", "include", "label", "module", "or",   "reduce", "then", "try",
    };

    for (size_t i = 0; i < ARRAY_SIZE(keywords); i++) {
        if (str_is(name, keywords[i]))
            return true;
    }
    return false;
}

static bool is_step(const Node *node) {
    return node->kind == NODE_FIELD || node->kind == NODE_INDEX || node->kind == NODE_SLICE ||
           node->kind == NODE_ITERATE;
}

static Node *node_field(Parser *parser, Node *target, Str name, uint32_t offset) {
    Node *node = node_unary(parser->compiler, NODE_FIELD, target, offset);

    node->name = name;
    return node;
}

/* A string used as a key: a field when it is constant. */
static int parse_string_key(Parser *parser, Node *target, Node **ret_node) {
    uint32_t offset = parser->token.offset;
    Node *key;
    int r = parse_string(parser, STR_NONE, &key);

    if (r)
        return r;
    if (key->kind == NODE_LITERAL) {
        *ret_node = node_field(parser, target, json_str(&key->literal), offset);
        return 0;
    }
    *ret_node = node_pair(parser->compiler, NODE_INDEX, target, key);
    (*ret_node)->offset = offset;
    return 0;
}

/* Behind `[:`, or behind `[from:`. */
static int parse_slice_end(Parser *parser, Node *node) {
    int r = 0;

    if (!parser_at(parser, "]"))
        r = parse_pipe(parser, &node->c);
    return r;
}

/* target[], target[key], target[from:to]: the token is behind the bracket. */
static int parse_bracket(Parser *parser, Node *target, Node **ret_node) {
    Node *node = node_unary(parser->compiler, NODE_ITERATE, target, parser->token.offset);
    int r = 0;

    if (parser_skip(parser, "]")) {
        *ret_node = node;
        return 0;
    }
    if (parser_skip(parser, ":")) {
        node->kind = NODE_SLICE;
        if (parser_at(parser, "]"))
            return parser_unexpected(parser, "where the end of a slice should be");
        r = parse_slice_end(parser, node);
    } else {
        node->kind = NODE_INDEX;
        r = parse_pipe(parser, &node->b);
        if (r == 0 && parser_skip(parser, ":")) {
            node->kind = NODE_SLICE;
            r = parse_slice_end(parser, node);
        }
    }
    if (r == 0)
        r = parser_want(parser, "]", "at the end of an index");
    if (r)
        return r;
    /* A constant key is a field. */
    if (node->kind == NODE_INDEX && node->b->kind == NODE_LITERAL &&
        json_is(&node->b->literal, JSON_STRING))
        node = node_field(parser, target, json_str(&node->b->literal), node->offset);
    node_measure(node);
    *ret_node = node;
    return 0;
}

/* What follows a dot that stands alone: a string, a bracket, or nothing. */
static int parse_dot(Parser *parser, Node *target, bool may_end, Node **ret_node) {
    parser_next(parser);
    if (parser->token.kind == TOKEN_QUOTE)
        return parse_string_key(parser, target, ret_node);
    if (parser_skip(parser, "["))
        return parse_bracket(parser, target, ret_node);
    if (!may_end)
        return parser_unexpected(parser, "behind a dot");
    *ret_node = target;
    return 0;
}

static int parse_suffix(Parser *parser, Node *target, Node **ret_node, bool *ret_more) {
    uint32_t offset = parser->token.offset;

    *ret_more = true;
    *ret_node = target;
    if (parser->token.kind == TOKEN_FIELD) {
        *ret_node = node_field(parser, target, parser->token.text, offset);
        parser_next(parser);
        return 0;
    }
    if (parser_at(parser, "."))
        return parse_dot(parser, target, false, ret_node);
    if (parser_skip(parser, "["))
        return parse_bracket(parser, target, ret_node);
    if (parser_skip(parser, "?")) {
        /* Behind a step of a path the sign means that step alone. */
        if (is_step(target) && target->op == 0)
            target->op = 1;
        else
            *ret_node = node_unary(parser->compiler, NODE_TRY, target, offset);
        return 0;
    }
    *ret_more = false;
    return 0;
}

int parse_postfix(Parser *parser, Node **ret_node) {
    Node *node;
    bool more = true;
    int r = parse_term(parser, &node);

    while (r == 0 && more) {
        r = parse_suffix(parser, node, &node, &more);
        if (r == 0 && node->height > EXPR_HEIGHT_MAX)
            return expr_refuse(parser->compiler, EXPR_E_TOO_LARGE, node->offset,
                               "the program is nested too deeply");
    }
    if (r)
        return r;
    *ret_node = node;
    return 0;
}

/* `.`, `.[…]`, `."…"` at the start of a term. */
static int parse_input(Parser *parser, Node **ret_node) {
    Node *identity = node_new(parser->compiler, NODE_IDENTITY, parser->token.offset);

    return parse_dot(parser, identity, true, ret_node);
}

/* Behind `if` and behind `elif`. */
static int parse_if(Parser *parser, uint32_t offset, Node **ret_node) {
    Node *node = node_new(parser->compiler, NODE_IF, offset), *first = node;
    int r;

    for (;;) {
        r = parse_pipe(parser, &node->a);
        if (r == 0)
            r = parser_want_word(parser, "then", "after the condition of 'if'");
        if (r == 0)
            r = parse_pipe(parser, &node->b);
        if (r)
            return r;
        if (!parser_at_word(parser, "elif"))
            break;
        parser_next(parser);
        /* The chain hangs on `next` until it is known how long it is. */
        node->c = node_new(parser->compiler, NODE_IF, parser->token.offset);
        node->c->next = node;
        node = node->c;
    }
    if (parser_at_word(parser, "else")) {
        parser_next(parser);
        r = parse_pipe(parser, &node->c);
    } else {
        node->c = node_new(parser->compiler, NODE_IDENTITY, parser->token.offset);
    }
    if (r == 0)
        r = parser_want_word(parser, "end", "to close 'if'");
    if (r)
        return r;
    while (node != NULL) {
        Node *outer = node->next;

        node->next = NULL;
        node_measure(node);
        node = outer;
    }
    *ret_node = first;
    return 0;
}

/* Behind `try`. */
static int parse_try(Parser *parser, uint32_t offset, Node **ret_node) {
    Node *node = node_new(parser->compiler, NODE_TRY, offset);
    bool is_negative = parser_skip(parser, "-");
    int r = parse_postfix(parser, &node->a);

    if (r == 0 && is_negative)
        node->a = node_unary(parser->compiler, NODE_NEGATE, node->a, offset);
    if (r == 0 && parser_at_word(parser, "catch")) {
        parser_next(parser);
        r = parse_postfix(parser, &node->b);
    }
    if (r)
        return r;
    node_measure(node);
    *ret_node = node;
    return 0;
}

/* `source as patterns (first; second; third)`, behind `reduce` or `foreach`. */
static int parse_fold(Parser *parser, NodeKind kind, uint32_t offset, Node **ret_node) {
    Node *node = node_new(parser->compiler, kind, offset);
    const char *where = kind == NODE_REDUCE ? "in 'reduce'" : "in 'foreach'";
    int r = parse_postfix(parser, &node->a);

    if (r == 0)
        r = parser_want_word(parser, "as", where);
    if (r == 0)
        r = parse_patterns(parser, &node->pattern);
    if (r == 0)
        r = parser_want(parser, "(", where);
    if (r == 0)
        r = parse_pipe(parser, &node->b);
    if (r == 0)
        r = parser_want(parser, ";", where);
    if (r == 0)
        r = parse_pipe(parser, &node->c);
    if (r == 0 && kind == NODE_FOREACH && parser_skip(parser, ";"))
        r = parse_pipe(parser, &node->d);
    if (r == 0)
        r = parser_want(parser, ")", where);
    if (r)
        return r;
    node_measure(node);
    *ret_node = node;
    return 0;
}

static int parse_array(Parser *parser, uint32_t offset, Node **ret_node) {
    Node *node = node_new(parser->compiler, NODE_ARRAY, offset);
    int r = 0;

    if (!parser_at(parser, "]"))
        r = parse_pipe(parser, &node->a);
    if (r == 0)
        r = parser_want(parser, "]", "to close an array");
    if (r)
        return r;
    node_measure(node);
    *ret_node = node;
    return 0;
}

static int parse_group(Parser *parser, uint32_t offset, Node **ret_node) {
    Node *node;
    int r = parse_pipe(parser, &node);

    if (r == 0)
        r = parser_want(parser, ")", "to close a parenthesis");
    if (r)
        return r;
    /* `(.a)?` catches what `.a` raises, wherever it raises it. */
    if (is_step(node) && parser_skip(parser, "?"))
        node = node_unary(parser->compiler, NODE_TRY, node, offset);
    *ret_node = node;
    return 0;
}

static int parse_break(Parser *parser, uint32_t offset, Node **ret_node) {
    Node *node = node_new(parser->compiler, NODE_BREAK, offset);

    if (parser->token.kind != TOKEN_DOLLAR)
        return parser_unexpected(parser, "where the $name of a label should be");
    node->name = parser->token.text;
    parser_next(parser);
    *ret_node = node;
    return 0;
}

static bool is_constant(Str name, Json *ret_value) {
    if (str_is(name, "null"))
        *ret_value = json_null();
    else if (str_is(name, "true") || str_is(name, "false"))
        *ret_value = json_bool(str_is(name, "true"));
    else
        return false;
    return true;
}

/* name or name(a; b): args are linked by next. */
static int parse_call(Parser *parser, Str name, uint32_t offset, Node **ret_node) {
    Node *node = node_new(parser->compiler, NODE_CALL, offset), **end = &node->a;
    int r = 0;

    node->name = name;
    if (is_constant(name, &node->literal))
        node->kind = NODE_LITERAL;
    else if (parser_skip(parser, "(")) {
        do {
            r = parse_pipe(parser, end);
            if (r)
                return r;
            end = &(*end)->next;
        } while (parser_skip(parser, ";"));
        r = parser_want(parser, ")", "after the arguments of a function");
    }
    if (r)
        return r;
    node_measure(node);
    *ret_node = node;
    return 0;
}

static int parse_word(Parser *parser, Node **ret_node) {
    uint32_t offset = parser->token.offset;
    Str name = parser->token.text;

    if (str_is(name, "import") || str_is(name, "include") || str_is(name, "module"))
        return expr_refuse(parser->compiler, EXPR_E_FORBIDDEN, offset,
                           "%.*s is not available: a program may not read files", STR_ARGS(name));
    if (is_keyword(name) && !str_is(name, "if") && !str_is(name, "try") &&
        !str_is(name, "reduce") && !str_is(name, "foreach") && !str_is(name, "break"))
        return parser_unexpected(parser, "where a value should be");

    parser_next(parser);
    if (str_is(name, "if"))
        return parse_if(parser, offset, ret_node);
    if (str_is(name, "try"))
        return parse_try(parser, offset, ret_node);
    if (str_is(name, "reduce"))
        return parse_fold(parser, NODE_REDUCE, offset, ret_node);
    if (str_is(name, "foreach"))
        return parse_fold(parser, NODE_FOREACH, offset, ret_node);
    if (str_is(name, "break"))
        return parse_break(parser, offset, ret_node);
    return parse_call(parser, name, offset, ret_node);
}

static int parse_sign(Parser *parser, Node **ret_node) {
    uint32_t offset = parser->token.offset;

    if (parser_at(parser, "."))
        return parse_input(parser, ret_node);
    if (parser_skip(parser, "..")) {
        *ret_node = node_call(parser->compiler, "recurse", NULL, offset);
        return 0;
    }
    if (parser_skip(parser, "("))
        return parse_group(parser, offset, ret_node);
    if (parser_skip(parser, "["))
        return parse_array(parser, offset, ret_node);
    if (parser_skip(parser, "{"))
        return parse_object(parser, ret_node);
    return parser_unexpected(parser, "where a value should be");
}

static int parse_format(Parser *parser, Node **ret_node) {
    uint32_t offset = parser->token.offset;
    Str name = parser->token.text;
    Node *node;

    parser_next(parser);
    if (parser->token.kind == TOKEN_QUOTE)
        return parse_string(parser, name, ret_node);
    node = node_call(parser->compiler, "", NULL, offset);
    /* The resolver knows formats by their sign. */
    node->name = (Str){name.data - 1, name.length + 1};
    *ret_node = node;
    return 0;
}

int parse_term(Parser *parser, Node **ret_node) {
    Token token = parser->token;
    Compiler *compiler = parser->compiler;

    switch (token.kind) {
    case TOKEN_FIELD:
        parser_next(parser);
        *ret_node = node_field(parser, node_new(compiler, NODE_IDENTITY, token.offset), token.text,
                               token.offset);
        return 0;
    case TOKEN_NAME:
        return parse_word(parser, ret_node);
    case TOKEN_DOLLAR:
        parser_next(parser);
        *ret_node = node_new(compiler, NODE_VARIABLE, token.offset);
        (*ret_node)->name = token.text;
        return 0;
    case TOKEN_NUMBER:
        parser_next(parser);
        *ret_node = node_literal(compiler, expr_number(compiler->arena, token.text), token.offset);
        return 0;
    case TOKEN_FORMAT:
        return parse_format(parser, ret_node);
    case TOKEN_QUOTE:
        return parse_string(parser, STR_NONE, ret_node);
    case TOKEN_SIGN:
        return parse_sign(parser, ret_node);
    case TOKEN_END:
    case TOKEN_BAD:
        return parser_unexpected(parser, "where a value should be");
    }
    CHECK_UNREACHABLE();
}
