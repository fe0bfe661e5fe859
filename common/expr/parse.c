/* Operators, definitions and what holds a program together: parse_pipe() and below. */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/base/check.h"
#include "common/expr/parse_private.h"

int expr_refuse(Compiler *compiler, int code, size_t offset, const char *format, ...) {
    ExprMistake *mistake = compiler->mistake;
    va_list args;

    *mistake = (ExprMistake){.code = code, .offset = compiler->is_builtin ? 0 : offset};
    va_start(args, format);
    vsnprintf(mistake->message, sizeof mistake->message, format, args);
    va_end(args);
    return code;
}

void node_measure(Node *node) {
    Node *const children[] = {node->a, node->b, node->c, node->d};
    uint32_t height = 0;

    for (size_t i = 0; i < ARRAY_SIZE(children); i++) {
        for (const Node *child = children[i]; child != NULL; child = child->next)
            height = MAX(height, (uint32_t)child->height);
    }
    node->height = (uint16_t)MIN(height + 1, (uint32_t)UINT16_MAX);
}

Node *node_new(Compiler *compiler, NodeKind kind, uint32_t offset) {
    Node *node = arena_zero(compiler->arena, sizeof *node);

    node->kind = (uint8_t)kind;
    node->offset = offset;
    node->height = 1;
    return node;
}

Node *node_unary(Compiler *compiler, NodeKind kind, Node *a, uint32_t offset) {
    Node *node = node_new(compiler, kind, offset);

    node->a = a;
    node_measure(node);
    return node;
}

Node *node_pair(Compiler *compiler, NodeKind kind, Node *a, Node *b) {
    Node *node = node_new(compiler, kind, a->offset);

    node->a = a;
    node->b = b;
    node_measure(node);
    return node;
}

Node *node_literal(Compiler *compiler, Json value, uint32_t offset) {
    Node *node = node_new(compiler, NODE_LITERAL, offset);

    node->literal = value;
    return node;
}

Node *node_call(Compiler *compiler, const char *name, Node *args, uint32_t offset) {
    Node *node = node_unary(compiler, NODE_CALL, args, offset);

    node->name = str_of(name);
    return node;
}

void parser_next(Parser *parser) {
    parser->previous_end = parser->token.end;
    parser->token = lex_token(parser->compiler->text, parser->token.end);
}

bool parser_at(const Parser *parser, const char *sign) {
    return parser->token.kind == TOKEN_SIGN && str_is(parser->token.text, sign);
}

bool parser_at_word(const Parser *parser, const char *word) {
    return parser->token.kind == TOKEN_NAME && str_is(parser->token.text, word);
}

bool parser_skip(Parser *parser, const char *sign) {
    if (!parser_at(parser, sign))
        return false;
    parser_next(parser);
    return true;
}

int parser_unexpected(Parser *parser, const char *where) {
    const Token *token = &parser->token;

    if (token->kind == TOKEN_END)
        return expr_refuse(parser->compiler, EXPR_E_SYNTAX, token->offset,
                           "syntax error: the program ends %s", where);
    return expr_refuse(parser->compiler, EXPR_E_SYNTAX, token->offset,
                       "syntax error: unexpected '%.*s' %s",
                       (int)MIN(token->text.length, (size_t)40), token->text.data, where);
}

int parser_want(Parser *parser, const char *sign, const char *where) {
    char text[100];

    if (parser_skip(parser, sign))
        return 0;
    snprintf(text, sizeof text, "where '%s' should be, %s", sign, where);
    return parser_unexpected(parser, text);
}

int parser_want_word(Parser *parser, const char *word, const char *where) {
    char text[100];

    if (parser_at_word(parser, word)) {
        parser_next(parser);
        return 0;
    }
    snprintf(text, sizeof text, "where '%s' should be, %s", word, where);
    return parser_unexpected(parser, text);
}

/* How tightly a binary operator holds: the higher, the tighter. 0: none is here. */
typedef enum Hold {
    HOLD_NONE,
    HOLD_COMMA,
    HOLD_ALTERNATIVE, /* groups to the right */
    HOLD_ASSIGN,      /* does not group */
    HOLD_OR,
    HOLD_AND,
    HOLD_COMPARE, /* does not group */
    HOLD_SUM,
    HOLD_PRODUCT,
} Hold;

