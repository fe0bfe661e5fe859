/* Where a result goes: one function per kind of frame. The frame is a copy, popped already. */

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

/* The node's children are evaluated with the input that the node had. */
static void restore(Machine *machine, const Frame *frame) {
    machine->value = frame->value;
    machine->path = frame->path;
}

/* The same frame again, for the next part of the node. */
static Frame *again(Machine *machine, const Frame *frame, FrameKind kind) {
    Frame *copy = machine_push(machine, kind, frame->node);

    copy->value = frame->value;
    copy->path = frame->path;
    copy->part = frame->part;
    copy->built = frame->built;
    copy->choice = frame->choice;
    return copy;
}

/* What is computed from results is no part of path()'s input. */
static Next give_computed(Machine *machine, const Frame *frame, int r, Json value) {
    machine->path = frame->path ? &machine->path_broken : NULL;
    return give(machine, r, value);
}

static Next frame_end(Machine *machine, const Frame *frame) {
    (void)frame;
    if (machine->results.count >= machine->context->budget.outputs_max) {
        machine->code = EXPR_E_OUTPUTS;
        return NEXT_STOP;
    }
    machine->code = value_check_result(machine, &machine->value);
    if (machine->code)
        return NEXT_STOP;
    json_push(&machine->results, machine->value);
    return NEXT_BACK;
}

static Next frame_pipe(Machine *machine, const Frame *frame) {
    return to(machine, frame->node->b);
}

/* One step of a path: when `?` follows, what cannot be entered gives nothing. */
static Next enter(Machine *machine, const Node *node, int r, Json value, const Json *key) {
    if (r == EXPR_E_RUNTIME && node->op != 0)
        return NEXT_BACK;
    return eval_into(machine, r, value, key);
}

static Next frame_field(Machine *machine, const Frame *frame) {
    Json value = {0}, key = json_string(frame->node->name);
    int r = path_check(machine, &machine->value, &key);

    if (r)
        return machine_refuse(machine, r);
    r = value_field(machine, &machine->value, frame->node->name, &value);
    return enter(machine, frame->node, r, value, &key);
}

static Next frame_index_key(Machine *machine, const Frame *frame) {
    Frame *next = again(machine, frame, FRAME_INDEX);

    next->built = arena_copy(machine->arena, &machine->value, sizeof(Json));
    restore(machine, frame);
    return to(machine, frame->node->a);
}

static Next frame_index(Machine *machine, const Frame *frame) {
    Json value = {0};
    int r = path_check(machine, &machine->value, frame->built);

    if (r)
        return machine_refuse(machine, r);
    r = value_index(machine, &machine->value, frame->built, &value);
    return enter(machine, frame->node, r, value, frame->built);
}

static Next frame_slice_from(Machine *machine, const Frame *frame) {
    Frame *next = again(machine, frame, FRAME_SLICE_TO);
    Json from = machine->value;

    next->built = arena_alloc(machine->arena, 2 * sizeof(Json));
    next->built[0] = from;
    restore(machine, frame);
    machine->path = NULL;
    if (frame->node->c != NULL)
        return to(machine, frame->node->c);
    machine->value = json_null();
    return NEXT_RETURN;
}

static Next frame_slice_to(Machine *machine, const Frame *frame) {
    Frame *next = again(machine, frame, FRAME_SLICE);

    next->built = arena_alloc(machine->arena, 2 * sizeof(Json));
    next->built[0] = frame->built[0];
    next->built[1] = machine->value;
    restore(machine, frame);
    return to(machine, frame->node->a);
}

static Next frame_slice(Machine *machine, const Frame *frame) {
    Json value = {0}, key = {0};
    int r = path_check(machine, &machine->value, &key);

    if (r)
        return machine_refuse(machine, r);
    r = value_slice(machine, &machine->value, &frame->built[0], &frame->built[1], &value);
    if (r == 0 && machine->path != NULL) {
        JsonObject object = {.arena = machine->arena};

        json_add(&object, STR("start"), frame->built[0]);
        json_add(&object, STR("end"), frame->built[1]);
        key = json_object_done(&object);
    }
    return enter(machine, frame->node, r, value, &key);
}

