/* Functions of arrays and objects, and of any value. */

#include <math.h>

#include "common/expr/builtin_private.h"

static int list_length(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    (void)args;
    switch ((JsonType)input->type) {
    case JSON_NULL:
        *ret_value = json_number(0);
        return 0;
    case JSON_FALSE:
    case JSON_TRUE:
        return machine_fail(machine, "%s has no length", value_shown(machine, input));
    case JSON_NUMBER:
        *ret_value = json_real(input) < 0 ? json_number(-json_real(input)) : *input;
        return 0;
    case JSON_STRING:
        *ret_value = json_number((double)utf8_count(json_str(input)));
        return machine_charge(machine, input->count / 16);
    case JSON_ARRAY:
    case JSON_OBJECT:
        *ret_value = json_number(input->count);
        return 0;
    }
    return 0;
}

static int list_not(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    (void)machine;
    (void)args;
    *ret_value = json_bool(!value_is_true(input));
    return 0;
}

static int list_type(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    (void)machine;
    (void)args;
    *ret_value = json_string(str_of(json_type_name(input)));
    return 0;
}

static int keys(Machine *machine, const Json *input, bool is_sorted, Json *ret_value) {
    const JsonMember *members = input->members;
    Json *items;
    int r;

    if (input->type < JSON_ARRAY)
        return machine_fail(machine, "%s has no keys", value_shown(machine, input));
    r = value_items(machine, input->count, &items);
    if (r == 0 && is_sorted && value_is(input, JSON_OBJECT)) {
        r = machine_room(machine, input->count * sizeof *members);
        if (r == 0)
            r = machine_charge(machine, (size_t)input->count * 8);
        if (r == 0)
            members = json_sorted(machine->arena, input);
    }
    if (r)
        return r;
    for (uint32_t i = 0; i < input->count; i++)
        items[i] = value_is(input, JSON_OBJECT) ? json_string(members[i].key) : json_number(i);
    *ret_value = json_array(items, input->count);
    return 0;
}

static int list_keys(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    (void)args;
    return keys(machine, input, true, ret_value);
}

static int list_keys_unsorted(Machine *machine, const Json *input, const Json *args,
                              Json *ret_value) {
    (void)args;
    return keys(machine, input, false, ret_value);
}

static int list_has(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    const Json *key = &args[0];

    if (value_is(input, JSON_NULL)) {
        *ret_value = json_bool(false);
        return 0;
    }
    if (value_is(input, JSON_OBJECT) && value_is(key, JSON_STRING)) {
        *ret_value = json_bool(json_member(input, json_str(key)) != NULL);
        return 0;
    }
    if (value_is(input, JSON_ARRAY) && value_is(key, JSON_NUMBER)) {
        *ret_value = json_bool(json_real(key) >= 0 && json_real(key) < input->count);
        return 0;
    }
    return machine_fail(machine, "Cannot check whether %s has a %s key", json_type_name(input),
                        json_type_name(key));
}

static int list_to_entries(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    Json *items;
    JsonMember *members;
    int r;

    (void)args;
    if (input->type < JSON_ARRAY)
        return machine_fail(machine, "%s has no keys", value_shown(machine, input));
    r = value_items(machine, input->count, &items);
    if (r == 0)
        r = machine_room(machine, input->count * 2 * sizeof *members);
    if (r)
        return r;
    members = arena_alloc(machine->arena, input->count * 2 * sizeof *members);
    for (uint32_t i = 0; i < input->count; i++) {
        bool is_object = value_is(input, JSON_OBJECT);

        members[2 * i] = (JsonMember){STR("key"), is_object ? json_string(input->members[i].key)
                                                            : json_number(i)};
        members[2 * i + 1] =
            (JsonMember){STR("value"), is_object ? input->members[i].value : input->items[i]};
        items[i] = json_object(&members[2 * i], 2);
    }
    *ret_value = json_array(items, input->count);
    return 0;
}

/* The first of the names that the entry has with a value that is neither null nor false. */
static const Json *entry_part(const Json *entry, const char *const *names, size_t count) {
    const Json *found = NULL;

    for (size_t i = 0; i < count; i++) {
        const Json *part = json_member(entry, str_of(names[i]));

        if (part != NULL && (found == NULL || !value_is_true(found)))
            found = part;
        if (found != NULL && value_is_true(found))
            return found;
    }
    return found;
}

