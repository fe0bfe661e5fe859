/* Where the machine stands at a node: one function per kind, found in the table at the end. */

#include "common/base/check.h"
#include "common/expr/builtin_private.h"
#include "common/expr/value_private.h"

static Next to(Machine *machine, const Node *node) {
    machine->node = node;
    return NEXT_EVAL;
}

static Next give(Machine *machine, int r, Json value) {
    if (r)
        return machine_refuse(machine, r);
    machine->value = value;
    return NEXT_RETURN;
}

/* A computed value is no part of path()'s input. */
static Next give_computed(Machine *machine, int r, Json value) {
    if (machine->path != NULL)
        machine->path = &machine->path_broken;
    return give(machine, r, value);
}

const Path *path_down(Machine *machine, const Path *path, Json key) {
    Path *down;

    if (path == NULL)
        return NULL;
    down = arena_alloc(machine->arena, sizeof *down);
    *down = (Path){.parent = path, .key = key, .length = path->length + 1};
    return down;
}

Json path_array(Machine *machine, const Path *path) {
    Json *items = arena_alloc(machine->arena, path->length * sizeof *items + 1);
    uint32_t length = path->length;

    for (uint32_t i = length; i-- > 0; path = path->parent)
        items[i] = path->key;
    return json_array(items, length);
}

int path_check(Machine *machine, const Json *value, const Json *key) {
    if (machine->path == NULL || !machine->path->is_broken)
        return 0;
    if (key == NULL)
        return machine_fail(machine, "Invalid path expression with result %s",
                            value_start(machine, value, 14));
    return machine_fail(machine, "Invalid path expression near attempt to access element %s of %s",
                        value_start(machine, key, 14), value_start(machine, value, 29));
}

Next eval_into(Machine *machine, int r, Json value, const Json *key) {
    if (r == 0)
        machine->path = path_down(machine, machine->path, *key);
    return give(machine, r, value);
}

static Next eval_identity(Machine *machine, const Node *node) {
    (void)node;
    (void)machine;
    return NEXT_RETURN;
}

static Next eval_computed(Machine *machine, const Node *node) {
    Json value = {0};
    int r = eval_simple(machine, node, &machine->value, machine->env, &value);

    return give_computed(machine, r, value);
}

static Next eval_text(Machine *machine, const Node *node) {
    Frame *frame;

    if (node->is_simple)
        return eval_computed(machine, node);
    /* Later parts vary slowest, so they come first. */
    frame = machine_push(machine, FRAME_PART, node);
    frame->part = NULL;
    frame->built = NULL;
    return eval_parts(machine, frame);
}

static Next eval_field(Machine *machine, const Node *node) {
    machine_push(machine, FRAME_FIELD, node);
    return to(machine, node->a);
}

static Next eval_index(Machine *machine, const Node *node) {
    machine_push(machine, FRAME_INDEX_KEY, node);
    machine->path = NULL;
    return to(machine, node->b);
}

static Next eval_slice(Machine *machine, const Node *node) {
    Frame *frame = machine_push(machine, FRAME_SLICE_FROM, node);

    frame->built = arena_alloc(machine->arena, 2 * sizeof(Json));
    frame->built[0] = json_null();
    frame->built[1] = json_null();
    machine->path = NULL;
    if (node->b != NULL)
        return to(machine, node->b);
    machine->value = json_null();
    return NEXT_RETURN;
}

static Next eval_iterate(Machine *machine, const Node *node) {
    machine_push(machine, FRAME_ITERATE, node);
    return to(machine, node->a);
}

static Next eval_pipe(Machine *machine, const Node *node) {
    if (node->a->is_simple && machine->path == NULL) {
        Json value;
        int r = eval_simple(machine, node->a, &machine->value, machine->env, &value);

        if (r)
            return machine_refuse(machine, r);
        machine->value = value;
        return to(machine, node->b);
    }
    machine_push(machine, FRAME_PIPE, node);
    return to(machine, node->a);
}

