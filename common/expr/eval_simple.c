/*
 * Simple nodes: exactly one result or an error, by plain recursion over the tree. The height of a
 * tree is limited when it is compiled.
 */

#include <string.h>

#include "common/base/check.h"
#include "common/expr/builtin_private.h"
#include "common/expr/value_private.h"

typedef struct Scene {
    const Json *input;
    const Cell *env;
} Scene;

static int simple_at(Machine *machine, const Node *node, const Scene *scene, Json *ret_value) {
    return eval_simple(machine, node, scene->input, scene->env, ret_value);
}

static int simple_index(Machine *machine, const Node *node, const Scene *scene, Json *ret_value) {
    Json target, key;
    int r = simple_at(machine, node->b, scene, &key);

    if (r == 0)
        r = simple_at(machine, node->a, scene, &target);
    return r ? r : value_index(machine, &target, &key, ret_value);
}

static int simple_slice(Machine *machine, const Node *node, const Scene *scene, Json *ret_value) {
    Json target, from = json_null(), to = json_null();
    int r = node->b ? simple_at(machine, node->b, scene, &from) : 0;

    if (r == 0 && node->c != NULL)
        r = simple_at(machine, node->c, scene, &to);
    if (r == 0)
        r = simple_at(machine, node->a, scene, &target);
    return r ? r : value_slice(machine, &target, &from, &to, ret_value);
}

static int simple_pipe(Machine *machine, const Node *node, const Scene *scene, Json *ret_value) {
    Json value;
    int r = simple_at(machine, node->a, scene, &value);

    return r ? r : eval_simple(machine, node->b, &value, scene->env, ret_value);
}

static int simple_binary(Machine *machine, const Node *node, const Scene *scene, Json *ret_value) {
    Json left, right;
    int r = simple_at(machine, node->b, scene, &right);

    if (r == 0)
        r = simple_at(machine, node->a, scene, &left);
    return r ? r : value_binary(machine, (BinaryOp)node->op, &left, &right, ret_value);
}

static int simple_negate(Machine *machine, const Node *node, const Scene *scene, Json *ret_value) {
    Json value;
    int r = simple_at(machine, node->a, scene, &value);

    return r ? r : value_negate(machine, &value, ret_value);
}

static int simple_logic(Machine *machine, const Node *node, const Scene *scene, Json *ret_value) {
    Json side;
    int r = simple_at(machine, node->a, scene, &side);

    if (r == 0 && value_is_true(&side) == (node->kind == NODE_AND))
        r = simple_at(machine, node->b, scene, &side);
    *ret_value = json_bool(value_is_true(&side));
    return r;
}

static int simple_alternative(Machine *machine, const Node *node, const Scene *scene,
                              Json *ret_value) {
    Json value;
    int r = simple_at(machine, node->a, scene, &value);

    if (r)
        return r;
    if (value_is_true(&value)) {
        *ret_value = value;
        return 0;
    }
    return simple_at(machine, node->b, scene, ret_value);
}

static int simple_if(Machine *machine, const Node *node, const Scene *scene, Json *ret_value) {
    Json truth;
    int r = simple_at(machine, node->a, scene, &truth);

    if (r)
        return r;
    return simple_at(machine, value_is_true(&truth) ? node->b : node->c, scene, ret_value);
}

static int simple_try(Machine *machine, const Node *node, const Scene *scene, Json *ret_value) {
    Json error;
    int r = simple_at(machine, node->a, scene, ret_value);

    if (r != EXPR_E_RUNTIME)
        return r;
    error = machine->error;
    return eval_simple(machine, node->b, &error, scene->env, ret_value);
}

static int simple_collect(Machine *machine, const Node *node, const Scene *scene,
                          JsonArray *array) {
    Json value;
    int r;

    if (node->kind == NODE_COMMA) {
        r = simple_collect(machine, node->a, scene, array);
        return r ? r : simple_collect(machine, node->b, scene, array);
    }
    r = simple_at(machine, node, scene, &value);
    if (r == 0)
        json_push(array, value);
    return r;
}

static int simple_array(Machine *machine, const Node *node, const Scene *scene, Json *ret_value) {
    JsonArray array = {.arena = machine->arena};
    int r = node->a ? simple_collect(machine, node->a, scene, &array) : 0;

    if (r == 0)
        *ret_value = json_array_done(&array);
    return r;
}

static int simple_map(Machine *machine, const Node *node, const Scene *scene, Json *ret_value) {
    Json container, *items;
    int r = simple_at(machine, node->a, scene, &container);

    if (r == 0 && container.type < JSON_ARRAY)
        r = machine_fail(machine, "Cannot iterate over %s", value_shown(machine, &container));
    if (r == 0)
        r = value_items(machine, container.count, &items);
    for (uint32_t i = 0; i < container.count && r == 0; i++) {
        const Json *item =
            value_is(&container, JSON_ARRAY) ? &container.items[i] : &container.members[i].value;

        r = eval_simple(machine, node->b, item, scene->env, &items[i]);
    }
    if (r == 0)
        *ret_value = json_array(items, container.count);
    return r;
}