static int entry_key(Machine *machine, const Json *entry, Json *ret_key) {
    static const char *const names[] = {"key", "k", "name", "Name", "Key", "K"};
    const Json *key = entry_part(entry, names, ARRAY_SIZE(names));
    Json null = json_null();

    if (key == NULL)
        key = &null;
    if (key->type >= JSON_ARRAY)
        return machine_fail(machine, "Cannot use %s as object key", value_shown(machine, key));
    return value_text(machine, key, ret_key);
}

static int list_from_entries(Machine *machine, const Json *input, const Json *args,
                             Json *ret_value) {
    static const char *const names[] = {"value", "v", "Value", "V"};
    JsonObject object = {.arena = machine->arena};
    int r = 0;

    (void)args;
    if (input->type < JSON_ARRAY)
        return machine_fail(machine, "Cannot iterate over %s", value_shown(machine, input));
    for (uint32_t i = 0; i < input->count && r == 0; i++) {
        const Json *entry =
            value_is(input, JSON_ARRAY) ? &input->items[i] : &input->members[i].value;
        const Json *value;
        Json key;

        if (!value_is(entry, JSON_OBJECT) && !value_is(entry, JSON_NULL))
            return machine_fail(machine, "Cannot index %s with string \"key\"",
                                json_type_name(entry));
        r = entry_key(machine, entry, &key);
        value = entry_part(entry, names, ARRAY_SIZE(names));
        if (r == 0)
            r = machine_charge(machine, 4);
        if (r == 0)
            r = machine_room(machine, 128);
        if (r == 0)
            json_add(&object, json_str(&key), value ? *value : json_null());
    }
    if (r == 0)
        *ret_value = json_object_done(&object);
    return r;
}

static int list_add(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    Json sum = json_null();
    int r = machine_charge(machine, input->count);

    (void)args;
    if (input->type < JSON_ARRAY)
        return machine_fail(machine, "Cannot iterate over %s", value_shown(machine, input));
    for (uint32_t i = 0; i < input->count && r == 0; i++)
        r = value_add(machine, &sum,
                      value_is(input, JSON_ARRAY) ? &input->items[i] : &input->members[i].value,
                      &sum);
    if (r == 0)
        *ret_value = sum;
    return r;
}

static int flatten_at(Machine *machine, const Json *list, double depth, uint32_t nesting,
                      JsonArray *flat) {
    int r = machine_charge(machine, list->count + UINT32_C(4));

    if (nesting > machine->depth_max)
        return EXPR_E_DEPTH;
    for (uint32_t i = 0; i < list->count && r == 0; i++) {
        const Json *item = value_is(list, JSON_ARRAY) ? &list->items[i] : &list->members[i].value;

        if (value_is(item, JSON_ARRAY) && depth > 0) {
            r = flatten_at(machine, item, depth - 1, nesting + 1, flat);
            continue;
        }
        json_push(flat, *item);
        r = machine_room(machine, 0);
    }
    return r;
}

static int flatten(Machine *machine, const Json *input, double depth, Json *ret_value) {
    JsonArray flat = {.arena = machine->arena};
    int r;

    if (depth < 0)
        return machine_fail(machine, "flatten depth must not be negative");
    if (input->type < JSON_ARRAY)
        return machine_fail(machine, "Cannot iterate over %s", value_shown(machine, input));
    r = flatten_at(machine, input, depth, 0, &flat);
    if (r == 0)
        *ret_value = json_array_done(&flat);
    return r;
}

static int list_flatten(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    (void)args;
    return flatten(machine, input, 1e9, ret_value);
}

static int list_flatten_to(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    if (!value_is(&args[0], JSON_NUMBER))
        return machine_fail(machine, "flatten depth must not be negative");
    return flatten(machine, input, json_real(&args[0]), ret_value);
}

static int want_array(Machine *machine, const Json *input, const char *what) {
    if (value_is(input, JSON_ARRAY))
        return 0;
    return machine_fail(machine, "%s cannot be %s, as it is not an array",
                        value_shown(machine, input), what);
}

static int copy_sorted(Machine *machine, const Json *input, Json **ret_items) {
    int r = value_items(machine, input->count, ret_items);

    if (r)
        return r;
    value_copy(*ret_items, input->items, input->count);
    return value_sort(machine, *ret_items, input->count);
}

static int list_sort(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    Json *items;
    int r = want_array(machine, input, "sorted");

    (void)args;
    if (r == 0)
        r = copy_sorted(machine, input, &items);
    if (r == 0)
        *ret_value = json_array(items, input->count);
    return r;
}