static const struct {
    const char *sign;
    uint8_t hold;
    uint8_t kind;
    uint8_t op;
} operators[] = {
    {",",   HOLD_COMMA,       NODE_COMMA,       0                   },
    {"//",  HOLD_ALTERNATIVE, NODE_ALTERNATIVE, 0                   },
    {"=",   HOLD_ASSIGN,      NODE_ASSIGN,      ASSIGN_SET          },
    {"|=",  HOLD_ASSIGN,      NODE_ASSIGN,      ASSIGN_UPDATE       },
    {"+=",  HOLD_ASSIGN,      NODE_ASSIGN,      BINARY_ADD          },
    {"-=",  HOLD_ASSIGN,      NODE_ASSIGN,      BINARY_SUBTRACT     },
    {"*=",  HOLD_ASSIGN,      NODE_ASSIGN,      BINARY_MULTIPLY     },
    {"/=",  HOLD_ASSIGN,      NODE_ASSIGN,      BINARY_DIVIDE       },
    {"%=",  HOLD_ASSIGN,      NODE_ASSIGN,      BINARY_REMAINDER    },
    {"//=", HOLD_ASSIGN,      NODE_ASSIGN,      ASSIGN_ALTERNATIVE  },
    {"or",  HOLD_OR,          NODE_OR,          0                   },
    {"and", HOLD_AND,         NODE_AND,         0                   },
    {"==",  HOLD_COMPARE,     NODE_BINARY,      BINARY_EQUAL        },
    {"!=",  HOLD_COMPARE,     NODE_BINARY,      BINARY_UNEQUAL      },
    {"<",   HOLD_COMPARE,     NODE_BINARY,      BINARY_LESS         },
    {"<=",  HOLD_COMPARE,     NODE_BINARY,      BINARY_LESS_EQUAL   },
    {">",   HOLD_COMPARE,     NODE_BINARY,      BINARY_GREATER      },
    {">=",  HOLD_COMPARE,     NODE_BINARY,      BINARY_GREATER_EQUAL},
    {"+",   HOLD_SUM,         NODE_BINARY,      BINARY_ADD          },
    {"-",   HOLD_SUM,         NODE_BINARY,      BINARY_SUBTRACT     },
    {"*",   HOLD_PRODUCT,     NODE_BINARY,      BINARY_MULTIPLY     },
    {"/",   HOLD_PRODUCT,     NODE_BINARY,      BINARY_DIVIDE       },
    {"%",   HOLD_PRODUCT,     NODE_BINARY,      BINARY_REMAINDER    },
};

/* The operator at the token, or -1. */
static int operator_at(const Parser *parser) {
    if (parser->token.kind != TOKEN_SIGN && parser->token.kind != TOKEN_NAME)
        return -1;
    for (size_t i = 0; i < ARRAY_SIZE(operators); i++) {
        if (str_is(parser->token.text, operators[i].sign))
            return (int)i;
    }
    return -1;
}

static int too_deep(Parser *parser) {
    return expr_refuse(parser->compiler, EXPR_E_TOO_LARGE, parser->token.offset,
                       "the program is nested too deeply");
}

static int parse_binary(Parser *parser, Hold hold, Node **ret_node);
static int parse_defined(Parser *parser, Node **ret_node);
static int parse_label(Parser *parser, Node **ret_node);
static int parse_binding(Parser *parser, Node *source, Node **ret_node);

/* The minus sign holds tighter than a sum and looser than a product. */
static int parse_negative(Parser *parser, Node **ret_node) {
    uint32_t offset = parser->token.offset;
    Node *operand;
    int r;

    parser_next(parser);
    r = parse_binary(parser, HOLD_PRODUCT, &operand);
    if (r)
        return r;
    *ret_node = node_unary(parser->compiler, NODE_NEGATE, operand, offset);
    return 0;
}

/* `def`, `label` and `as` take the whole rest of the pipe with them, wherever they stand. */
static int parse_operand(Parser *parser, Node **ret_node) {
    int r;

    if (++parser->nesting > PARSE_NESTING_MAX)
        return too_deep(parser);
    if (parser_at(parser, "-")) {
        r = parse_negative(parser, ret_node);
    } else if (parser_at_word(parser, "def")) {
        r = parse_defined(parser, ret_node);
    } else if (parser_at_word(parser, "label")) {
        r = parse_label(parser, ret_node);
    } else {
        r = parse_postfix(parser, ret_node);
        if (r == 0 && parser_at_word(parser, "as"))
            r = parse_binding(parser, *ret_node, ret_node);
    }
    parser->nesting--;
    return r;
}

/* Operators that hold at least as tightly as hold. */
static int parse_binary(Parser *parser, Hold hold, Node **ret_node) {
    Node *left, *right;
    Hold highest = HOLD_PRODUCT;
    int r = parse_operand(parser, &left);

    for (;;) {
        int found = r ? -1 : operator_at(parser);
        Hold here = found < 0 ? HOLD_NONE : (Hold)operators[found].hold;
        bool groups = here != HOLD_ASSIGN && here != HOLD_COMPARE;

        if (here < hold || here == HOLD_NONE)
            break;
        if (here > highest)
            return parser_unexpected(parser, "behind an operator that does not group");
        parser_next(parser);
        r = parse_binary(parser, here == HOLD_ALTERNATIVE ? here : here + 1, &right);
        if (r)
            break;
        left = node_pair(parser->compiler, (NodeKind)operators[found].kind, left, right);
        left->op = operators[found].op;
        if (left->height > EXPR_HEIGHT_MAX)
            return too_deep(parser);
        highest = groups ? here : here - 1;
    }
    if (r)
        return r;
    *ret_node = left;
    return 0;
}