static Next eval_comma(Machine *machine, const Node *node) {
    machine_choose(machine, CHOICE_NODE, node->b);
    return to(machine, node->a);
}

static Next eval_binary(Machine *machine, const Node *node) {
    machine_push(machine, FRAME_BINARY_RIGHT, node);
    machine->path = NULL;
    return to(machine, node->b);
}

static Next eval_negate(Machine *machine, const Node *node) {
    machine_push(machine, FRAME_NEGATE, node);
    machine->path = NULL;
    return to(machine, node->a);
}

static Next eval_logic(Machine *machine, const Node *node) {
    machine_push(machine, FRAME_LOGIC, node);
    machine->path = NULL;
    return to(machine, node->a);
}

static Next eval_alternative(Machine *machine, const Node *node) {
    Choice *choice = machine_choose(machine, CHOICE_ALTERNATIVE, node);

    choice->is_found = false;
    machine_push(machine, FRAME_ALTERNATIVE, node)->choice = choice;
    return to(machine, node->a);
}

static Next eval_if(Machine *machine, const Node *node) {
    if (node->a->is_simple) {
        Json truth;
        int r = eval_simple(machine, node->a, &machine->value, machine->env, &truth);

        if (r)
            return machine_refuse(machine, r);
        return to(machine, value_is_true(&truth) ? node->b : node->c);
    }
    machine_push(machine, FRAME_IF, node);
    machine->path = NULL;
    return to(machine, node->a);
}

static Next eval_try(Machine *machine, const Node *node) {
    Choice *choice = machine_choose(machine, CHOICE_TRY, node);

    machine_push(machine, FRAME_TRY, node)->choice = choice;
    return to(machine, node->a);
}

static Next eval_array(Machine *machine, const Node *node) {
    Choice *choice;

    if (machine->path != NULL)
        machine->path = &machine->path_broken;
    choice = machine_choose(machine, CHOICE_COLLECT, node);
    choice->collected = (JsonArray){.arena = machine->arena};
    machine_push(machine, FRAME_COLLECT, node)->choice = choice;
    machine->path = NULL;
    return to(machine, node->a);
}

static Next eval_object(Machine *machine, const Node *node) {
    Json object = json_object(NULL, 0);

    if (machine->path != NULL)
        machine->path = &machine->path_broken;
    return eval_entry(machine, machine_push(machine, FRAME_VALUE, node), node->a, &object);
}

static Next eval_as(Machine *machine, const Node *node) {
    if (node->a->is_simple) {
        Json value;
        int r = eval_simple(machine, node->a, &machine->value, machine->env, &value);

        if (r)
            return machine_refuse(machine, r);
        machine->env = machine_bind(machine, machine->env, value);
        return to(machine, node->b);
    }
    machine_push(machine, FRAME_AS, node);
    machine->path = NULL;
    return to(machine, node->a);
}

/* The ways give arrays; what is bound by the frame is found by the ways' own failures. */
static Next eval_choose(Machine *machine, const Node *node) {
    machine_push(machine, FRAME_AS, node);
    machine_choose(machine, CHOICE_CHOOSE, node->a);
    machine->path = NULL;
    return to(machine, node->a);
}

static Next eval_reduce(Machine *machine, const Node *node) {
    machine_push(machine, FRAME_REDUCE_INIT, node);
    return to(machine, node->b);
}

static Next eval_foreach(Machine *machine, const Node *node) {
    machine_push(machine, FRAME_FOREACH_INIT, node);
    return to(machine, node->b);
}

/* The state is taken: an update without results leaves null. */
static Next eval_step(Machine *machine, const Node *node) {
    Choice *state = cell_at(machine->env, node->skip)->choice;
    FrameKind kind = node->kind == NODE_REDUCE_STEP ? FRAME_REDUCE : FRAME_FOREACH;

    machine_push(machine, kind, node)->choice = state;
    machine->value = state->value;
    machine->path = state->result_path;
    state->value = json_null();
    if (state->result_path != NULL)
        state->result_path = &machine->path_broken;
    return to(machine, node->b);
}

