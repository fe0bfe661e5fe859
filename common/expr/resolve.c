/*
 * Names to places: variables and closures become distances in the environment, calls find their
 * function, and what is written shortly (`|=`, `select`, patterns) is unfolded.
 */

#include <string.h>

#include "common/base/check.h"
#include "common/expr/builtin_private.h"
#include "common/expr/resolve_private.h"

const Scope *scope_find(const Scope *scope, ScopeKind kind, Str name, uint32_t arity) {
    for (; scope != NULL; scope = scope->older) {
        bool is_callable = scope->kind == SCOPE_FUNCTION || scope->kind == SCOPE_CLOSURE;
        bool wants_callable = kind == SCOPE_FUNCTION;

        if (is_callable != wants_callable || (!wants_callable && scope->kind != kind))
            continue;
        if (scope->arity == arity && str_equal(scope->name, name))
            return scope;
    }
    return NULL;
}

/* A binding of name at the place; the place behind it. */
Place place_bind(const Place *place, Scope *scope, ScopeKind kind, Str name) {
    *scope = (Scope){.older = place->scope, .kind = kind, .name = name, .depth = place->depth};
    return (Place){.scope = scope, .depth = place->depth + 1};
}

static int resolve_variable(Compiler *compiler, Node *node, const Place *place) {
    const Scope *scope = scope_find(place->scope, SCOPE_VARIABLE, node->name, 0);

    if (scope != NULL) {
        node->skip = place->depth - scope->depth - 1;
        return 0;
    }
    if (str_is(node->name, "__loc__")) {
        JsonObject object = {.arena = compiler->arena};
        int64_t line = 1;

        for (uint32_t i = 0; i < node->offset; i++)
            line += compiler->text.data[i] == '\n';
        json_add(&object, STR("file"), json_string(STR("<top-level>")));
        json_add(&object, STR("line"), json_integer(compiler->arena, line));
        node->kind = NODE_LITERAL;
        node->literal = json_object_done(&object);
        return 0;
    }
    for (size_t i = 0; i < compiler->name_count && !compiler->is_builtin; i++) {
        if (str_equal(compiler->names[i], node->name)) {
            node->kind = NODE_CONTEXT;
            node->skip = (uint32_t)i;
            return 0;
        }
    }
    if (str_is(node->name, "ENV"))
        return expr_refuse(compiler, EXPR_E_FORBIDDEN, node->offset, "$ENV is not available: %s",
                           builtin_forbidden(STR("env")));
    return expr_refuse(compiler, EXPR_E_UNKNOWN, node->offset, "no variable named $%.*s",
                       STR_ARGS(node->name));
}

static int resolve_as(Compiler *compiler, Node *node, const Place *place) {
    const Pattern *pattern = node->pattern;
    Scope scope;
    Place inner;
    int r;

    if (pattern->kind != PATTERN_VARIABLE || pattern->otherwise != NULL) {
        *node = *pattern_unfold(compiler, node->a, pattern, node->b);
        pattern = node->pattern;
    }
    r = resolve_node(compiler, node->a, place);
    if (r)
        return r;
    inner = place_bind(place, &scope, SCOPE_VARIABLE, pattern->name);
    return resolve_node(compiler, node->b, &inner);
}

/* Behind the choice the array of what was found is bound to the node's own name. */
static int resolve_choose(Compiler *compiler, Node *node, const Place *place) {
    Scope scope;
    Place inner = place_bind(place, &scope, SCOPE_VARIABLE, node->name);
    int r = 0;

    for (Node *way = node->a; way != NULL && r == 0; way = way->next)
        r = resolve_node(compiler, way, place);
    return r ? r : resolve_node(compiler, node->b, &inner);
}

/*
 * For each item the environment gets the choice that holds the state, then the item. The step of
 * the item, within the scope of the variables that the pattern takes from it, is kept in d.
 */
