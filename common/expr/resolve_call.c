/* Which function a call means, and which nodes are simple. */

#include <string.h>

#include "common/base/check.h"
#include "common/expr/builtin_private.h"
#include "common/expr/resolve_private.h"

/* Builtins written in jq that this program needs, each parsed and resolved once. */
typedef struct Loaded Loaded;
struct Loaded {
    Loaded *older;
    Function *function;
};

static size_t arg_count(const Node *call) {
    size_t count = 0;

    for (const Node *arg = call->a; arg != NULL; arg = arg->next)
        count++;
    return count;
}

static Node *arg_take(Node *call) {
    Node *arg = call->a;

    call->a = arg->next;
    arg->next = NULL;
    return arg;
}

/* Evaluated without a binding: its cost is nothing, and it gives one result. */
static bool is_plain(const Node *node) {
    return node->kind == NODE_LITERAL || node->kind == NODE_VARIABLE;
}

/* A node that wants values: what is not plain is bound to a hidden variable first. */
static Node *bind_plain(Compiler *compiler, Node **slot) {
    Node *source = *slot;

    if (is_plain(source))
        return NULL;
    *slot = pattern_hidden(compiler);
    return pattern_bind(compiler, source, (*slot)->name, *slot);
}

/* Wraps node in the bindings, the first one outermost. */
static Node *wrap(Node *node, Node *const *bindings, size_t count) {
    while (count-- > 0) {
        if (bindings[count] == NULL)
            continue;
        bindings[count]->b = node;
        node = bindings[count];
    }
    return node;
}

/* range(to), range(from; to), range(from; to; by) */
static Node *make_range(Compiler *compiler, Node *call) {
    Node *range = node_new(compiler, NODE_RANGE, call->offset), *bindings[3];
    Node *first = arg_take(call);

    range->a = node_literal(compiler, json_number(0), call->offset);
    range->c = node_literal(compiler, json_number(1), call->offset);
    if (call->a == NULL) {
        range->b = first;
    } else {
        range->a = first;
        range->b = arg_take(call);
    }
    if (call->a != NULL)
        range->c = arg_take(call);
    bindings[0] = bind_plain(compiler, &range->a);
    bindings[1] = bind_plain(compiler, &range->b);
    bindings[2] = bind_plain(compiler, &range->c);
    return wrap(range, bindings, ARRAY_SIZE(bindings));
}

static Node *make_limit(Compiler *compiler, Node *call) {
    Node *limit = node_new(compiler, NODE_LIMIT, call->offset), *binding;

    limit->b = arg_take(call);
    limit->a = arg_take(call);
    binding = bind_plain(compiler, &limit->b);
    return wrap(limit, &binding, 1);
}

static Node *make_getpath(Compiler *compiler, Node *call) {
    Node *node = node_new(compiler, NODE_GETPATH, call->offset), *binding;

    node->a = arg_take(call);
    binding = bind_plain(compiler, &node->a);
    return wrap(node, &binding, 1);
}

static Node *make_select(Compiler *compiler, Node *call) {
    Node *node = node_unary(compiler, NODE_IF, arg_take(call), call->offset);

    node->b = node_new(compiler, NODE_IDENTITY, call->offset);
    node->c = node_new(compiler, NODE_EMPTY, call->offset);
    return node;
}

static Node *make_map(Compiler *compiler, Node *call) {
    Node *identity = node_new(compiler, NODE_IDENTITY, call->offset);
    Node *each = node_unary(compiler, NODE_ITERATE, identity, call->offset);

    return node_unary(compiler, NODE_ARRAY, node_pair(compiler, NODE_PIPE, each, arg_take(call)),
                      call->offset);
}

static Node *make_path(Compiler *compiler, Node *call) {
    return node_unary(compiler, NODE_PATH, arg_take(call), call->offset);
}

static Node *make_first(Compiler *compiler, Node *call) {
    return node_unary(compiler, NODE_FIRST, arg_take(call), call->offset);
}

/* .[index]: a path, so that `first = 1` works. */
static Node *make_element(Compiler *compiler, const Node *call, double index) {
    Node *identity = node_new(compiler, NODE_IDENTITY, call->offset);

    return node_pair(compiler, NODE_INDEX, identity,
                     node_literal(compiler, json_number(index), call->offset));
}

static Node *make_first_element(Compiler *compiler, Node *call) {
    return make_element(compiler, call, 0);
}

static Node *make_last_element(Compiler *compiler, Node *call) {
    return make_element(compiler, call, -1);
}

static Node *make_empty(Compiler *compiler, Node *call) {
    return node_new(compiler, NODE_EMPTY, call->offset);
}

