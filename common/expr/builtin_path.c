/* Functions of paths, errors and what does not fit elsewhere. */

#include "common/expr/builtin_private.h"

static int path_setpath(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    return value_path_set(machine, input, &args[0], &args[1], ret_value);
}

static int path_delpaths(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    return value_path_drop(machine, input, &args[0], ret_value);
}

static int raise_input(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    (void)args;
    (void)ret_value;
    return machine_raise(machine, *input);
}

static int raise_value(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    (void)input;
    (void)ret_value;
    return machine_raise(machine, args[0]);
}

static int contains_at(Machine *machine, const Json *a, const Json *b, uint32_t depth,
                       bool *ret_contains);

static int contains_item(Machine *machine, const Json *list, const Json *wanted, uint32_t depth,
                         bool *ret_contains) {
    bool found = false;
    int r = 0;

    for (uint32_t i = 0; i < list->count && !found && r == 0; i++) {
        if ((list->items[i].type == wanted->type) ||
            (list->items[i].type < JSON_NUMBER && wanted->type < JSON_NUMBER))
            r = contains_at(machine, &list->items[i], wanted, depth + 1, &found);
    }
    *ret_contains = found;
    return r;
}

static int contains_all(Machine *machine, const Json *a, const Json *b, uint32_t depth,
                        bool *ret_contains) {
    bool contains = true;
    int r = 0;

    for (uint32_t i = 0; i < b->count && contains && r == 0; i++) {
        const Json *mine;

        if (value_is(a, JSON_ARRAY)) {
            r = contains_item(machine, a, &b->items[i], depth, &contains);
            continue;
        }
        mine = json_member(a, b->members[i].key);
        contains = mine != NULL;
        if (contains)
            r = contains_at(machine, mine, &b->members[i].value, depth + 1, &contains);
    }
    *ret_contains = contains;
    return r;
}

static bool is_boolean(const Json *value) {
    return value_is(value, JSON_FALSE) || value_is(value, JSON_TRUE);
}

static int contains_at(Machine *machine, const Json *a, const Json *b, uint32_t depth,
                       bool *ret_contains) {
    if (depth > machine->depth_max)
        return EXPR_E_DEPTH;
    if (machine->steps_left == 0)
        return EXPR_E_STEPS;
    machine->steps_left--;
    if (a->type != b->type && !(is_boolean(a) && is_boolean(b))) {
        /* Inside containers other types are simply not contained. */
        if (depth == 0)
            return machine_fail(machine, "%s and %s cannot have their containment checked",
                                value_shown(machine, a), value_shown(machine, b));
        *ret_contains = false;
        return 0;
    }
    if (a->type >= JSON_ARRAY)
        return contains_all(machine, a, b, depth, ret_contains);
    if (value_is(a, JSON_STRING)) {
        *ret_contains = str_find(json_str(a), json_str(b)) >= 0;
        return machine_charge(machine, a->count);
    }
    return value_equal(machine, a, b, ret_contains);
}

static int path_contains(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    bool contains = false;
    int r = contains_at(machine, input, &args[0], 0, &contains);

    if (r == 0)
        *ret_value = json_bool(contains);
    return r;
}

typedef struct NameList {
    Machine *machine;
    JsonArray names;
} NameList;

static void list_name(void *context, Str name, uint32_t arity) {
    NameList *list = context;

    if (name.data[0] == '_' || name.data[0] == '@')
        return;
    json_push(&list->names,
              json_string(str_printf(list->machine->arena, "%.*s/%u", STR_ARGS(name), arity)));
}

static int path_builtins(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    NameList list = {.machine = machine, .names = {.arena = machine->arena}};

    (void)input;
    (void)args;
    builtin_names(list_name, &list);
    *ret_value = json_array_done(&list.names);
    return machine_charge(machine, list.names.count * 4u);
}

BuiltinTable builtin_path(void) {
    static const Builtin entries[] = {
        {"builtins", 0, path_builtins, true },
        {"contains", 1, path_contains, false},
        {"delpaths", 1, path_delpaths, false},
        {"error",    0, raise_input,   false},
        {"error",    1, raise_value,   true },
        {"setpath",  2, path_setpath,  false},
    };

    return (BuiltinTable){entries, ARRAY_SIZE(entries)};
}