static int parse_parameters(Parser *parser, Function *function) {
    Parameter parameters[UINT8_MAX];
    uint32_t count = 0;

    do {
        TokenKind kind = parser->token.kind;

        if ((kind != TOKEN_NAME && kind != TOKEN_DOLLAR) || count == ARRAY_SIZE(parameters))
            return parser_unexpected(parser, "where a parameter should be");
        parameters[count++] = (Parameter){parser->token.text, kind == TOKEN_DOLLAR};
        parser_next(parser);
    } while (parser_skip(parser, ";"));
    function->parameters =
        arena_copy(parser->compiler->arena, parameters, count * sizeof parameters[0]);
    function->parameter_count = count;
    return parser_want(parser, ")", "after the parameters of a function");
}

/* def name(parameters): body; — the token is behind `def`. */
int parse_define(Parser *parser, Function **ret_function) {
    Function *function = arena_zero(parser->compiler->arena, sizeof *function);
    int r = 0;

    if (parser->token.kind != TOKEN_NAME)
        return parser_unexpected(parser, "where the name of a function should be");
    function->name = parser->token.text;
    parser_next(parser);
    if (parser_skip(parser, "("))
        r = parse_parameters(parser, function);
    if (r == 0)
        r = parser_want(parser, ":", "in a definition");
    if (r == 0)
        r = parse_pipe(parser, &function->body);
    if (r == 0)
        r = parser_want(parser, ";", "at the end of a definition");
    if (r)
        return r;
    *ret_function = function;
    return 0;
}

/* `def …; rest`: everything behind it sees the function. */
static int parse_defined(Parser *parser, Node **ret_node) {
    Node *node = node_new(parser->compiler, NODE_DEFINE, parser->token.offset);
    int r;

    parser_next(parser);
    r = parse_define(parser, &node->function);
    if (r == 0)
        r = parse_pipe(parser, &node->a);
    if (r)
        return r;
    node_measure(node);
    if (node->height < node->function->body->height)
        node->height = node->function->body->height;
    *ret_node = node;
    return 0;
}

/* `label $name | rest` */
static int parse_label(Parser *parser, Node **ret_node) {
    Node *node = node_new(parser->compiler, NODE_LABEL, parser->token.offset);
    int r;

    parser_next(parser);
    if (parser->token.kind != TOKEN_DOLLAR)
        return parser_unexpected(parser, "where a label's $name should be");
    node->name = parser->token.text;
    parser_next(parser);
    r = parser_want(parser, "|", "after a label");
    if (r == 0)
        r = parse_pipe(parser, &node->a);
    if (r)
        return r;
    node_measure(node);
    *ret_node = node;
    return 0;
}

/* `term as patterns | rest` */
static int parse_binding(Parser *parser, Node *source, Node **ret_node) {
    Node *node = node_new(parser->compiler, NODE_AS, source->offset);
    int r;

    parser_next(parser);
    node->a = source;
    r = parse_patterns(parser, &node->pattern);
    if (r == 0)
        r = parser_want(parser, "|", "after the variables of 'as'");
    if (r == 0)
        r = parse_pipe(parser, &node->b);
    if (r)
        return r;
    node_measure(node);
    *ret_node = node;
    return 0;
}

/* Parts of a pipe, grouped to the right without recursion: until then each part's next is the one
 * before it. */
static int parse_parts(Parser *parser, Hold hold, Node **ret_node) {
    Node *last = NULL, *part, *node;
    int r;

    do {
        r = parse_binary(parser, hold, &part);
        if (r)
            return r;
        part->next = last;
        last = part;
    } while (parser_skip(parser, "|"));

    node = last;
    last = last->next;
    node->next = NULL;
    while (last != NULL) {
        part = last;
        last = part->next;
        part->next = NULL;
        node = node_pair(parser->compiler, NODE_PIPE, part, node);
    }
    if (node->height > EXPR_HEIGHT_MAX)
        return too_deep(parser);
    *ret_node = node;
    return 0;
}

int parse_pipe(Parser *parser, Node **ret_node) {
    return parse_parts(parser, HOLD_COMMA, ret_node);
}

int parse_without_comma(Parser *parser, Node **ret_node) {
    return parse_parts(parser, HOLD_ALTERNATIVE, ret_node);
}

int expr_parse(Compiler *compiler, Node **ret_root) {
    Parser parser = {.compiler = compiler};
    Node *root;
    int r;

    parser_next(&parser);
    if (parser.token.kind == TOKEN_END) {
        *ret_root = node_new(compiler, NODE_IDENTITY, 0);
        return 0;
    }
    r = parse_pipe(&parser, &root);
    if (r == 0 && parser.token.kind != TOKEN_END)
        r = parser_unexpected(&parser, "behind the end of the program");
    if (r)
        return r;
    *ret_root = root;
    return 0;
}

int expr_parse_function(Compiler *compiler, Function **ret_function) {
    Parser parser = {.compiler = compiler};

    parser_next(&parser);
    CHECK(parser_at_word(&parser, "def"));
    parser_next(&parser);
    return parse_define(&parser, ret_function);
}
