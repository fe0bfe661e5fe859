/*
 * Which static paths a program reads from its input, found by evaluating it without values: a value
 * is the input, a part of it with known names, or something else. A name is never missed: wherever
 * the names cannot be known, the path ends, and the reader must expect everything below it.
 *
 * Words
 *   trace   what may be known of a value: a set of paths of the input; empty for other values
 *   use     a path is read: it is recorded
 *   closed  a path whose further names are unknown
 */

#include <string.h>

#include "common/base/check.h"
#include "common/expr/builtin_private.h"
#include "common/expr/compile_private.h"

/* More work than this, and the program is taken to read everything. */
#define WALKS_MAX 20000

/* How often a function is walked inside itself, as in map_values(map_values(…)). */
#define FUNCTION_WALKS_MAX 3u

/* A path that came up. What is neither read nor gone down is read all the same: in `.a | 1`. */
typedef struct Made Made;
typedef struct Trace Trace;

struct Made {
    Made *older;
    const Trace *trace;
    bool is_done;
    size_t offset;
};

struct Trace {
    const Trace *other; /* further paths of the set */
    Made *made;
    Str names[EXPR_REF_NAMES_MAX];
    uint32_t name_count;
    bool is_closed;
};

/* The environment of the walk mirrors that of the evaluation. */
typedef struct Known Known;
struct Known {
    const Known *older;
    const Trace *trace;
    const Node *node; /* of a closure */
    const Known *env;
};

typedef struct Walk {
    Arena arena; /* of the walk itself */
    Arena *keep; /* of the program */
    ExprRef *refs;
    uint32_t count;
    uint32_t capacity;
    uint32_t walks;
    Made *made;
    size_t offset; /* in the program, of the call whose builtin is walked */
    uint32_t builtin_depth;
    uint32_t depth;
} Walk;

static const Trace *walk_node(Walk *walk, const Node *node, const Trace *input, const Known *env);

static bool same_names(const ExprRef *ref, const Trace *trace) {
    if (ref->name_count != trace->name_count)
        return false;
    for (uint32_t i = 0; i < ref->name_count; i++) {
        if (!str_equal(ref->names[i], trace->names[i]))
            return false;
    }
    return true;
}

static void record(Walk *walk, const Trace *trace, size_t offset) {
    ExprRef *ref;

    for (uint32_t i = 0; i < walk->count; i++) {
        if (same_names(&walk->refs[i], trace))
            return;
    }
    if (walk->count == walk->capacity) {
        uint32_t capacity = MAX(walk->capacity * 2, 4u);

        walk->refs = arena_grow(walk->keep, walk->refs, walk->count * sizeof *walk->refs,
                                capacity * sizeof *walk->refs);
        walk->capacity = capacity;
    }
    ref = &walk->refs[walk->count++];
    *ref = (ExprRef){.name_count = trace->name_count, .offset = offset};
    memcpy(ref->names, trace->names, sizeof ref->names);
}

static size_t offset_of(const Walk *walk, const Node *node) {
    return walk->builtin_depth > 0 ? walk->offset : node->offset;
}

static void done(const Trace *trace) {
    if (trace->made != NULL)
        trace->made->is_done = true;
}

/* Every path of the set is read. */
static void use(Walk *walk, const Trace *trace, const Node *node) {
    for (; trace != NULL; trace = trace->other) {
        done(trace);
        record(walk, trace, offset_of(walk, node));
    }
}

static void make(Walk *walk, Trace *trace, const Node *node) {
    Made *made = arena_zero(&walk->arena, sizeof *made);

    made->older = walk->made;
    made->trace = trace;
    made->offset = offset_of(walk, node);
    trace->made = made;
    walk->made = made;
}

static const Trace *both(Walk *walk, const Trace *a, const Trace *b) {
    if (a == b || b == NULL)
        return a;
    for (; a != NULL; a = a->other) {
        Trace *copy = arena_copy(&walk->arena, a, sizeof *a);

        copy->other = b;
        b = copy;
    }
    return b;
}

/* The member with the name, or any member, of each path of the set. */
static const Trace *below(Walk *walk, const Trace *trace, const Str *name, const Node *node) {
    const Trace *result = NULL;

    for (; trace != NULL; trace = trace->other) {
        Trace *copy = arena_copy(&walk->arena, trace, sizeof *trace);

        done(trace);
        make(walk, copy, node);
        if (!copy->is_closed && name != NULL && copy->name_count < EXPR_REF_NAMES_MAX)
            copy->names[copy->name_count++] = *name;
        else
            copy->is_closed = true;
        copy->other = result;
        result = copy;
    }
    return result;
}

static const Known *known_at(const Known *env, uint32_t skip) {
    while (skip-- > 0)
        env = env->older;
    return env;
}

static const Known *bind(Walk *walk, const Known *env, const Trace *trace) {
    Known *known = arena_zero(&walk->arena, sizeof *known);

    known->older = env;
    known->trace = trace;
    return known;
}

