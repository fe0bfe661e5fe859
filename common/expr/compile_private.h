#pragma once

/* Compiler: what the steps from text to a resolved tree share. */

#include "common/expr/tree_private.h"

/* Deeper trees are refused: every walk over a tree recurses. */
#define EXPR_HEIGHT_MAX 1000

/* One compilation. `mistake` is filled by the first refusal. */
typedef struct Compiler {
    Arena *arena;
    Str text; /* what is parsed now: the program, or the text of a builtin */
    const Str *names;
    size_t name_count;
    ExprMistake *mistake;
    bool is_builtin;       /* text is ours */
    struct Loaded *loaded; /* builtins written in jq that were needed so far */
    uint32_t nesting;
    uint32_t hidden_count; /* variables without a name in the text */
} Compiler;

/* Deeper than a tree as written: patterns unfold into chains of bindings. */
#define RESOLVE_NESTING_MAX 2500

/* Like expr_eval_one(), and says how many steps it took. */
typedef struct ExprSpending {
    ExprContext context;
    uint32_t steps; /* spent */
} ExprSpending;

int expr_eval_spending(const Expr *expr, const Json *input, ExprSpending *spending,
                       Json *ret_result, ExprMistake *ret_mistake);

/* Line and column of the mistake's offset. */
void expr_locate(Str source, ExprMistake *mistake);

/* Each returns a refusal that it has described in the mistake. */
int expr_refuse(Compiler *compiler, int code, size_t offset, const char *format, ...)
    _printf_(4, 5);
int expr_parse(Compiler *compiler, Node **ret_root);
int expr_parse_function(Compiler *compiler, Function **ret_function); /* one `def` */
int expr_resolve(Compiler *compiler, Node *root);

/* `source as pattern | rest`, with patterns taken apart into plain variables. */
Node *pattern_unfold(Compiler *compiler, Node *source, const Pattern *pattern, Node *rest);
Node *pattern_hidden(Compiler *compiler); /* a variable that no program can name */
Node *pattern_bind(Compiler *compiler, Node *source, Str name, Node *rest);
void expr_collect_refs(Compiler *compiler, const Node *root, Expr *expr);

Node *node_new(Compiler *compiler, NodeKind kind, uint32_t offset);
Node *node_unary(Compiler *compiler, NodeKind kind, Node *a, uint32_t offset);
Node *node_pair(Compiler *compiler, NodeKind kind, Node *a, Node *b);
Node *node_literal(Compiler *compiler, Json value, uint32_t offset);
Node *node_call(Compiler *compiler, const char *name, Node *args, uint32_t offset);
void node_measure(Node *node); /* sets height from the children */