static Next frame_iterate(Machine *machine, const Frame *frame) {
    int r = 0;

    if (machine->path != NULL && machine->path->is_broken)
        r = machine_fail(machine, "Invalid path expression near attempt to iterate through %s",
                         value_start(machine, &machine->value, 29));
    if (r == 0 && machine->value.type < JSON_ARRAY && frame->node->op != 0)
        return NEXT_BACK;
    if (r == 0 && machine->value.type < JSON_ARRAY)
        r = machine_fail(machine, "Cannot iterate over %s", value_shown(machine, &machine->value));
    if (r)
        return machine_refuse(machine, r);
    machine_choose(machine, CHOICE_ITERATE, NULL)->count = 0;
    return NEXT_BACK;
}

static Next frame_binary_right(Machine *machine, const Frame *frame) {
    Frame *next = again(machine, frame, FRAME_BINARY);

    next->built = arena_copy(machine->arena, &machine->value, sizeof(Json));
    machine->value = frame->value;
    return to(machine, frame->node->a);
}

static Next frame_binary(Machine *machine, const Frame *frame) {
    Json value = {0};
    int r = value_binary(machine, (BinaryOp)frame->node->op, &machine->value, frame->built, &value);

    return give_computed(machine, frame, r, value);
}

static Next frame_negate(Machine *machine, const Frame *frame) {
    Json value = {0};
    int r = value_negate(machine, &machine->value, &value);

    return give_computed(machine, frame, r, value);
}

static Next frame_logic(Machine *machine, const Frame *frame) {
    bool truth = value_is_true(&machine->value);

    if (truth == (frame->node->kind == NODE_OR))
        return give_computed(machine, frame, 0, json_bool(truth));
    again(machine, frame, FRAME_TRUTH);
    machine->value = frame->value;
    return to(machine, frame->node->b);
}

static Next frame_truth(Machine *machine, const Frame *frame) {
    return give_computed(machine, frame, 0, json_bool(value_is_true(&machine->value)));
}

/* What follows is no longer inside: its errors are not caught by the choice. */
static Next leave(Machine *machine, Choice *choice) {
    if (machine_is_newest(machine, choice)) {
        machine_drop(machine, choice);
    } else {
        machine_choose(machine, CHOICE_OUTSIDE, NULL)->other = choice;
    }
    return NEXT_RETURN;
}

static Next frame_alternative(Machine *machine, const Frame *frame) {
    if (!value_is_true(&machine->value))
        return NEXT_BACK;
    frame->choice->is_found = true;
    return NEXT_RETURN;
}

static Next frame_if(Machine *machine, const Frame *frame) {
    bool truth = value_is_true(&machine->value);

    restore(machine, frame);
    return to(machine, truth ? frame->node->b : frame->node->c);
}

static Next frame_try(Machine *machine, const Frame *frame) {
    return leave(machine, frame->choice);
}

static Next frame_collect(Machine *machine, const Frame *frame) {
    json_push(&frame->choice->collected, machine->value);
    return NEXT_BACK;
}

/* The entries of an object that stands complete up to entry. */
Next eval_entry(Machine *machine, const Frame *frame, const Node *entry, const Json *object) {
    Frame *next;
    Frame copy = *frame;

    if (entry == NULL) {
        machine->frame = copy.older;
        machine->path = copy.path;
        return give(machine, 0, *object);
    }
    machine->frame = copy.older;
    next = again(machine, &copy, entry->a ? FRAME_KEY : FRAME_VALUE);
    next->part = entry;
    next->built = arena_alloc(machine->arena, 2 * sizeof(Json));
    next->built[0] = *object;
    next->built[1] = json_string(entry->name);
    machine->value = copy.value;
    machine->path = NULL;
    return to(machine, entry->a ? entry->a : entry->b);
}

static Next frame_key(Machine *machine, const Frame *frame) {
    Frame *next;
    Json key = machine->value;

    if (!value_is(&key, JSON_STRING))
        return machine_refuse(machine, machine_fail(machine, "Cannot use %s as object key",
                                                    value_shown(machine, &key)));
    next = again(machine, frame, FRAME_VALUE);
    next->built = arena_alloc(machine->arena, 2 * sizeof(Json));
    next->built[0] = frame->built[0];
    next->built[1] = key;
    machine->value = frame->value;
    machine->path = NULL;
    return to(machine, frame->part->b);
}