static int simple_key(Machine *machine, const Node *entry, const Scene *scene, Str *ret_key) {
    Json key;
    int r;

    *ret_key = entry->name;
    if (entry->a == NULL)
        return 0;
    r = simple_at(machine, entry->a, scene, &key);
    if (r == 0 && !value_is(&key, JSON_STRING))
        r = machine_fail(machine, "Cannot use %s as object key", value_shown(machine, &key));
    if (r == 0)
        *ret_key = json_str(&key);
    return r;
}

static int simple_object(Machine *machine, const Node *node, const Scene *scene, Json *ret_value) {
    JsonObject object = {.arena = machine->arena};

    for (const Node *entry = node->a; entry != NULL; entry = entry->next) {
        Str key;
        Json value;
        int r = simple_key(machine, entry, scene, &key);

        if (r == 0)
            r = simple_at(machine, entry->b, scene, &value);
        if (r)
            return r;
        json_add(&object, key, value);
    }
    *ret_value = json_object_done(&object);
    return 0;
}

int eval_part(Machine *machine, const Builtin *format, const Json *value, Text *text) {
    Json formatted;
    int r = format->fn(machine, value, NULL, &formatted);

    if (r == 0)
        text_add(text, json_str(&formatted));
    return r;
}

static int simple_text(Machine *machine, const Node *node, const Scene *scene, Json *ret_value) {
    Text text = machine_text(machine);

    for (const Node *part = node->a; part != NULL; part = part->next) {
        Json value;
        int r = 0;

        if (part->kind == NODE_LITERAL) {
            text_add(&text, json_str(&part->literal));
            continue;
        }
        r = simple_at(machine, part->b, scene, &value);
        if (r == 0)
            r = eval_part(machine, node->builtin, &value, &text);
        if (r)
            return r;
    }
    return machine_text_done(machine, &text, ret_value);
}

static int simple_native(Machine *machine, const Node *node, const Scene *scene, Json *ret_value) {
    Json args[BUILTIN_ARGS_MAX];
    size_t count = 0;

    for (const Node *arg = node->a; arg != NULL; arg = arg->next) {
        int r = simple_at(machine, arg, scene, &args[count++]);

        if (r)
            return r;
    }
    return node->builtin->fn(machine, scene->input, args, ret_value);
}

static int simple_as(Machine *machine, const Node *node, const Scene *scene, Json *ret_value) {
    Cell cell = {.older = scene->env};
    int r = simple_at(machine, node->a, scene, &cell.value);

    return r ? r : eval_simple(machine, node->b, scene->input, &cell, ret_value);
}

static int simple_field(Machine *machine, const Node *node, const Scene *scene, Json *ret_value) {
    Json target;
    int r;

    if (node->a->kind == NODE_IDENTITY)
        return value_field(machine, scene->input, node->name, ret_value);
    r = simple_at(machine, node->a, scene, &target);
    return r ? r : value_field(machine, &target, node->name, ret_value);
}

static int simple_getpath(Machine *machine, const Node *node, const Scene *scene, Json *ret_value) {
    Json path;
    int r = simple_at(machine, node->a, scene, &path);

    return r ? r : value_path_look(machine, scene->input, &path, ret_value);
}

static int simple_define(Machine *machine, const Node *node, const Scene *scene, Json *ret_value) {
    return simple_at(machine, node->a, scene, ret_value);
}

typedef int (*SimpleFn)(Machine *machine, const Node *node, const Scene *scene, Json *ret_value);

static const SimpleFn simples[_NODE_KIND_COUNT] = {
    [NODE_TEXT] = simple_text,     [NODE_FIELD] = simple_field,
    [NODE_INDEX] = simple_index,   [NODE_SLICE] = simple_slice,
    [NODE_PIPE] = simple_pipe,     [NODE_BINARY] = simple_binary,
    [NODE_NEGATE] = simple_negate, [NODE_AND] = simple_logic,
    [NODE_OR] = simple_logic,      [NODE_ALTERNATIVE] = simple_alternative,
    [NODE_IF] = simple_if,         [NODE_TRY] = simple_try,
    [NODE_ARRAY] = simple_array,   [NODE_OBJECT] = simple_object,
    [NODE_AS] = simple_as,         [NODE_DEFINE] = simple_define,
    [NODE_NATIVE] = simple_native, [NODE_GETPATH] = simple_getpath,
    [NODE_MAP] = simple_map,
};

int eval_simple(Machine *machine, const Node *node, const Json *input, const Cell *env,
                Json *ret_value) {
    Scene scene = {.input = input, .env = env};

    switch (node->kind) {
    case NODE_IDENTITY:
        *ret_value = *input;
        return 0;
    case NODE_LITERAL:
        *ret_value = node->literal;
        return 0;
    case NODE_VARIABLE:
        *ret_value = cell_at(env, node->skip)->value;
        return 0;
    case NODE_CONTEXT:
        *ret_value = machine->context->values[node->skip];
        return 0;
    default:
        break;
    }
    if (machine->steps_left == 0)
        return EXPR_E_STEPS;
    machine->steps_left--;
    if (machine_room(machine, 0))
        return EXPR_E_BYTES;
    CHECK(simples[node->kind] != NULL);
    return simples[node->kind](machine, node, &scene, ret_value);
}