static Next eval_define(Machine *machine, const Node *node) {
    return to(machine, node->a);
}

static Next eval_function(Machine *machine, const Node *node) {
    const Function *function = node->function;
    const Cell *env = function->is_top ? NULL : cell_at(machine->env, node->skip);

    for (const Node *arg = node->a; arg != NULL; arg = arg->next) {
        Cell *cell = machine_cell(machine, env);

        if (arg->kind == NODE_CLOSURE) {
            /* A parameter that is passed on is the same closure. */
            cell->closure = cell_at(machine->env, arg->skip)->closure;
        } else {
            cell->closure.node = arg;
            cell->closure.env = machine->env;
        }
        env = cell;
    }
    machine->env = env;
    return to(machine, function->body);
}

static Next eval_closure(Machine *machine, const Node *node) {
    const Cell *cell = cell_at(machine->env, node->skip);

    machine->env = cell->closure.env;
    return to(machine, cell->closure.node);
}

static Next eval_native(Machine *machine, const Node *node) {
    Frame *frame;

    if (node->is_simple)
        return eval_computed(machine, node);
    if (machine->path != NULL)
        machine->path = &machine->path_broken;
    frame = machine_push(machine, FRAME_ARGUMENT, node);
    frame->built = NULL;
    return eval_arguments(machine, frame);
}

static Next eval_label(Machine *machine, const Node *node) {
    Cell *cell = machine_cell(machine, machine->env);

    cell->choice = machine_choose(machine, CHOICE_MARK, node);
    machine->env = cell;
    return to(machine, node->a);
}

static Next eval_break(Machine *machine, const Node *node) {
    machine->target = cell_at(machine->env, node->skip)->choice;
    machine->is_break = true;
    return NEXT_RAISE;
}

static Next eval_empty(Machine *machine, const Node *node) {
    (void)machine;
    (void)node;
    return NEXT_BACK;
}

static Next eval_range(Machine *machine, const Node *node) {
    Json ends[3];
    const Node *const nodes[] = {node->a, node->b, node->c};
    Choice *choice;

    for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
        int r = eval_simple(machine, nodes[i], &machine->value, machine->env, &ends[i]);

        if (r)
            return machine_refuse(machine, r);
        if (!value_is(&ends[i], JSON_NUMBER))
            return machine_refuse(machine, machine_fail(machine, "Range bounds must be numeric"));
    }
    if (machine->path != NULL)
        machine->path = &machine->path_broken;
    choice = machine_choose(machine, CHOICE_RANGE, node);
    choice->range.next = json_real(&ends[0]);
    choice->range.end = json_real(&ends[1]);
    choice->range.by = json_real(&ends[2]);
    return NEXT_BACK;
}

static Next eval_path(Machine *machine, const Node *node) {
    machine_push(machine, FRAME_PATH, node);
    machine->path = &machine->path_root;
    return to(machine, node->a);
}

static Next eval_first(Machine *machine, const Node *node) {
    Choice *choice = machine_choose(machine, CHOICE_MARK, node);

    machine_push(machine, FRAME_FIRST, node)->choice = choice;
    return to(machine, node->a);
}

static Next eval_limit(Machine *machine, const Node *node) {
    Choice *choice;
    Json limit;
    double count;
    int r = eval_simple(machine, node->b, &machine->value, machine->env, &limit);

    if (r == 0 && !value_is(&limit, JSON_NUMBER))
        r = machine_fail(machine, "Invalid arguments to limit: the count must be a number");
    if (r)
        return machine_refuse(machine, r);
    count = json_real(&limit);
    if (count < 0)
        return to(machine, node->a);
    if (!(count > 0))
        return NEXT_BACK;
    choice = machine_choose(machine, CHOICE_MARK, node);
    choice->count = count < 1e15 ? (uint64_t)(count + 0.999999999) : UINT64_MAX;
    machine_push(machine, FRAME_LIMIT, node)->choice = choice;
    return to(machine, node->a);
}