static Next frame_value(Machine *machine, const Frame *frame) {
    JsonMember member = {json_str(&frame->built[1]), machine->value};
    Json one = json_object(arena_copy(machine->arena, &member, sizeof member), 1), object;
    Frame *place;
    int r = value_add(machine, &frame->built[0], &one, &object);

    if (r)
        return machine_refuse(machine, r);
    place = again(machine, frame, FRAME_VALUE);
    return eval_entry(machine, place, frame->part->next, &object);
}

/*
 * The parts of a text from the last to the first: frame.part is the one whose result is here, NULL
 * before the first look; built[0] is the text behind it.
 */
static const Node *part_before(const Node *node, const Node *part) {
    const Node *before = NULL;

    for (const Node *each = node->a; each != part && each != NULL; each = each->next)
        before = each;
    return before;
}

Next eval_parts(Machine *machine, const Frame *frame) {
    Frame copy = *frame, *next;
    const Node *before = part_before(copy.node, copy.part);
    Json tail = copy.built ? *copy.built : json_string(STR(""));

    machine->frame = copy.older;
    if (before == NULL) {
        machine->path = copy.path;
        return give_computed(machine, &copy, 0, tail);
    }
    next = again(machine, &copy, FRAME_PART);
    next->part = before;
    next->built = arena_copy(machine->arena, &tail, sizeof tail);
    machine->value = copy.value;
    machine->path = NULL;
    return to(machine, before->kind == NODE_LITERAL ? before : before->b);
}

static Next frame_part(Machine *machine, const Frame *frame) {
    Text text = machine_text(machine);
    const Node *part = frame->part;
    Frame *place;
    Json tail;
    int r;

    if (part->kind == NODE_LITERAL) {
        text_add(&text, json_str(&part->literal));
        r = 0;
    } else {
        r = eval_part(machine, frame->node->builtin, &machine->value, &text);
    }
    text_add(&text, json_str(frame->built));
    if (r == 0)
        r = machine_text_done(machine, &text, &tail);
    if (r)
        return machine_refuse(machine, r);
    place = again(machine, frame, FRAME_PART);
    place->built = arena_copy(machine->arena, &tail, sizeof tail);
    return eval_parts(machine, place);
}

static Next frame_as(Machine *machine, const Frame *frame) {
    machine->env = machine_bind(machine, machine->env, machine->value);
    restore(machine, frame);
    return to(machine, frame->node->b);
}

/* The state is the choice's value; items are evaluated with the input of the whole. */
static Next start_fold(Machine *machine, const Frame *frame, ChoiceKind kind) {
    Choice *choice = machine_choose(machine, kind, frame->node);

    choice->result_path = machine->path;
    machine_push(machine, FRAME_ITEM, frame->node)->choice = choice;
    machine->value = frame->value;
    machine->path = NULL;
    return to(machine, frame->node->a);
}

static Next frame_reduce_init(Machine *machine, const Frame *frame) {
    return start_fold(machine, frame, CHOICE_REDUCE);
}

static Next frame_foreach_init(Machine *machine, const Frame *frame) {
    return start_fold(machine, frame, CHOICE_MARK);
}

static Next frame_item(Machine *machine, const Frame *frame) {
    Cell *state = machine_cell(machine, machine->env);

    state->choice = frame->choice;
    machine->env = machine_bind(machine, state, machine->value);
    return to(machine, frame->node->d);
}

static Next frame_reduce(Machine *machine, const Frame *frame) {
    frame->choice->value = machine->value;
    frame->choice->result_path = machine->path;
    return NEXT_BACK;
}

static Next frame_foreach(Machine *machine, const Frame *frame) {
    frame->choice->value = machine->value;
    frame->choice->result_path = machine->path;
    if (frame->node->c == NULL)
        return NEXT_RETURN;
    return to(machine, frame->node->c);
}

/* Arguments from the first to the last, but the last varies slowest: it is evaluated first. */
static const Node *argument_at(const Node *node, uint32_t index) {
    const Node *arg = node->a;

    while (index-- > 0)
        arg = arg->next;
    return arg;
}

