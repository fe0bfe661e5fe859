#pragma once

/*
 * Expr: jq programs, compiled once, evaluated within budgets.
 *
 * The language is jq's; what touches the outside (env, $ENV, input, inputs, debug, stderr,
 * input_filename, input_line_number, halt, halt_error, import, include, modulemeta,
 * get_search_list) is refused when it is compiled, with a message that says why. Everything that an
 * evaluation may see comes with it: the input value, the named variables and the time that `now`
 * gives. The same program, input and context always give the same results.
 *
 * Words
 *   program   source text, compiled; immutable, may be shared by threads
 *   budget    what one evaluation may use; passing it ends the evaluation with a named refusal
 *   ref       a static path that the program reads from its input (".steps.a.output")
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/str.h"
#include "common/json/json.h"

enum {
    EXPR_E_SYNTAX = 1, /* not a jq program; see the mistake */
    EXPR_E_UNKNOWN,    /* no such function or variable */
    EXPR_E_FORBIDDEN,  /* touches the outside */
    EXPR_E_TOO_LARGE,  /* source longer than 8 KiB, or nested too deeply */
    EXPR_E_RUNTIME,    /* the program raised an error; its message is in the mistake */
    EXPR_E_STEPS,      /* budgets, in the order of ExprBudget */
    EXPR_E_BYTES,
    EXPR_E_DEPTH,
    EXPR_E_OUTPUTS,
    EXPR_E_REGEX,
    EXPR_E_COUNT, /* expr_eval_one(): not exactly one result */
};

typedef struct Expr Expr;

typedef struct ExprMistake {
    int code;        /* EXPR_E_… */
    size_t offset;   /* byte in the source where it was found; 0 for run-time mistakes */
    uint32_t line;   /* from 1 */
    uint32_t column; /* from 1 */
    char message[200];
    Json value; /* what `error(value)` raised, in the evaluation's arena; else null */
} ExprMistake;

/* names: variables the context will define, without "$" ("__loc__" is always there). */
int expr_compile(Str source, const Str *names, size_t name_count, Expr **ret_expr,
                 ExprMistake *ret_mistake);
Expr *expr_free(Expr *expr);
CLEANUP_POINTER(Expr, expr_free);

Str expr_source(const Expr *expr);

/*
 * Where a `${ … }` ends: text starts behind "${"; returns the index of the closing brace as jq's
 * lexer sees it (braces in strings, comments and objects do not count), or -1 when there is none.
 */
ptrdiff_t expr_find_end(Str text);

/* One static path. At most EXPR_REF_NAMES_MAX leading names; later parts do not matter. */
#define EXPR_REF_NAMES_MAX 4

typedef struct ExprRef {
    Str names[EXPR_REF_NAMES_MAX]; /* {"steps","customer","output"} */
    uint32_t name_count;           /* 0: the program reads its whole input */
    size_t offset;                 /* in the source */
} ExprRef;

/* Borrowed from the program; each different path once. */
const ExprRef *expr_refs(const Expr *expr, size_t *ret_count);

typedef struct ExprBudget {
    uint32_t steps_max; /* evaluation steps */
    size_t bytes_max;   /* arena bytes */
    uint32_t depth_max; /* unfinished parts of the program, and nesting of values on the way */
    uint32_t outputs_max;
    size_t result_bytes_max; /* text of one result that is no plain part of the input; 0: none */
} ExprBudget;

/* Results nest no deeper than this. */
#define EXPR_NESTING_MAX 256u

#define EXPR_BUDGET_DEFAULT                                                                        \
    ((ExprBudget){.steps_max = 100000,                                                             \
                  .bytes_max = 16u << 20,                                                          \
                  .depth_max = 1000,                                                               \
                  .outputs_max = 1000,                                                             \
                  .result_bytes_max = 1u << 20})

typedef struct ExprContext {
    int64_t now_ms;     /* what `now` gives */
    const Json *values; /* one for each name given to expr_compile(), in its order */
    ExprBudget budget;
    Arena *arena; /* results live in it; they may share parts of the input and of the program */
} ExprContext;

/* All results in order; on refusal those that came before it. */
int expr_eval(const Expr *expr, const Json *input, const ExprContext *context,
              JsonArray *ret_results, ExprMistake *ret_mistake);

/* Exactly one result, or EXPR_E_COUNT. */
int expr_eval_one(const Expr *expr, const Json *input, const ExprContext *context, Json *ret_result,
                  ExprMistake *ret_mistake);

const char *expr_code_name(int code); /* "SYNTAX", "STEPS", … for messages and tests */