static Next eval_getpath(Machine *machine, const Node *node) {
    Json path, value = {0};
    int r = eval_simple(machine, node->a, &machine->value, machine->env, &path);

    if (r == 0)
        r = path_check(machine, &machine->value, &path);
    if (r == 0)
        r = value_path_look(machine, &machine->value, &path, &value);
    if (r == 0 && machine->path != NULL) {
        for (uint32_t i = 0; i < path.count; i++)
            machine->path = path_down(machine, machine->path, path.items[i]);
    }
    return give(machine, r, value);
}

typedef Next (*EvalFn)(Machine *machine, const Node *node);

static const EvalFn evals[_NODE_KIND_COUNT] = {
    [NODE_IDENTITY] = eval_identity,
    [NODE_LITERAL] = eval_computed,
    [NODE_TEXT] = eval_text,
    [NODE_FIELD] = eval_field,
    [NODE_INDEX] = eval_index,
    [NODE_SLICE] = eval_slice,
    [NODE_ITERATE] = eval_iterate,
    [NODE_PIPE] = eval_pipe,
    [NODE_COMMA] = eval_comma,
    [NODE_BINARY] = eval_binary,
    [NODE_NEGATE] = eval_negate,
    [NODE_AND] = eval_logic,
    [NODE_OR] = eval_logic,
    [NODE_ALTERNATIVE] = eval_alternative,
    [NODE_IF] = eval_if,
    [NODE_TRY] = eval_try,
    [NODE_ARRAY] = eval_array,
    [NODE_OBJECT] = eval_object,
    [NODE_AS] = eval_as,
    [NODE_CHOOSE] = eval_choose,
    [NODE_REDUCE] = eval_reduce,
    [NODE_FOREACH] = eval_foreach,
    [NODE_REDUCE_STEP] = eval_step,
    [NODE_FOREACH_STEP] = eval_step,
    [NODE_DEFINE] = eval_define,
    [NODE_FUNCTION] = eval_function,
    [NODE_CLOSURE] = eval_closure,
    [NODE_NATIVE] = eval_native,
    [NODE_VARIABLE] = eval_computed,
    [NODE_CONTEXT] = eval_computed,
    [NODE_LABEL] = eval_label,
    [NODE_BREAK] = eval_break,
    [NODE_EMPTY] = eval_empty,
    [NODE_RANGE] = eval_range,
    [NODE_PATH] = eval_path,
    [NODE_FIRST] = eval_first,
    [NODE_LIMIT] = eval_limit,
    [NODE_GETPATH] = eval_getpath,
    [NODE_MAP] = eval_computed,
};

/* Nodes whose result may be a part of the input: while path() watches, they are walked. */
static bool is_walked(const Machine *machine, const Node *node) {
    static const bool walked[_NODE_KIND_COUNT] = {
        [NODE_IDENTITY] = true, [NODE_FIELD] = true,   [NODE_INDEX] = true,
        [NODE_SLICE] = true,    [NODE_PIPE] = true,    [NODE_ALTERNATIVE] = true,
        [NODE_IF] = true,       [NODE_TRY] = true,     [NODE_AS] = true,
        [NODE_DEFINE] = true,   [NODE_GETPATH] = true,
    };

    return machine->path != NULL && walked[node->kind];
}

Next eval_node(Machine *machine, const Node *node) {
    if (node->is_simple && !is_walked(machine, node))
        return eval_computed(machine, node);
    CHECK(evals[node->kind] != NULL);
    return evals[node->kind](machine, node);
}
