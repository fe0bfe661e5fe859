#pragma once

/*
 * Tree: a program after parsing. Nodes live in the program's own arena and never change once
 * expr_compile() has returned.
 *
 * Words
 *   simple     a node that gives exactly one result or an error, and needs no choice point; it is
 *              evaluated by plain recursion (eval_simple.c) instead of the machine
 *   cell       one binding of the environment at run time: a value, a closure or a choice
 *   depth      how many cells the environment has where a node stands
 *   skip       how many cells lie before the wanted one, counted from the newest
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/expr/expr.h"

typedef struct Node Node;
typedef struct Function Function;
typedef struct Pattern Pattern;
typedef struct Builtin Builtin;

/* What a node is, and which of its fields it uses. */
typedef enum NodeKind {
    NODE_IDENTITY,
    NODE_LITERAL,      /* literal */
    NODE_TEXT,         /* "…\(…)…": parts in a (linked by next); builtin formats each part */
    NODE_FIELD,        /* a.name */
    NODE_INDEX,        /* a[b] */
    NODE_SLICE,        /* a[b:c]; b or c may be NULL */
    NODE_ITERATE,      /* a[] */
    NODE_PIPE,         /* a | b */
    NODE_COMMA,        /* a , b */
    NODE_BINARY,       /* a op b */
    NODE_NEGATE,       /* -a */
    NODE_AND,          /* a and b */
    NODE_OR,           /* a or b */
    NODE_ALTERNATIVE,  /* a // b */
    NODE_ASSIGN,       /* a = b; op says which of the assignments */
    NODE_IF,           /* if a then b else c */
    NODE_TRY,          /* try a catch b; b may be NULL */
    NODE_ARRAY,        /* [a]; a may be NULL */
    NODE_OBJECT,       /* entries in a (NODE_ENTRY, linked by next) */
    NODE_ENTRY,        /* (a): b; a is NULL when name is the key */
    NODE_AS,           /* a as pattern | b; once resolved the pattern is one variable */
    NODE_CHOOSE,       /* alternatives of ?// in a (linked by next), each gives all variables */
    NODE_REDUCE,       /* reduce a as pattern (b; c) */
    NODE_FOREACH,      /* foreach a as pattern (b; c; d); d may be NULL */
    NODE_REDUCE_STEP,  /* the update b of one item, in the scope of its variables */
    NODE_FOREACH_STEP, /* the update b and extract c of one item */
    NODE_DEFINE,       /* def function; a */
    NODE_CALL,         /* name with args in a (linked by next), not yet resolved */
    NODE_FUNCTION,     /* call of function with args in a */
    NODE_CLOSURE,      /* call of a closure parameter, skip */
    NODE_NATIVE,       /* call of builtin with args in a */
    NODE_VARIABLE,     /* $name, skip */
    NODE_CONTEXT,      /* $name of the context, index */
    NODE_LABEL,        /* label $name | a */
    NODE_BREAK,        /* break $name, skip */
    NODE_EMPTY,
    NODE_RANGE,   /* range(a; b; c) over given numbers: args are simple variables */
    NODE_PATH,    /* path(a) */
    NODE_FIRST,   /* first(a) */
    NODE_LIMIT,   /* limit(b; a): b is simple */
    NODE_GETPATH, /* getpath(a): a is simple */
    NODE_MAP,     /* [.[] | a] with a simple */
    _NODE_KIND_COUNT,
} NodeKind;

#define BINARY_OPS(X)                                                                              \
    X(BINARY_ADD, "+", "added")                                                                    \
    X(BINARY_SUBTRACT, "-", "subtracted")                                                          \
    X(BINARY_MULTIPLY, "*", "multiplied")                                                          \
    X(BINARY_DIVIDE, "/", "divided")                                                               \
    X(BINARY_REMAINDER, "%", "divided (remainder)")                                                \
    X(BINARY_EQUAL, "==", "compared")                                                              \
    X(BINARY_UNEQUAL, "!=", "compared")                                                            \
    X(BINARY_LESS, "<", "compared")                                                                \
    X(BINARY_LESS_EQUAL, "<=", "compared")                                                         \
    X(BINARY_GREATER, ">", "compared")                                                             \
    X(BINARY_GREATER_EQUAL, ">=", "compared")

#define BINARY_VALUE(name, spelling, participle) name,
typedef enum BinaryOp { BINARY_OPS(BINARY_VALUE) _BINARY_OP_COUNT } BinaryOp;

/* `op` of NODE_ASSIGN: a BinaryOp for `+=` and its like, or one of these. */
enum {
    ASSIGN_SET = _BINARY_OP_COUNT, /* =   */
    ASSIGN_UPDATE,                 /* |=  */
    ASSIGN_ALTERNATIVE,            /* //= */
};

struct Node {
    uint8_t kind;
    uint8_t op; /* of NODE_BINARY and NODE_ASSIGN; in steps of a path: whether `?` follows */
    bool is_simple;
    bool is_resolved;
    bool is_path;    /* only walks down from its input: its result is a part of it */
    uint16_t height; /* of the tree below */
    uint32_t offset; /* in the program, or in the builtin's own text */
    uint32_t skip;
    Node *a;
    Node *b;
    Node *c;
    Node *d;
    Node *next;
    Str name;
    Json literal;
    union {
        Pattern *pattern;
        Function *function;
        const Builtin *builtin;
    };
};

typedef struct Parameter {
    Str name;
    bool is_value; /* $name */
} Parameter;

struct Function {
    Str name;
    Parameter *parameters;
    uint32_t parameter_count;
    uint32_t depth; /* of the environment where it is defined */
    bool is_top;    /* a builtin written in jq: its environment is empty */
    bool is_resolved;
    uint32_t walk_count; /* used by refs while they are collected */
    Node *body;
};

/* What stands behind `as`. */
typedef enum PatternKind {
    PATTERN_VARIABLE, /* $name */
    PATTERN_ARRAY,    /* [parts] */
    PATTERN_OBJECT,   /* {parts} */
} PatternKind;

struct Pattern {
    PatternKind kind;
    uint32_t offset;
    Str name;       /* of a variable; of an object part written {$name} or {$name: …} */
    Node *key;      /* of an object part */
    Pattern *value; /* of an object part; NULL when only $name is bound */
    Pattern *parts; /* linked by next; parts of objects have kind PATTERN_OBJECT and a key */
    Pattern *next;
    Pattern *otherwise; /* the next alternative, behind ?// */
};

struct Expr {
    Arena arena;
    Str source;
    const Node *root;
    const ExprRef *refs;
    size_t ref_count;
    size_t name_count;
};
