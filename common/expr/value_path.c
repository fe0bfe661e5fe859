/* Paths as lists of keys: look, set and drop. Values are copied along the path only. */

#include <math.h>

#include "common/expr/value_private.h"

/* Larger arrays than this are not made by setting one element. */
#define INDEX_MAX 536870911.0

/* A path of more parts than this is refused: setting recurses. */
static int check_path(Machine *machine, const Json *path) {
    if (!value_is(path, JSON_ARRAY))
        return machine_fail(machine, "Path must be specified as an array");
    return path->count > machine->depth_max ? EXPR_E_DEPTH : 0;
}

int value_path_look(Machine *machine, const Json *root, const Json *path, Json *ret_value) {
    Json value = *root;
    int r = check_path(machine, path);

    for (uint32_t i = 0; i < path->count && r == 0; i++) {
        if (value_is(&value, JSON_NULL))
            break;
        r = value_index(machine, &value, &path->items[i], &value);
    }
    if (r == 0)
        *ret_value = value;
    return r;
}

static int set_at(Machine *machine, const Json *root, const Json *path, const Json *value,
                  Json *ret_value);

static int set_member(Machine *machine, const Json *object, Str key, const Json *value,
                      Json *ret_value) {
    const Json *old = json_member(object, key);
    JsonMember member = {key, *value};
    Json one = json_object(&member, 1);

    if (old == NULL || object->is_indexed || object->count == 0) {
        if (object->count == 0)
            one.members = arena_copy(machine->arena, &member, sizeof member);
        return value_add(machine, object, &one, ret_value);
    }
    /* Few members: a plain copy with one value exchanged. */
    size_t bytes = object->count * sizeof member;
    int r = machine_room(machine, bytes);

    if (r == 0)
        r = machine_charge(machine, object->count);
    if (r)
        return r;
    JsonMember *members = arena_copy(machine->arena, object->members, bytes);
    for (uint32_t i = 0; i < object->count; i++) {
        if (str_equal(members[i].key, key))
            members[i].value = *value;
    }
    *ret_value = json_object(members, object->count);
    return 0;
}

static int set_element(Machine *machine, const Json *array, double index, const Json *value,
                       Json *ret_value) {
    double whole = trunc(index);
    size_t count;
    Json *items;
    int r;

    if (whole < 0)
        whole += array->count;
    if (whole != whole)
        return machine_fail(machine, "Cannot set array element at NaN index");
    if (whole < 0)
        return machine_fail(machine, "Out of bounds negative array index");
    if (whole > INDEX_MAX)
        return machine_fail(machine, "Array index too large");
    if (whole == array->count) {
        Json one = json_array(arena_copy(machine->arena, value, sizeof *value), 1);

        return value_add(machine, array, &one, ret_value);
    }
    count = MAX((size_t)whole + 1, (size_t)array->count);
    /* A list that the budget can never hold is the program's mistake, not bad luck. */
    if (count * sizeof *items > machine->context->budget.bytes_max)
        return machine_fail(machine, "Array index too large");
    r = value_items(machine, count, &items);
    if (r)
        return r;
    value_copy(items, array->items, array->count);
    for (size_t i = array->count; i < count; i++)
        items[i] = json_null();
    items[(size_t)whole] = *value;
    *ret_value = json_array(items, count);
    return 0;
}

/* Exchanges array[from:to] for the elements of value. */
static int set_slice(Machine *machine, const Json *array, const Json *key, const Json *value,
                     Json *ret_value) {
    Json part, *items;
    size_t first, behind, count;
    int r;

    if (!value_is(value, JSON_ARRAY))
        return machine_fail(machine, "A slice of an array can only be assigned another array");
    r = value_index(machine, array, key, &part);
    if (r)
        return r;
    first = array->items ? (size_t)(part.items - array->items) : 0;
    behind = first + part.count;
    count = array->count - part.count + value->count;
    r = value_items(machine, count, &items);
    if (r)
        return r;
    value_copy(items, array->items, first);
    value_copy(items + first, value->items, value->count);
    value_copy(items + first + value->count, array->items + behind, (array->count - behind));
    *ret_value = json_array(items, count);
    return 0;
}

