#pragma once

/* The resolver's own words, shared by its files. */

#include "common/expr/compile_private.h"

typedef enum ScopeKind {
    SCOPE_VARIABLE,
    SCOPE_CLOSURE, /* a parameter */
    SCOPE_FUNCTION,
    SCOPE_LABEL,
    SCOPE_STATE, /* of reduce and foreach */
} ScopeKind;

/* What a name means, newest first. */
typedef struct Scope Scope;
struct Scope {
    const Scope *older;
    ScopeKind kind;
    uint32_t arity;
    uint32_t depth; /* of its cell in the environment; unused for functions */
    Str name;
    Function *function;
};

typedef struct Place {
    const Scope *scope;
    uint32_t depth; /* cells in the environment */
} Place;

const Scope *scope_find(const Scope *scope, ScopeKind kind, Str name, uint32_t arity);
Place place_bind(const Place *place, Scope *scope, ScopeKind kind, Str name);

int resolve_node(Compiler *compiler, Node *node, const Place *place);
int resolve_function(Compiler *compiler, Function *function, const Place *place);

/* names: where the function is looked for; {0} finds builtins only. */
int resolve_call(Compiler *compiler, Node *node, const Place *place, const Place *names);

/* Sets is_simple and is_path from the children. */
void node_classify(Node *node);