/* [key, value] pairs in the order of the keys; equal keys keep the order of the values. */
static int sort_pairs(Machine *machine, const Json *input, const Json *keys_of, const char *what,
                      Json **ret_pairs) {
    Json *pairs, *parts;
    int r = want_array(machine, input, what);

    if (r == 0 && (!value_is(keys_of, JSON_ARRAY) || keys_of->count != input->count))
        r = machine_fail(machine, "the keys do not fit the array");
    if (r == 0)
        r = value_items(machine, input->count, &pairs);
    if (r == 0)
        r = value_items(machine, (size_t)input->count * 2, &parts);
    if (r)
        return r;
    for (uint32_t i = 0; i < input->count; i++) {
        parts[2 * i] = keys_of->items[i];
        parts[2 * i + 1] = input->items[i];
        /* Only the key is compared: the value lies behind the end of the list. */
        pairs[i] = json_array(&parts[2 * i], 1);
    }
    r = value_sort(machine, pairs, input->count);
    if (r == 0)
        *ret_pairs = pairs;
    return r;
}

static int list_sort_by(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    Json *pairs;
    int r = sort_pairs(machine, input, &args[0], "sorted", &pairs);

    if (r)
        return r;
    for (uint32_t i = 0; i < input->count; i++)
        pairs[i] = pairs[i].items[1];
    *ret_value = json_array(pairs, input->count);
    return 0;
}

static int list_group_by(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    JsonArray groups = {.arena = machine->arena};
    Json *pairs, *values;
    uint32_t start = 0;
    int r = sort_pairs(machine, input, &args[0], "grouped", &pairs);

    if (r == 0)
        r = value_items(machine, input->count, &values);
    for (uint32_t i = 0; r == 0 && i < input->count; i++) {
        bool is_last = i + 1 == input->count, is_equal = false;

        values[i] = pairs[i].items[1];
        if (!is_last)
            r = value_equal(machine, &pairs[i], &pairs[i + 1], &is_equal);
        if (r == 0 && !is_equal) {
            json_push(&groups, json_array(values + start, i + 1 - start));
            start = i + 1;
            r = machine_room(machine, 0);
        }
    }
    if (r == 0)
        *ret_value = json_array_done(&groups);
    return r;
}

static int list_unique(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    Json *items;
    uint32_t count = 0;
    int r = want_array(machine, input, "sorted");

    (void)args;
    if (r == 0)
        r = copy_sorted(machine, input, &items);
    for (uint32_t i = 0; r == 0 && i < input->count; i++) {
        bool is_equal = false;

        if (count > 0)
            r = value_equal(machine, &items[count - 1], &items[i], &is_equal);
        if (r == 0 && !is_equal)
            items[count++] = items[i];
    }
    if (r == 0)
        *ret_value = json_array(items, count);
    return r;
}

/* The first of the smallest, or the last of the largest; keys decide. */
static int extreme(Machine *machine, const Json *input, const Json *keys_of, int direction,
                   Json *ret_value) {
    uint32_t best = 0;
    int r = want_array(machine, input, "iterated over");

    if (r == 0 && (!value_is(keys_of, JSON_ARRAY) || keys_of->count != input->count))
        r = machine_fail(machine, "the keys do not fit the array");
    if (r == 0)
        r = machine_charge(machine, input->count);
    for (uint32_t i = 1; r == 0 && i < input->count; i++) {
        int order;

        r = value_compare(machine, &keys_of->items[i], &keys_of->items[best], &order);
        if (r == 0 && (direction < 0 ? order < 0 : order >= 0))
            best = i;
    }
    if (r == 0)
        *ret_value = input->count > 0 ? input->items[best] : json_null();
    return r;
}

static int list_min(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    (void)args;
    return extreme(machine, input, input, -1, ret_value);
}

static int list_max(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    (void)args;
    return extreme(machine, input, input, 1, ret_value);
}

static int list_min_by(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    return extreme(machine, input, &args[0], -1, ret_value);
}

static int list_max_by(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    return extreme(machine, input, &args[0], 1, ret_value);
}