/* root[key] = value */
static int set_key(Machine *machine, const Json *root, const Json *key, const Json *value,
                   Json *ret_value) {
    bool is_null = value_is(root, JSON_NULL);
    Json none = {.type = value_is(key, JSON_STRING) ? JSON_OBJECT : JSON_ARRAY};
    const Json *container = is_null ? &none : root;

    if (value_is(key, JSON_STRING) && value_is(container, JSON_OBJECT))
        return set_member(machine, container, json_str(key), value, ret_value);
    if (value_is(key, JSON_NUMBER) && value_is(container, JSON_ARRAY))
        return set_element(machine, container, json_real(key), value, ret_value);
    if (value_is(key, JSON_OBJECT) && value_is(container, JSON_ARRAY))
        return set_slice(machine, container, key, value, ret_value);
    if (value_is(key, JSON_OBJECT) && value_is(root, JSON_STRING))
        return machine_fail(machine, "Cannot update string slices");
    if (value_is(key, JSON_OBJECT))
        return machine_fail(machine, "Cannot update field at object index of %s",
                            json_type_name(root));
    if (value_is(key, JSON_ARRAY) && value_is(container, JSON_ARRAY))
        return machine_fail(machine, "Cannot update field at array index of array");
    if (value_is(key, JSON_STRING))
        return machine_fail(machine, "Cannot index %s with string \"%.*s\"", json_type_name(root),
                            (int)MIN(key->count, 100u), key->text);
    return machine_fail(machine, "Cannot index %s with %s", json_type_name(root),
                        json_type_name(key));
}

static int set_at(Machine *machine, const Json *root, const Json *path, const Json *value,
                  Json *ret_value) {
    Json rest, child, changed;
    int r;

    if (path->count == 0) {
        *ret_value = *value;
        return 0;
    }
    rest = json_array(path->items + 1, path->count - 1);
    r = machine_charge(machine, 8);
    if (r == 0)
        r = value_index(machine, root, &path->items[0], &child);
    if (r == 0)
        r = set_at(machine, &child, &rest, value, &changed);
    return r ? r : set_key(machine, root, &path->items[0], &changed, ret_value);
}

int value_path_set(Machine *machine, const Json *root, const Json *path, const Json *value,
                   Json *ret_value) {
    int r = check_path(machine, path);

    return r ? r : set_at(machine, root, path, value, ret_value);
}

static int drop_member(Machine *machine, const Json *object, Str key, Json *ret_value) {
    JsonObject kept = {.arena = machine->arena};
    int r = machine_room(machine, object->count * sizeof(JsonMember));

    if (r == 0)
        r = machine_charge(machine, (size_t)object->count * 2);
    if (r)
        return r;
    for (uint32_t i = 0; i < object->count; i++) {
        if (!str_equal(object->members[i].key, key))
            json_add(&kept, object->members[i].key, object->members[i].value);
    }
    *ret_value = json_object_done(&kept);
    return 0;
}

static int drop_element(Machine *machine, const Json *array, double index, Json *ret_value) {
    double whole = trunc(index);
    uint32_t place;
    Json *items;
    int r;

    if (whole < 0)
        whole += array->count;
    *ret_value = *array;
    if (!(whole >= 0 && whole < array->count))
        return 0;
    place = (uint32_t)whole;
    r = value_items(machine, array->count, &items);
    if (r)
        return r;
    value_copy(items, array->items, place);
    value_copy(items + place, array->items + place + 1, (array->count - place - 1));
    *ret_value = json_array(items, array->count - 1u);
    return 0;
}

/* root without root[key] */
static int drop_key(Machine *machine, const Json *root, const Json *key, Json *ret_value) {
    Json none = json_array(NULL, 0);

    *ret_value = *root;
    if (value_is(root, JSON_NULL))
        return 0;
    if (value_is(root, JSON_OBJECT) && value_is(key, JSON_STRING))
        return drop_member(machine, root, json_str(key), ret_value);
    if (value_is(root, JSON_ARRAY) && value_is(key, JSON_NUMBER))
        return drop_element(machine, root, json_real(key), ret_value);
    if (value_is(root, JSON_ARRAY) && value_is(key, JSON_OBJECT))
        return set_slice(machine, root, key, &none, ret_value);
    if (value_is(root, JSON_OBJECT) || value_is(root, JSON_ARRAY))
        return machine_fail(machine, "Cannot delete field at %s index of %s",
                            value_is(key, JSON_STRING)   ? "object"
                            : value_is(key, JSON_NUMBER) ? "array"
                                                         : json_type_name(key),
                            json_type_name(root));
    return machine_fail(machine, "Cannot delete field at %s index of %s",
                        value_is(key, JSON_STRING) ? "object" : "array", json_type_name(root));
}