static Next call(Machine *machine, const Frame *frame) {
    const Builtin *builtin = frame->node->builtin;
    Json value = {0};
    int r = builtin->fn(machine, &frame->value, frame->built, &value);

    machine->frame = frame->older;
    machine->path = frame->path;
    return give(machine, r, value);
}

/* Behind the arguments, built holds how many of them are still missing. */
Next eval_arguments(Machine *machine, const Frame *frame) {
    Frame copy = *frame, *next;
    uint32_t arity = copy.node->builtin->arity, missing;

    missing = copy.built ? (uint32_t)json_real(&copy.built[arity]) : arity;
    if (missing == 0)
        return call(machine, &copy);
    machine->frame = copy.older;
    next = again(machine, &copy, FRAME_ARGUMENT);
    next->built = arena_alloc(machine->arena, (arity + 1) * sizeof(Json));
    for (uint32_t i = missing; i < arity; i++)
        next->built[i] = copy.built[i];
    next->built[arity] = json_number(missing - 1);
    machine->value = copy.value;
    machine->path = NULL;
    return to(machine, argument_at(copy.node, missing - 1));
}

static Next frame_argument(Machine *machine, const Frame *frame) {
    uint32_t arity = frame->node->builtin->arity;
    uint32_t missing = (uint32_t)json_real(&frame->built[arity]);
    Frame *place = again(machine, frame, FRAME_ARGUMENT);

    place->built = arena_copy(machine->arena, frame->built, (arity + 1) * sizeof(Json));
    place->built[missing] = machine->value;
    return eval_arguments(machine, place);
}

static Next frame_path(Machine *machine, const Frame *frame) {
    int r = path_check(machine, &machine->value, NULL);
    Json path = {0};

    if (r == 0)
        path = path_array(machine, machine->path);
    return give_computed(machine, frame, r, path);
}

static Next frame_first(Machine *machine, const Frame *frame) {
    machine_drop(machine, frame->choice);
    return NEXT_RETURN;
}

static Next frame_limit(Machine *machine, const Frame *frame) {
    if (--frame->choice->count == 0)
        machine_drop(machine, frame->choice);
    return NEXT_RETURN;
}

typedef Next (*FrameFn)(Machine *machine, const Frame *frame);

static const FrameFn frames[_FRAME_KIND_COUNT] = {
    [FRAME_END] = frame_end,
    [FRAME_PIPE] = frame_pipe,
    [FRAME_FIELD] = frame_field,
    [FRAME_INDEX_KEY] = frame_index_key,
    [FRAME_INDEX] = frame_index,
    [FRAME_SLICE_FROM] = frame_slice_from,
    [FRAME_SLICE_TO] = frame_slice_to,
    [FRAME_SLICE] = frame_slice,
    [FRAME_ITERATE] = frame_iterate,
    [FRAME_BINARY_RIGHT] = frame_binary_right,
    [FRAME_BINARY] = frame_binary,
    [FRAME_NEGATE] = frame_negate,
    [FRAME_LOGIC] = frame_logic,
    [FRAME_TRUTH] = frame_truth,
    [FRAME_ALTERNATIVE] = frame_alternative,
    [FRAME_IF] = frame_if,
    [FRAME_TRY] = frame_try,
    [FRAME_COLLECT] = frame_collect,
    [FRAME_KEY] = frame_key,
    [FRAME_VALUE] = frame_value,
    [FRAME_PART] = frame_part,
    [FRAME_AS] = frame_as,
    [FRAME_REDUCE_INIT] = frame_reduce_init,
    [FRAME_FOREACH_INIT] = frame_foreach_init,
    [FRAME_ITEM] = frame_item,
    [FRAME_REDUCE] = frame_reduce,
    [FRAME_FOREACH] = frame_foreach,
    [FRAME_ARGUMENT] = frame_argument,
    [FRAME_PATH] = frame_path,
    [FRAME_FIRST] = frame_first,
    [FRAME_LIMIT] = frame_limit,
};

Next eval_frame(Machine *machine, const Frame *frame) {
    CHECK(frames[frame->kind] != NULL);
    return frames[frame->kind](machine, frame);
}