static int resolve_fold(Compiler *compiler, Node *node, const Place *place) {
    NodeKind kind = node->kind == NODE_REDUCE ? NODE_REDUCE_STEP : NODE_FOREACH_STEP;
    Node *step = node_new(compiler, kind, node->offset);
    const Pattern *pattern = node->pattern;
    Scope state, item;
    Place inner;
    int r;

    step->b = node->c;
    step->c = node->d;
    r = resolve_node(compiler, node->a, place);
    if (r == 0)
        r = resolve_node(compiler, node->b, place);
    if (r)
        return r;
    /* The state is found by its name, which no program can say. */
    inner = place_bind(place, &state, SCOPE_STATE, STR("state"));
    if (pattern->kind == PATTERN_VARIABLE && pattern->otherwise == NULL) {
        inner = place_bind(&inner, &item, SCOPE_VARIABLE, pattern->name);
        node->d = step;
    } else {
        Node *hidden = pattern_hidden(compiler);

        inner = place_bind(&inner, &item, SCOPE_VARIABLE, hidden->name);
        node->d = pattern_unfold(compiler, hidden, pattern, step);
    }
    return resolve_node(compiler, node->d, &inner);
}

static int resolve_step(Compiler *compiler, Node *node, const Place *place) {
    const Scope *state = scope_find(place->scope, SCOPE_STATE, STR("state"), 0);
    int r;

    CHECK(state != NULL);
    node->skip = place->depth - state->depth - 1;
    r = resolve_node(compiler, node->b, place);
    if (r == 0 && node->c != NULL)
        r = resolve_node(compiler, node->c, place);
    return r;
}

static int resolve_label(Compiler *compiler, Node *node, const Place *place) {
    Scope scope;
    Place inner = place_bind(place, &scope, SCOPE_LABEL, node->name);

    return resolve_node(compiler, node->a, &inner);
}

static int resolve_break(Compiler *compiler, Node *node, const Place *place) {
    const Scope *scope = scope_find(place->scope, SCOPE_LABEL, node->name, 0);

    if (scope == NULL)
        return expr_refuse(compiler, EXPR_E_UNKNOWN, node->offset, "no label named $%.*s",
                           STR_ARGS(node->name));
    node->skip = place->depth - scope->depth - 1;
    return 0;
}

int resolve_function(Compiler *compiler, Function *function, const Place *place) {
    Scope own = {.older = place->scope,
                 .kind = SCOPE_FUNCTION,
                 .name = function->name,
                 .arity = function->parameter_count,
                 .function = function};
    Place inner = {.scope = &own, .depth = place->depth};
    Scope *parameters =
        arena_alloc(compiler->arena, (function->parameter_count + 1) * sizeof *parameters);

    function->depth = place->depth;
    for (uint32_t i = 0; i < function->parameter_count; i++)
        inner = place_bind(&inner, &parameters[i], SCOPE_CLOSURE, function->parameters[i].name);
    /* def f($x): body is def f(x): x as $x | body */
    for (uint32_t i = function->parameter_count; i-- > 0;) {
        Str name = function->parameters[i].name;
        Node *call;

        if (!function->parameters[i].is_value)
            continue;
        call = node_new(compiler, NODE_CALL, function->body->offset);
        call->name = name;
        function->body = pattern_bind(compiler, call, name, function->body);
    }
    return resolve_node(compiler, function->body, &inner);
}

static int resolve_define(Compiler *compiler, Node *node, const Place *place) {
    Function *function = node->function;
    Scope scope = {.older = place->scope,
                   .kind = SCOPE_FUNCTION,
                   .name = function->name,
                   .arity = function->parameter_count,
                   .function = function};
    Place inner = {.scope = &scope, .depth = place->depth};
    int r = resolve_function(compiler, function, place);

    return r ? r : resolve_node(compiler, node->a, &inner);
}