/* Functions that the machine itself knows. */
static const struct {
    const char *name;
    size_t arity;
    Node *(*make)(Compiler *compiler, Node *call);
} forms[] = {
    {"empty",   0, make_empty        },
    {"first",   0, make_first_element},
    {"last",    0, make_last_element },
    {"first",   1, make_first        },
    {"getpath", 1, make_getpath      },
    {"limit",   2, make_limit        },
    {"map",     1, make_map          },
    {"path",    1, make_path         },
    {"range",   1, make_range        },
    {"range",   2, make_range        },
    {"range",   3, make_range        },
    {"select",  1, make_select       },
};

/* Whether two names are one letter apart: one changed, one more or one less. */
static bool is_near(Str a, Str b) {
    size_t same = 0;

    if (a.length > b.length)
        return is_near(b, a);
    if (b.length - a.length > 1 || b.length < 3)
        return false;
    while (same < a.length && a.data[same] == b.data[same])
        same++;
    a = str_slice(a, same, a.length);
    b = str_slice(b, same, b.length);
    if (str_equal(a, str_slice(b, 1, b.length)))
        return true;
    return a.length == b.length && str_equal(str_slice(a, 1, a.length), str_slice(b, 1, b.length));
}

typedef struct Near {
    Str wanted;
    size_t arity;
    Str name;
    uint32_t name_arity;
} Near;

/* The same name with another count of arguments, else a name that is nearly the same. */
static void look_near(void *context, Str name, uint32_t arity) {
    Near *near = context;

    if (name.data[0] == '_')
        return;
    if (str_equal(near->wanted, name) || (near->name.length == 0 && is_near(near->wanted, name))) {
        near->name = name;
        near->name_arity = arity;
    }
}

static int refuse_unknown(Compiler *compiler, const Node *call, size_t arity) {
    Near near = {.wanted = call->name, .arity = arity};
    int shown = (int)MIN(call->name.length, (size_t)60);

    if (call->name.length > 0 && call->name.data[0] == '@')
        return expr_refuse(compiler, EXPR_E_UNKNOWN, call->offset, "no format named %.*s", shown,
                           call->name.data);
    builtin_names(look_near, &near);
    for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
        look_near(&near, str_of(forms[i].name), (uint32_t)forms[i].arity);
    if (near.name.length > 0)
        return expr_refuse(compiler, EXPR_E_UNKNOWN, call->offset,
                           "no function named %.*s/%zu; is %.*s/%u meant?", shown, call->name.data,
                           arity, STR_ARGS(near.name), near.name_arity);
    return expr_refuse(compiler, EXPR_E_UNKNOWN, call->offset, "no function named %.*s/%zu", shown,
                       call->name.data, arity);
}

/* The builtin's text is parsed and resolved where nothing but builtins is known. */
static int load(Compiler *compiler, const char *text, Function **ret_function) {
    Compiler inner = *compiler;
    Loaded *loaded = arena_zero(compiler->arena, sizeof *loaded);
    Function *function;
    int r;

    inner.text = str_of(text);
    inner.is_builtin = true;
    inner.nesting = 0;
    r = expr_parse_function(&inner, &function);
    CHECK(r == 0);
    function->is_top = true;
    loaded->function = function;
    loaded->older = inner.loaded;
    inner.loaded = loaded;
    r = resolve_function(&inner, function, &(Place){0});
    CHECK(r == 0);
    compiler->loaded = inner.loaded;
    compiler->hidden_count = inner.hidden_count;
    *ret_function = function;
    return 0;
}

static Function *loaded_find(const Compiler *compiler, Str name, size_t arity) {
    for (const Loaded *loaded = compiler->loaded; loaded != NULL; loaded = loaded->older) {
        if (loaded->function->parameter_count == arity && str_equal(loaded->function->name, name))
            return loaded->function;
    }
    return NULL;
}

static int resolve_args(Compiler *compiler, Node *call, const Place *place) {
    int r = 0;

    for (Node *arg = call->a; arg != NULL && r == 0; arg = arg->next)
        r = resolve_node(compiler, arg, place);
    return r;
}

/* A function of the program. false: there is none. */
static bool resolve_own(Node *node, const Place *place, const Scope *scope) {
    if (scope == NULL)
        return false;
    if (scope->kind == SCOPE_CLOSURE) {
        node->kind = NODE_CLOSURE;
        node->skip = place->depth - scope->depth - 1;
    } else {
        node->kind = NODE_FUNCTION;
        node->function = scope->function;
        node->skip = scope->function->is_top ? 0 : place->depth - scope->function->depth;
    }
    return true;
}