/* The value of a node is needed, whatever it is. */
static void read_node(Walk *walk, const Node *node, const Trace *input, const Known *env) {
    if (node != NULL)
        use(walk, walk_node(walk, node, input, env), node);
}

static void read_children(Walk *walk, const Node *node, const Trace *input, const Known *env) {
    const Node *const children[] = {node->a, node->b, node->c};

    for (size_t i = 0; i < ARRAY_SIZE(children); i++) {
        for (const Node *child = children[i]; child != NULL; child = child->next)
            read_node(walk, child, input, env);
    }
}

static const Trace *walk_index(Walk *walk, const Node *node, const Trace *input, const Known *env) {
    const Trace *target = walk_node(walk, node->a, input, env);

    if (node->b != NULL && node->b->kind == NODE_LITERAL &&
        json_is(&node->b->literal, JSON_STRING)) {
        Str name = json_str(&node->b->literal);

        return below(walk, target, &name, node);
    }
    read_node(walk, node->b, input, env);
    read_node(walk, node->c, input, env);
    return below(walk, target, NULL, node);
}

/* Reduce and foreach: the state may be anything that the init or an earlier update gave. */
static const Trace *walk_fold(Walk *walk, const Node *node, const Trace *input, const Known *env) {
    const Trace *items = walk_node(walk, node->a, input, env);
    const Trace *init = walk_node(walk, node->b, input, env);
    const Trace *result;

    use(walk, init, node->b);
    env = bind(walk, env, NULL); /* the state */
    env = bind(walk, env, items);
    result = walk_node(walk, node->d, NULL, env);
    use(walk, result, node);
    /* What was used covers everything below it. */
    return NULL;
}

static const Trace *walk_step(Walk *walk, const Node *node, const Known *env) {
    const Trace *state = walk_node(walk, node->b, NULL, env);

    use(walk, state, node->b);
    return node->c ? walk_node(walk, node->c, NULL, env) : NULL;
}

/* A call inside itself: its input is taken as read, so that everything below is covered. */
static const Trace *walk_again(Walk *walk, const Node *node, const Trace *input, const Known *env) {
    static const Trace everything = {.name_count = 0};

    use(walk, input, node);
    for (const Node *arg = node->a; arg != NULL; arg = arg->next) {
        if (arg->kind != NODE_CLOSURE)
            use(walk, &everything, node);
    }
    (void)env;
    return NULL;
}

static const Trace *walk_function(Walk *walk, const Node *node, const Trace *input,
                                  const Known *env) {
    Function *function = node->function;
    const Known *inner = function->is_top ? NULL : known_at(env, node->skip);
    const Trace *result;
    bool is_builtin = function->is_top;

    if (function->walk_count >= FUNCTION_WALKS_MAX)
        return walk_again(walk, node, input, env);
    for (const Node *arg = node->a; arg != NULL; arg = arg->next) {
        Known *known = arena_zero(&walk->arena, sizeof *known);

        known->older = inner;
        known->node = arg;
        known->env = env;
        inner = known;
    }
    if (is_builtin && walk->builtin_depth++ == 0)
        walk->offset = node->offset;
    function->walk_count++;
    result = walk_node(walk, function->body, input, inner);
    function->walk_count--;
    if (is_builtin)
        walk->builtin_depth--;
    return result;
}

static const Trace *walk_closure(Walk *walk, const Node *node, const Trace *input,
                                 const Known *env) {
    const Known *known = known_at(env, node->skip);
    uint32_t builtin_depth = walk->builtin_depth;
    const Trace *result;

    CHECK(known->node != NULL);
    /* A closure is the program's own text again, as far as its mistakes are shown. */
    result = walk_node(walk, known->node, input, known->env);
    walk->builtin_depth = builtin_depth;
    return result;
}

static const Trace *walk_native(Walk *walk, const Node *node, const Trace *input,
                                const Known *env) {
    if (!node->builtin->is_free)
        use(walk, input, node);
    for (const Node *arg = node->a; arg != NULL; arg = arg->next)
        read_node(walk, arg, input, env);
    return NULL;
}

static const Trace *walk_text(Walk *walk, const Node *node, const Trace *input, const Known *env) {
    for (const Node *part = node->a; part != NULL; part = part->next) {
        if (part->kind != NODE_LITERAL)
            read_node(walk, part->b, input, env);
    }
    return NULL;
}

static const Trace *walk_object(Walk *walk, const Node *node, const Trace *input,
                                const Known *env) {
    for (const Node *entry = node->a; entry != NULL; entry = entry->next) {
        read_node(walk, entry->a, input, env);
        read_node(walk, entry->b, input, env);
    }
    return NULL;
}

static const Trace *walk_if(Walk *walk, const Node *node, const Trace *input, const Known *env) {
    const Trace *then;

    read_node(walk, node->a, input, env);
    then = walk_node(walk, node->b, input, env);
    return both(walk, then, walk_node(walk, node->c, input, env));
}

