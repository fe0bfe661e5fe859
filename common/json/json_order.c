/*
 * jq's order. Containers are compared without recursion: pairs of them that have been entered lie
 * on a stack, and the first difference anywhere ends it.
 *
 * Objects are compared by their sorted keys first; only with equal keys, value by value in the
 * order of the keys.
 */

#include <stdlib.h>

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/json/json.h"

static int compare_keys(const void *a, const void *b) {
    return str_compare(((const JsonMember *)a)->key, ((const JsonMember *)b)->key);
}

const JsonMember *json_sorted(Arena *arena, const Json *object) {
    JsonMember *members;

    CHECK(json_is(object, JSON_OBJECT));
    members = arena_copy(arena, object->members, object->count * sizeof *members);
    if (object->count > 1)
        qsort(members, object->count, sizeof *members, compare_keys);
    return members;
}

typedef struct Pair {
    const Json *a, *b;                       /* items of two arrays, */
    const JsonMember *a_members, *b_members; /* or members of two objects with equal keys */
    uint32_t count;
    uint32_t next;
    int otherwise; /* the order when nothing differs */
} Pair;

typedef struct Comparison {
    Arena arena; /* sorted members */
    Pair *pairs;
    size_t count;
    size_t capacity;
} Comparison;

static void push_pair(Comparison *comparison, Pair pair) {
    if (comparison->count == comparison->capacity) {
        comparison->capacity = MAX(comparison->capacity * 2, (size_t)16);
        comparison->pairs = alloc_again(comparison->pairs, comparison->capacity * sizeof pair);
    }
    comparison->pairs[comparison->count++] = pair;
}

static int sign(bool is_more, bool is_less) {
    return is_more - is_less;
}

static int compare_numbers(const Json *a, const Json *b) {
    double left = json_real(a);
    double right = json_real(b);

    /* NaN is less than every number, even itself. */
    if (left != left)
        return -1;
    if (right != right)
        return 1;
    return sign(left > right, left < right);
}

static int enter_arrays(Comparison *comparison, const Json *a, const Json *b) {
    push_pair(comparison, (Pair){
                              .a = a->items,
                              .b = b->items,
                              .count = MIN(a->count, b->count),
                              .otherwise = sign(a->count > b->count, a->count < b->count),
                          });
    return 0;
}

static int enter_objects(Comparison *comparison, const Json *a, const Json *b) {
    Pair pair = {.a_members = a->members, .b_members = b->members, .count = a->count};

    if (a->count > 1 || b->count > 1) {
        pair.a_members = json_sorted(&comparison->arena, a);
        pair.b_members = json_sorted(&comparison->arena, b);
    }
    for (uint32_t i = 0; i < MIN(a->count, b->count); i++) {
        int order = str_compare(pair.a_members[i].key, pair.b_members[i].key);

        if (order != 0)
            return order;
    }
    if (a->count != b->count)
        return sign(a->count > b->count, a->count < b->count);
    push_pair(comparison, pair);
    return 0;
}

/* The order of two values as far as it can be told at once; 0 for entered containers, too. */
static int compare_values(Comparison *comparison, const Json *a, const Json *b) {
    if (a->type != b->type)
        return sign(a->type > b->type, a->type < b->type);
    switch ((JsonType)a->type) {
    case JSON_NULL:
    case JSON_FALSE:
    case JSON_TRUE:
        return 0;
    case JSON_NUMBER:
        return compare_numbers(a, b);
    case JSON_STRING:
        return str_compare(json_str(a), json_str(b));
    case JSON_ARRAY:
        return enter_arrays(comparison, a, b);
    case JSON_OBJECT:
        return enter_objects(comparison, a, b);
    }
    CHECK_UNREACHABLE();
}

static int compare_next(Comparison *comparison, Pair *pair) {
    uint32_t i = pair->next++;

    if (pair->a)
        return compare_values(comparison, &pair->a[i], &pair->b[i]);
    return compare_values(comparison, &pair->a_members[i].value, &pair->b_members[i].value);
}

int json_compare(const Json *a, const Json *b) {
    Comparison comparison = {0};
    int order = compare_values(&comparison, a, b);

    while (order == 0 && comparison.count > 0) {
        Pair *pair = &comparison.pairs[comparison.count - 1];

        if (pair->next < pair->count) {
            order = compare_next(&comparison, pair);
        } else {
            order = pair->otherwise;
            comparison.count--;
        }
    }
    alloc_free(comparison.pairs);
    arena_done(&comparison.arena);
    return sign(order > 0, order < 0);
}

bool json_equal(const Json *a, const Json *b) {
    if (a->type != b->type)
        return false;
    if ((a->type == JSON_STRING || a->type == JSON_ARRAY || a->type == JSON_OBJECT) &&
        a->count != b->count)
        return false;
    return json_compare(a, b) == 0;
}