static int drop_at(Machine *machine, const Json *root, const Json *path, Json *ret_value) {
    Json rest, child, changed;
    int r;

    if (path->count == 0) {
        *ret_value = json_null();
        return 0;
    }
    if (path->count == 1)
        return drop_key(machine, root, &path->items[0], ret_value);
    r = value_index(machine, root, &path->items[0], &child);
    if (r)
        return r;
    *ret_value = *root;
    if (value_is(&child, JSON_NULL))
        return 0;
    rest = json_array(path->items + 1, path->count - 1);
    r = drop_at(machine, &child, &rest, &changed);
    return r ? r : set_key(machine, root, &path->items[0], &changed, ret_value);
}

/* Whether two paths end in the same container. */
static int same_parent(Machine *machine, const Json *a, const Json *b, bool *ret_same) {
    Json left, right;

    *ret_same = false;
    if (!value_is(a, JSON_ARRAY) || !value_is(b, JSON_ARRAY) || a->count != b->count ||
        a->count == 0)
        return 0;
    left = json_array(a->items, a->count - 1u);
    right = json_array(b->items, b->count - 1u);
    return value_equal(machine, &left, &right, ret_same);
}

static const Json *last_key(const Json *path) {
    return &path->items[path->count - 1];
}

/* Marks what the key means, in the array as it still is. */
static int mark(Machine *machine, const Json *array, const Json *key, bool *is_gone) {
    Json part;
    size_t first;
    int r;

    if (value_is(key, JSON_NUMBER)) {
        double whole = trunc(json_real(key));

        whole += whole < 0 ? array->count : 0;
        if (whole >= 0 && whole < array->count)
            is_gone[(size_t)whole] = true;
        return 0;
    }
    r = value_index(machine, array, key, &part);
    if (r || part.count == 0 || !value_is(&part, JSON_ARRAY))
        return r;
    first = (size_t)(part.items - array->items);
    for (size_t i = first; i < first + part.count; i++)
        is_gone[i] = true;
    return machine_charge(machine, part.count);
}

/* Several elements of one array at once: each key means the array before any of them is gone. */
static int drop_marked(Machine *machine, const Json *array, const Json *paths, uint32_t count,
                       Json *ret_value) {
    bool *is_gone = arena_zero(machine->arena, array->count + UINT32_C(1));
    uint32_t kept = 0;
    Json *items;
    int r = value_items(machine, array->count, &items);

    for (uint32_t i = 0; i < count && r == 0; i++)
        r = mark(machine, array, last_key(&paths[i]), is_gone);
    for (uint32_t i = 0; i < array->count && r == 0; i++) {
        if (!is_gone[i])
            items[kept++] = array->items[i];
    }
    if (r == 0)
        *ret_value = json_array(items, kept);
    return r;
}

/* Paths that end in the same container; several of an array go at once, others one by one. */
static int drop_run(Machine *machine, const Json *root, const Json *paths, uint32_t count,
                    Json *ret_value) {
    Json value = *root, parent, prefix;
    int r = 0;

    if (count > 1) {
        prefix = json_array(paths[0].items, paths[0].count - 1u);
        r = value_path_look(machine, root, &prefix, &parent);
        if (r == 0 && value_is(&parent, JSON_ARRAY)) {
            r = drop_marked(machine, &parent, paths, count, &parent);
            return r ? r : set_at(machine, root, &prefix, &parent, ret_value);
        }
    }
    for (uint32_t i = count; i-- > 0 && r == 0;) {
        r = check_path(machine, &paths[i]);
        if (r == 0)
            r = machine_charge(machine, 32);
        if (r == 0)
            r = drop_at(machine, &value, &paths[i], &value);
    }
    if (r == 0)
        *ret_value = value;
    return r;
}

/* From the last paths to the first, so that dropping some does not move the others. */
int value_path_drop(Machine *machine, const Json *root, const Json *paths, Json *ret_value) {
    Json value = *root, *sorted;
    uint32_t end, start;
    int r;

    if (!value_is(paths, JSON_ARRAY))
        return machine_fail(machine, "Paths must be specified as an array");
    r = value_items(machine, paths->count, &sorted);
    if (r)
        return r;
    value_copy(sorted, paths->items, paths->count);
    r = value_sort(machine, sorted, paths->count);
    for (end = paths->count; end > 0 && r == 0; end = start) {
        bool same = true;

        start = end - 1;
        while (start > 0 && same && r == 0) {
            r = same_parent(machine, &sorted[start - 1], &sorted[end - 1], &same);
            start -= same;
        }
        if (r == 0)
            r = check_path(machine, &sorted[start]);
        if (r == 0)
            r = drop_run(machine, &value, &sorted[start], end - start, &value);
    }
    if (r == 0)
        *ret_value = value;
    return r;
}
