#pragma once

/*
 * Builtin: functions of the language written in C. Arguments are given as values: each combination
 * of the results of the programs that stand as arguments is one call.
 */

#include "common/expr/value_private.h"

#define BUILTIN_ARGS_MAX 3

typedef int (*BuiltinFn)(Machine *machine, const Json *input, const Json *args, Json *ret_value);

struct Builtin {
    const char *name;
    uint32_t arity;
    BuiltinFn fn;
    bool is_free; /* does not look at its input */
};

typedef struct BuiltinTable {
    const Builtin *entries;
    size_t count;
} BuiltinTable;

BuiltinTable builtin_math(void);
BuiltinTable builtin_text(void);
BuiltinTable builtin_list(void);
BuiltinTable builtin_path(void);
BuiltinTable builtin_regex(void);
BuiltinTable builtin_time(void);
BuiltinTable builtin_format(void); /* @text and its like; the input is the value */

const Builtin *builtin_find(Str name, size_t arity); /* of all tables */

/* Why a name is refused, or NULL. */
const char *builtin_forbidden(Str name);

/* Calls fn with each name; for suggestions and `builtins`. */
typedef void (*BuiltinNameFn)(void *context, Str name, uint32_t arity);
void builtin_names(BuiltinNameFn fn, void *context);

/* Functions written in the language itself: the text of one `def`, or NULL. */
const char *library_find(Str name, size_t arity);
void library_names(BuiltinNameFn fn, void *context);