static int list_reverse(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    Json *items;
    int r;

    (void)args;
    if (value_is(input, JSON_NULL)) {
        *ret_value = json_array(NULL, 0);
        return 0;
    }
    if (value_is(input, JSON_STRING)) {
        Text text = machine_text(machine);
        Str rest = json_str(input);

        /* Characters, from the end; a text that does not fit says so. */
        for (size_t end = rest.length; end > 0;) {
            size_t start = end - 1;

            while (start > 0 && ((unsigned char)rest.data[start] & 0xC0) == 0x80)
                start--;
            text_add(&text, str_slice(rest, start, end - start));
            end = start;
        }
        return machine_text_done(machine, &text, ret_value);
    }
    if (!value_is(input, JSON_ARRAY))
        return machine_fail(machine, "Cannot reverse %s", value_shown(machine, input));
    r = value_items(machine, input->count, &items);
    if (r)
        return r;
    for (uint32_t i = 0; i < input->count; i++)
        items[i] = input->items[input->count - 1 - i];
    *ret_value = json_array(items, input->count);
    return 0;
}

static int list_toarray(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    (void)args;
    *ret_value = value_is(input, JSON_ARRAY)
                     ? *input
                     : json_array(arena_copy(machine->arena, input, sizeof *input), 1);
    return 0;
}

/* How long the longest row is; only arrays and null have elements to take. */
static int width_of(Machine *machine, const Json *rows, uint32_t *ret_width) {
    const Json *odd = NULL;
    uint32_t width = 0;

    for (uint32_t i = 0; i < rows->count; i++) {
        const Json *row = &rows->items[i];

        if (!value_is(row, JSON_ARRAY) && !value_is(row, JSON_NULL))
            odd = row;
        if (value_is(row, JSON_ARRAY))
            width = MAX(width, row->count);
        else if (row->type > JSON_NUMBER || (row->type == JSON_NUMBER && json_real(row) != 0))
            width = MAX(width, row->type == JSON_NUMBER ? 1u : row->count);
        else if (row->type != JSON_NULL && row->type != JSON_NUMBER)
            return machine_fail(machine, "%s has no length", value_shown(machine, row));
    }
    if (odd != NULL && width > 0)
        return machine_fail(machine, "Cannot index %s with number", json_type_name(odd));
    *ret_width = width;
    return machine_charge(machine, rows->count);
}

static int list_transpose(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    uint32_t width = 0;
    Json *rows, *cells;
    int r = want_array(machine, input, "transposed");

    (void)args;
    if (r == 0)
        r = width_of(machine, input, &width);
    if (r == 0)
        r = value_items(machine, width, &rows);
    if (r == 0)
        r = value_items(machine, (size_t)width * input->count, &cells);
    for (uint32_t i = 0; r == 0 && i < width; i++) {
        for (uint32_t k = 0; k < input->count; k++) {
            const Json *cell = json_at(&input->items[k], i);

            cells[(size_t)i * input->count + k] = cell ? *cell : json_null();
        }
        rows[i] = json_array(&cells[(size_t)i * input->count], input->count);
    }
    if (r == 0)
        *ret_value = json_array(rows, width);
    return r;
}

/* -1 - (where it would be) when it is not there. */
static int list_bsearch(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    uint32_t low = 0, high;
    int r = want_array(machine, input, "searched from");

    if (r)
        return r;
    high = input->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order;

        r = value_compare(machine, &input->items[middle], &args[0], &order);
        if (r)
            return r;
        if (order == 0) {
            *ret_value = json_number(middle);
            return 0;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_value = json_number(-1 - (double)low);
    return 0;
}

BuiltinTable builtin_list(void) {
    static const Builtin entries[] = {
        {"_group_by",     1, list_group_by,      false},
        {"_max_by",       1, list_max_by,        false},
        {"_min_by",       1, list_min_by,        false},
        {"_sort_by",      1, list_sort_by,       false},
        {"add",           0, list_add,           false},
        {"bsearch",       1, list_bsearch,       false},
        {"flatten",       0, list_flatten,       false},
        {"flatten",       1, list_flatten_to,    false},
        {"from_entries",  0, list_from_entries,  false},
        {"has",           1, list_has,           false},
        {"keys",          0, list_keys,          false},
        {"keys_unsorted", 0, list_keys_unsorted, false},
        {"length",        0, list_length,        false},
        {"max",           0, list_max,           false},
        {"min",           0, list_min,           false},
        {"not",           0, list_not,           false},
        {"reverse",       0, list_reverse,       false},
        {"sort",          0, list_sort,          false},
        {"to_entries",    0, list_to_entries,    false},
        {"toarray",       0, list_toarray,       false},
        {"transpose",     0, list_transpose,     false},
        {"type",          0, list_type,          false},
        {"unique",        0, list_unique,        false},
    };

    return (BuiltinTable){entries, ARRAY_SIZE(entries)};
}