static Node *find_form(Compiler *compiler, Node *node, size_t arity) {
    for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
        if (forms[i].arity == arity && str_is(node->name, forms[i].name))
            return forms[i].make(compiler, node);
    }
    return NULL;
}

static int resolve_builtin(Compiler *compiler, Node *node, const Place *place, size_t arity) {
    const char *text = builtin_forbidden(node->name);
    Node *form;

    if (text != NULL)
        return expr_refuse(compiler, EXPR_E_FORBIDDEN, node->offset, "%.*s is not available: %s",
                           STR_ARGS(node->name), text);
    form = find_form(compiler, node, arity);
    if (form != NULL) {
        *node = *form;
        return resolve_node(compiler, node, place);
    }
    node->builtin = builtin_find(node->name, arity);
    if (node->builtin != NULL) {
        node->kind = NODE_NATIVE;
        return resolve_args(compiler, node, place);
    }
    node->function = loaded_find(compiler, node->name, arity);
    text = node->function ? NULL : library_find(node->name, arity);
    if (text != NULL)
        load(compiler, text, &node->function);
    if (node->function == NULL)
        return refuse_unknown(compiler, node, arity);
    node->kind = NODE_FUNCTION;
    return resolve_args(compiler, node, place);
}

int resolve_call(Compiler *compiler, Node *node, const Place *place, const Place *names) {
    size_t arity = arg_count(node);
    const Scope *scope = scope_find(names->scope, SCOPE_FUNCTION, node->name, (uint32_t)arity);

    node->op = 0;
    if (resolve_own(node, place, scope))
        return resolve_args(compiler, node, place);
    return resolve_builtin(compiler, node, place, arity);
}

static bool all_simple(const Node *list) {
    for (; list != NULL; list = list->next) {
        if (!list->is_simple)
            return false;
    }
    return true;
}

static bool children_simple(const Node *node) {
    return all_simple(node->a) && all_simple(node->b) && all_simple(node->c) && all_simple(node->d);
}

/* Commas of simple nodes are collected without choice points. */
static bool is_list(const Node *node) {
    return node->is_simple || (node->kind == NODE_COMMA && is_list(node->a) && is_list(node->b));
}

/* [.[] | f] with a simple f needs no choice points either. */
static void classify_array(Node *node) {
    const Node *a = node->a;

    if (a != NULL && a->kind == NODE_PIPE && a->a->kind == NODE_ITERATE && a->a->op == 0 &&
        a->a->a->is_simple && a->b->is_simple) {
        node->kind = NODE_MAP;
        node->b = a->b;
        node->a = a->a->a;
        node->is_simple = true;
        return;
    }
    node->is_simple = a == NULL || is_list(a);
}

/* Simple when all their children are. */
static const bool follows[_NODE_KIND_COUNT] = {
    [NODE_IDENTITY] = true, [NODE_LITERAL] = true, [NODE_TEXT] = true,
    [NODE_FIELD] = true,    [NODE_INDEX] = true,   [NODE_SLICE] = true,
    [NODE_PIPE] = true,     [NODE_BINARY] = true,  [NODE_NEGATE] = true,
    [NODE_AND] = true,      [NODE_OR] = true,      [NODE_ALTERNATIVE] = true,
    [NODE_IF] = true,       [NODE_OBJECT] = true,  [NODE_ENTRY] = true,
    [NODE_AS] = true,       [NODE_NATIVE] = true,  [NODE_VARIABLE] = true,
    [NODE_CONTEXT] = true,  [NODE_GETPATH] = true,
};

static bool is_walk(const Node *node) {
    if (node->kind == NODE_IDENTITY)
        return true;
    if (node->kind == NODE_FIELD)
        return node->a->is_path;
    if (node->kind == NODE_PIPE)
        return node->a->is_path && node->b->is_path;
    return node->kind == NODE_INDEX && node->a->is_path && node->b->kind == NODE_LITERAL &&
           json_is(&node->b->literal, JSON_NUMBER);
}

static bool is_optional(const Node *node) {
    return node->op != 0 &&
           (node->kind == NODE_FIELD || node->kind == NODE_INDEX || node->kind == NODE_SLICE);
}

void node_classify(Node *node) {
    node->is_path = is_walk(node) && !is_optional(node);
    if (node->kind == NODE_ARRAY)
        classify_array(node);
    else if (node->kind == NODE_TRY)
        /* Without a handler an error leaves no result at all. */
        node->is_simple = node->b != NULL && children_simple(node);
    else if (node->kind == NODE_DEFINE)
        node->is_simple = node->a->is_simple;
    else if (node->kind != NODE_MAP)
        node->is_simple = follows[node->kind] && !is_optional(node) && children_simple(node);
}
