/*
 * Order and equality. Values share their parts, so that a small program can build a value that is
 * exponentially large when it is walked: every comparison of two values is charged for.
 */

#include "common/expr/value_private.h"

static int compare_at(Machine *machine, const Json *a, const Json *b, uint32_t depth,
                      int *ret_order);

static int sign(double a, double b) {
    /* NaN is below every number, itself too. */
    return a < b || a != a ? -1 : a == b ? 0 : 1;
}

static int compare_arrays(Machine *machine, const Json *a, const Json *b, uint32_t depth,
                          int *ret_order) {
    int order = 0, r = 0;

    for (uint32_t i = 0; i < a->count && i < b->count && order == 0 && r == 0; i++)
        r = compare_at(machine, &a->items[i], &b->items[i], depth + 1, &order);
    if (r == 0 && order == 0 && a->count != b->count)
        order = a->count < b->count ? -1 : 1;
    if (r == 0)
        *ret_order = order;
    return r;
}

static int sorted(Machine *machine, const Json *object, const JsonMember **ret_members) {
    int r = machine_room(machine, object->count * sizeof(JsonMember));

    if (r == 0)
        r = machine_charge(machine, (size_t)object->count * 8);
    if (r == 0)
        *ret_members = json_sorted(machine->arena, object);
    return r;
}

/* First the keys, as sorted lists, then the values in the order of the keys. */
static int compare_objects(Machine *machine, const Json *a, const Json *b, uint32_t depth,
                           int *ret_order) {
    const JsonMember *left, *right;
    int order = 0;
    int r = sorted(machine, a, &left);

    if (r == 0)
        r = sorted(machine, b, &right);
    if (r)
        return r;
    for (uint32_t i = 0; i < a->count && i < b->count && order == 0; i++)
        order = str_compare(left[i].key, right[i].key);
    if (order == 0 && a->count != b->count)
        order = a->count < b->count ? -1 : 1;
    for (uint32_t i = 0; i < a->count && order == 0 && r == 0; i++)
        r = compare_at(machine, &left[i].value, &right[i].value, depth + 1, &order);
    if (r == 0)
        *ret_order = order < 0 ? -1 : order > 0;
    return r;
}

static int compare_at(Machine *machine, const Json *a, const Json *b, uint32_t depth,
                      int *ret_order) {
    int order;

    if (a->type != b->type || a->type < JSON_NUMBER) {
        *ret_order = a->type < b->type ? -1 : a->type > b->type;
        return 0;
    }
    if (a->type == JSON_NUMBER) {
        *ret_order = sign(json_real(a), json_real(b));
        return 0;
    }
    if (a->type == JSON_STRING) {
        order = str_compare(json_str(a), json_str(b));
        *ret_order = order < 0 ? -1 : order > 0;
        return machine_charge(machine, MIN(a->count, b->count) / 16u);
    }
    if (depth > machine->depth_max)
        return EXPR_E_DEPTH;
    if (machine->steps_left == 0)
        return EXPR_E_STEPS;
    machine->steps_left--;
    if (a->type == JSON_ARRAY)
        return compare_arrays(machine, a, b, depth, ret_order);
    return compare_objects(machine, a, b, depth, ret_order);
}

int value_compare(Machine *machine, const Json *a, const Json *b, int *ret_order) {
    return compare_at(machine, a, b, 0, ret_order);
}

int value_equal(Machine *machine, const Json *a, const Json *b, bool *ret_equal) {
    int order;
    int r;

    if (a->type != b->type || (a->type == JSON_ARRAY && a->count != b->count)) {
        *ret_equal = false;
        return 0;
    }
    r = compare_at(machine, a, b, 0, &order);
    if (r == 0)
        *ret_equal = order == 0;
    return r;
}

/* Merges two sorted runs that lie behind each other in from. */
static int merge(Machine *machine, const Json *from, Json *to, uint32_t middle, uint32_t count) {
    uint32_t left = 0, right = middle;
    int order, r;

    for (uint32_t i = 0; i < count; i++) {
        order = left < middle ? -1 : 1;
        if (left < middle && right < count) {
            r = value_compare(machine, &from[left], &from[right], &order);
            if (r)
                return r;
        }
        to[i] = order <= 0 ? from[left++] : from[right++];
    }
    return machine_charge(machine, count);
}

int value_sort(Machine *machine, Json *items, uint32_t count) {
    Json *from = items, *to;
    int r = value_items(machine, count, &to);

    for (uint64_t width = 1; width < count && r == 0; width *= 2) {
        for (uint64_t start = 0; start < count && r == 0; start += 2 * width) {
            uint32_t length = (uint32_t)MIN(2 * width, count - start);

            r = merge(machine, from + start, to + start, (uint32_t)MIN(width, (uint64_t)length),
                      length);
        }
        Json *other = from;
        from = to;
        to = other;
    }
    if (r == 0 && from != items)
        value_copy(items, from, count);
    return r;
}