static int resolve_text(Compiler *compiler, Node *node, const Place *place) {
    Str name = node->name.length > 0 ? node->name : STR("text");
    BuiltinTable formats = builtin_format();
    int r = 0;

    for (size_t i = 0; i < formats.count; i++) {
        if (str_is(name, formats.entries[i].name + 1))
            node->builtin = &formats.entries[i];
    }
    if (node->builtin == NULL)
        return expr_refuse(compiler, EXPR_E_UNKNOWN, node->offset, "no format named @%.*s",
                           STR_ARGS(name));
    for (Node *part = node->a; part != NULL && r == 0; part = part->next)
        r = resolve_node(compiler, part, place);
    return r;
}

/* a op= b is b as $v | a |= (. op $v); the others call a builtin written in jq. */
static int resolve_assign(Compiler *compiler, Node *node, const Place *place) {
    uint32_t offset = node->offset;
    Node *identity = node_new(compiler, NODE_IDENTITY, offset);
    Node *hidden = pattern_hidden(compiler), *update;

    node->a->next = node->b;
    if (node->op == ASSIGN_SET || node->op == ASSIGN_UPDATE) {
        *node =
            *node_call(compiler, node->op == ASSIGN_SET ? "_assign" : "_modify", node->a, offset);
        return resolve_call(compiler, node, place, &(Place){0});
    }
    if (node->op == ASSIGN_ALTERNATIVE) {
        update = node_pair(compiler, NODE_ALTERNATIVE, identity, hidden);
    } else {
        update = node_pair(compiler, NODE_BINARY, identity, hidden);
        update->op = node->op;
    }
    Node *source = node->b;
    node->a->next = update;
    update = node_call(compiler, "_modify", node->a, offset);
    update->op = 1; /* never the program's own _modify */
    *node = *pattern_bind(compiler, source, hidden->name, update);
    return resolve_as(compiler, node, place);
}

static int resolve_children(Compiler *compiler, Node *node, const Place *place) {
    Node *const children[] = {node->a, node->b, node->c, node->d};
    int r = 0;

    for (size_t i = 0; i < ARRAY_SIZE(children); i++) {
        for (Node *child = children[i]; child != NULL && r == 0; child = child->next)
            r = resolve_node(compiler, child, place);
    }
    return r;
}

static int resolve_kind(Compiler *compiler, Node *node, const Place *place) {
    switch (node->kind) {
    case NODE_CALL:
        return resolve_call(compiler, node, place, node->op ? &(Place){0} : place);
    case NODE_VARIABLE:
        return resolve_variable(compiler, node, place);
    case NODE_AS:
        return resolve_as(compiler, node, place);
    case NODE_CHOOSE:
        return resolve_choose(compiler, node, place);
    case NODE_REDUCE:
    case NODE_FOREACH:
        return resolve_fold(compiler, node, place);
    case NODE_REDUCE_STEP:
    case NODE_FOREACH_STEP:
        return resolve_step(compiler, node, place);
    case NODE_LABEL:
        return resolve_label(compiler, node, place);
    case NODE_BREAK:
        return resolve_break(compiler, node, place);
    case NODE_DEFINE:
        return resolve_define(compiler, node, place);
    case NODE_TEXT:
        return resolve_text(compiler, node, place);
    case NODE_ASSIGN:
        return resolve_assign(compiler, node, place);
    default:
        return resolve_children(compiler, node, place);
    }
}

int resolve_node(Compiler *compiler, Node *node, const Place *place) {
    int r;

    if (node->is_resolved)
        return 0;
    if (++compiler->nesting > RESOLVE_NESTING_MAX)
        return expr_refuse(compiler, EXPR_E_TOO_LARGE, node->offset,
                           "the program is nested too deeply");
    node->is_resolved = true;
    Node *next = node->next;
    r = resolve_kind(compiler, node, place);
    node->next = next;
    compiler->nesting--;
    if (r)
        return r;
    node->is_resolved = true;
    node_classify(node);
    return 0;
}

int expr_resolve(Compiler *compiler, Node *root) {
    return resolve_node(compiler, root, &(Place){0});
}