static const Trace *walk_choose(Walk *walk, const Node *node, const Trace *input,
                                const Known *env) {
    for (const Node *way = node->a; way != NULL; way = way->next)
        read_node(walk, way, input, env);
    return walk_node(walk, node->b, input, bind(walk, env, NULL));
}

static const Trace *walk_map(Walk *walk, const Node *node, const Trace *input, const Known *env) {
    const Trace *items = walk_node(walk, node->a, input, env);

    use(walk, items, node->a);
    read_node(walk, node->b, below(walk, items, NULL, node), env);
    return NULL;
}

static const Trace *walk_try(Walk *walk, const Node *node, const Trace *input, const Known *env) {
    const Trace *body = walk_node(walk, node->a, input, env);

    return node->b ? both(walk, body, walk_node(walk, node->b, NULL, env)) : body;
}

static const Trace *walk_path(Walk *walk, const Node *node, const Trace *input, const Known *env) {
    /* The values along the path are looked at. */
    read_node(walk, node->a, input, env);
    return NULL;
}

static const Trace *walk_kind(Walk *walk, const Node *node, const Trace *input, const Known *env) {
    const Trace *source;

    switch (node->kind) {
    case NODE_IDENTITY:
        return input;
    case NODE_FIELD:
        return below(walk, walk_node(walk, node->a, input, env), &node->name, node);
    case NODE_INDEX:
    case NODE_SLICE:
        return walk_index(walk, node, input, env);
    case NODE_ITERATE:
        source = walk_node(walk, node->a, input, env);
        /* Whether there are elements at all is known only by reading. */
        use(walk, source, node);
        return below(walk, source, NULL, node);
    case NODE_PIPE:
        source = walk_node(walk, node->a, input, env);
        return walk_node(walk, node->b, source, env);
    case NODE_AS:
        source = walk_node(walk, node->a, input, env);
        return walk_node(walk, node->b, input, bind(walk, env, source));
    case NODE_COMMA:
    case NODE_ALTERNATIVE:
        source = walk_node(walk, node->a, input, env);
        return both(walk, source, walk_node(walk, node->b, input, env));
    case NODE_VARIABLE:
        return known_at(env, node->skip)->trace;
    case NODE_LABEL:
        return walk_node(walk, node->a, input, bind(walk, env, NULL));
    case NODE_DEFINE:
    case NODE_FIRST:
        return walk_node(walk, node->a, input, env);
    case NODE_LIMIT:
        read_node(walk, node->b, input, env);
        return walk_node(walk, node->a, input, env);
    case NODE_GETPATH:
        read_node(walk, node->a, input, env);
        return below(walk, input, NULL, node);
    default:
        return NULL;
    }
}

typedef const Trace *(*WalkFn)(Walk *walk, const Node *node, const Trace *input, const Known *env);

static const WalkFn walks[_NODE_KIND_COUNT] = {
    [NODE_TEXT] = walk_text,     [NODE_TRY] = walk_try,           [NODE_IF] = walk_if,
    [NODE_OBJECT] = walk_object, [NODE_CHOOSE] = walk_choose,     [NODE_REDUCE] = walk_fold,
    [NODE_FOREACH] = walk_fold,  [NODE_FUNCTION] = walk_function, [NODE_CLOSURE] = walk_closure,
    [NODE_NATIVE] = walk_native, [NODE_PATH] = walk_path,         [NODE_MAP] = walk_map,
};

static bool is_computed(const Node *node) {
    return node->kind == NODE_BINARY || node->kind == NODE_NEGATE || node->kind == NODE_AND ||
           node->kind == NODE_OR || node->kind == NODE_ARRAY || node->kind == NODE_RANGE;
}

static const Trace *walk_node(Walk *walk, const Node *node, const Trace *input, const Known *env) {
    static const Trace everything = {.name_count = 0};
    const Trace *result;

    if (++walk->walks > WALKS_MAX || walk->depth > RESOLVE_NESTING_MAX) {
        use(walk, &everything, node);
        return NULL;
    }
    walk->depth++;
    if (is_computed(node)) {
        read_children(walk, node, input, env);
        result = NULL;
    } else if (node->kind == NODE_REDUCE_STEP || node->kind == NODE_FOREACH_STEP) {
        result = walk_step(walk, node, env);
    } else if (walks[node->kind] != NULL) {
        result = walks[node->kind](walk, node, input, env);
    } else {
        result = walk_kind(walk, node, input, env);
    }
    walk->depth--;
    return result;
}

void expr_collect_refs(Compiler *compiler, const Node *root, Expr *expr) {
    static const Trace whole = {.name_count = 0};
    Walk walk = {.keep = compiler->arena};

    read_node(&walk, root, &whole, NULL);
    for (const Made *made = walk.made; made != NULL; made = made->older) {
        if (!made->is_done)
            record(&walk, made->trace, made->offset);
    }
    arena_done(&walk.arena);
    expr->refs = walk.refs;
    expr->ref_count = walk.count;
}
