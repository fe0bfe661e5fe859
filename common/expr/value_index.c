/* One step down into a value. */

#include <math.h>

#include "common/expr/value_private.h"

int value_field(Machine *machine, const Json *value, Str key, Json *ret_value) {
    const Json *found;

    if (value_is(value, JSON_OBJECT)) {
        found = json_member(value, key);
        *ret_value = found ? *found : json_null();
        return 0;
    }
    if (value_is(value, JSON_NULL)) {
        *ret_value = json_null();
        return 0;
    }
    return machine_fail(machine, "Cannot index %s with string \"%.*s\"", json_type_name(value),
                        (int)MIN(key.length, (size_t)100), key.data);
}

static void at_number(const Json *array, double index, Json *ret_value) {
    double whole = trunc(index);

    if (whole < 0)
        whole += array->count;
    if (whole >= 0 && whole < array->count)
        *ret_value = array->items[(uint32_t)whole];
    else
        *ret_value = json_null();
}

/* Where the sub-array starts, as a list of indexes. */
int value_indices(Machine *machine, const Json *array, const Json *wanted, Json *ret_value) {
    JsonArray found = {.arena = machine->arena};
    int r = 0;

    if (wanted->count == 0) {
        *ret_value = json_null();
        return 0;
    }
    for (uint32_t i = 0; i + wanted->count <= array->count && r == 0; i++) {
        bool is_equal = true;

        for (uint32_t k = 0; k < wanted->count && is_equal && r == 0; k++)
            r = value_equal(machine, &array->items[i + k], &wanted->items[k], &is_equal);
        if (r == 0)
            r = machine_charge(machine, 4);
        if (r == 0)
            r = machine_room(machine, 0);
        if (r == 0 && is_equal)
            json_push(&found, json_number(i));
    }
    if (r == 0)
        *ret_value = json_array_done(&found);
    return r;
}

int value_index(Machine *machine, const Json *value, const Json *key, Json *ret_value) {
    if (value_is(key, JSON_STRING))
        return value_field(machine, value, json_str(key), ret_value);
    if (value_is(key, JSON_OBJECT)) {
        const Json *from = json_member(key, STR("start")), *to = json_member(key, STR("end"));
        Json none = json_null();

        if (from != NULL || to != NULL)
            return value_slice(machine, value, from ? from : &none, to ? to : &none, ret_value);
    }
    if (value_is(key, JSON_NUMBER) && value_is(value, JSON_ARRAY)) {
        at_number(value, json_real(key), ret_value);
        return 0;
    }
    if (value_is(key, JSON_ARRAY) && value_is(value, JSON_ARRAY))
        return value_indices(machine, value, key, ret_value);
    if (value_is(value, JSON_NULL) && value_is(key, JSON_NUMBER)) {
        *ret_value = json_null();
        return 0;
    }
    return machine_fail(machine, "Cannot index %s with %s", json_type_name(value),
                        json_type_name(key));
}

/* An end of a slice within [0, count]; null takes the default. */
static int slice_end(Machine *machine, const Json *end, double otherwise, size_t count,
                     double *ret_end) {
    double place = otherwise;

    if (!value_is(end, JSON_NULL)) {
        if (!value_is(end, JSON_NUMBER))
            return machine_fail(machine, "Start and end indices of an array slice must be numbers");
        if (json_real(end) == json_real(end))
            place = json_real(end);
        if (place < 0)
            place += (double)count;
        place = fmin(fmax(place, 0), (double)count);
    }
    *ret_end = place;
    return 0;
}

int value_slice(Machine *machine, const Json *value, const Json *from, const Json *to,
                Json *ret_value) {
    bool is_text = value_is(value, JSON_STRING);
    double start, end;
    size_t count = is_text ? utf8_count(json_str(value)) : value->count;
    int r;

    if (value_is(value, JSON_NULL)) {
        *ret_value = json_null();
        return 0;
    }
    if (!is_text && !value_is(value, JSON_ARRAY))
        return machine_fail(machine, "Cannot index %s with object", json_type_name(value));
    r = slice_end(machine, from, 0, count, &start);
    if (r == 0)
        r = slice_end(machine, to, (double)count, count, &end);
    if (r)
        return r;
    start = floor(start);
    end = fmax(ceil(end), start);
    if (!is_text) {
        /* An empty list may lie nowhere, and has no places inside. */
        *ret_value =
            json_array(value->items ? value->items + (size_t)start : NULL, (size_t)(end - start));
        return 0;
    }
    size_t first = utf8_offset(json_str(value), (size_t)start);
    size_t last = utf8_offset(json_str(value), (size_t)end);
    *ret_value = json_string(str_slice(json_str(value), first, last - first));
    return machine_charge(machine, value->count / 4);
}
