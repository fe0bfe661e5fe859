/* The operators of arithmetic and comparison. */

#include <math.h>
#include <string.h>

#include "common/base/check.h"
#include "common/expr/value_private.h"

static const char *const participles[_BINARY_OP_COUNT] = {
#define BINARY_PARTICIPLE(name, spelling, participle) participle,
    BINARY_OPS(BINARY_PARTICIPLE)};

static int cannot(Machine *machine, BinaryOp op, const Json *a, const Json *b, const char *why) {
    const char *left = value_shown(machine, a), *right = value_shown(machine, b);

    return machine_fail(machine, "%s and %s cannot be %s%s", left, right, participles[op], why);
}

static bool both(const Json *a, const Json *b, JsonType type) {
    return value_is(a, type) && value_is(b, type);
}

int value_items(Machine *machine, size_t count, Json **ret_items) {
    int r = machine_room(machine, count * sizeof(Json));

    if (r == 0)
        r = machine_charge(machine, count);
    if (r)
        return r;
    *ret_items = arena_alloc(machine->arena, count * sizeof(Json));
    return 0;
}

/*
 * Lists that grow at their end share what they have in common: the newest list may use the room
 * behind its elements, older ones still end where they ended.
 */
typedef enum TailKind { TAIL_ARRAY, TAIL_STRING } TailKind;

static int append(Machine *machine, TailKind kind, size_t size, const Json *a, const Json *b) {
    size_t bytes = ((size_t)a->count + b->count) * size, capacity = bytes + bytes / 2 + 32;
    bool is_tail = machine->tail[kind].data == a->text && machine->tail[kind].count == a->count;
    char *data;
    int r = machine_charge(machine, b->count);

    if (r)
        return r;
    if (is_tail && machine->tail[kind].capacity >= bytes) {
        data = (char *)(uintptr_t)a->text;
    } else {
        r = machine_room(machine, capacity);
        if (r == 0)
            r = machine_charge(machine, a->count);
        if (r)
            return r;
        data = arena_alloc(machine->arena, capacity);
        memcpy(data, a->text, a->count * size);
        machine->tail[kind].data = data;
        machine->tail[kind].capacity = (uint32_t)capacity;
    }
    memcpy(data + a->count * size, b->text, b->count * size);
    machine->tail[kind].count = a->count + b->count;
    return 0;
}

static int add_arrays(Machine *machine, const Json *a, const Json *b, Json *ret_value) {
    int r;

    if (b->count == 0 || a->count == 0) {
        *ret_value = a->count == 0 ? *b : *a;
        return 0;
    }
    r = append(machine, TAIL_ARRAY, sizeof(Json), a, b);
    if (r == 0)
        *ret_value = json_array(machine->tail[TAIL_ARRAY].data, (size_t)a->count + b->count);
    return r;
}

static int add_strings(Machine *machine, const Json *a, const Json *b, Json *ret_value) {
    int r;

    if (b->count == 0 || a->count == 0) {
        *ret_value = a->count == 0 ? *b : *a;
        return 0;
    }
    r = append(machine, TAIL_STRING, 1, a, b);
    if (r == 0)
        *ret_value =
            json_string(str_from(machine->tail[TAIL_STRING].data, (size_t)a->count + b->count));
    return r;
}

static int copy_object(Machine *machine, const Json *object, size_t more, JsonObject *ret_object) {
    size_t count = object->count + more;
    int r = machine_room(machine, count * (sizeof(JsonMember) + 16));

    if (r == 0)
        r = machine_charge(machine, count * 2);
    if (r)
        return r;
    *ret_object = (JsonObject){.arena = machine->arena};
    for (uint32_t i = 0; i < object->count; i++)
        json_add(ret_object, object->members[i].key, object->members[i].value);
    return 0;
}

/* Whether the object is the one that was added to last, and has none of the keys. */
static bool can_grow(const Machine *machine, const Json *a, const Json *b) {
    const JsonObject *tail = &machine->tail_object;

    if (tail->members != a->members || tail->count != a->count)
        return false;
    for (uint32_t i = 0; i < b->count; i++) {
        if (json_member(a, b->members[i].key) != NULL)
            return false;
    }
    return true;
}

static int add_objects(Machine *machine, const Json *a, const Json *b, Json *ret_value) {
    JsonObject *object = &machine->tail_object;
    int r = machine_charge(machine, b->count * 4u);

    if (a->count == 0 || b->count == 0) {
        *ret_value = a->count == 0 ? *b : *a;
        return r;
    }
    if (r == 0)
        r = machine_room(machine, b->count * 2 * (sizeof(JsonMember) + 16));
    if (r == 0 && !can_grow(machine, a, b))
        r = copy_object(machine, a, b->count, object);
    if (r)
        return r;
    for (uint32_t i = 0; i < b->count; i++)
        json_add(object, b->members[i].key, b->members[i].value);
    *ret_value = json_object_done(object);
    return 0;
}

int value_add(Machine *machine, const Json *a, const Json *b, Json *ret_value) {
    if (both(a, b, JSON_NUMBER)) {
        *ret_value = json_number(json_real(a) + json_real(b));
        return 0;
    }
    if (value_is(a, JSON_NULL) || value_is(b, JSON_NULL)) {
        *ret_value = value_is(a, JSON_NULL) ? *b : *a;
        return 0;
    }
    if (both(a, b, JSON_STRING))
        return add_strings(machine, a, b, ret_value);
    if (both(a, b, JSON_ARRAY))
        return add_arrays(machine, a, b, ret_value);
    if (both(a, b, JSON_OBJECT))
        return add_objects(machine, a, b, ret_value);
    return cannot(machine, BINARY_ADD, a, b, "");
}

static int subtract_arrays(Machine *machine, const Json *a, const Json *b, Json *ret_value) {
    JsonArray kept = {.arena = machine->arena};
    int r = machine_room(machine, a->count * sizeof(Json) * 2);

    for (uint32_t i = 0; i < a->count && r == 0; i++) {
        bool is_equal = false;

        for (uint32_t k = 0; k < b->count && !is_equal && r == 0; k++)
            r = value_equal(machine, &a->items[i], &b->items[k], &is_equal);
        if (r == 0)
            r = machine_charge(machine, b->count + UINT32_C(4));
        if (!is_equal)
            json_push(&kept, a->items[i]);
    }
    if (r == 0)
        *ret_value = json_array_done(&kept);
    return r;
}

static int subtract(Machine *machine, const Json *a, const Json *b, Json *ret_value) {
    if (both(a, b, JSON_NUMBER)) {
        *ret_value = json_number(json_real(a) - json_real(b));
        return 0;
    }
    if (both(a, b, JSON_ARRAY))
        return subtract_arrays(machine, a, b, ret_value);
    return cannot(machine, BINARY_SUBTRACT, a, b, "");
}

/* "ab" * 2.5 is "abab", and a negative count gives null. */
static int repeat(Machine *machine, const Json *text, double times, Json *ret_value) {
    Text repeated = machine_text(machine);
    double count = text->count > 0 ? floor(times) : 0;
    int r;

    if (!(times >= 0)) {
        *ret_value = json_null();
        return 0;
    }
    if (count * text->count > (double)repeated.bytes_max)
        return EXPR_E_BYTES;
    r = machine_charge(machine, (size_t)(count * text->count) / 4);
    if (r)
        return r;
    text_room(&repeated, (size_t)count * text->count);
    for (double i = 0; i < count; i++)
        text_add(&repeated, json_str(text));
    return machine_text_done(machine, &repeated, ret_value);
}

/* Members of b win; where both are objects they are merged in turn. */
static int merge(Machine *machine, const Json *a, const Json *b, uint32_t depth, Json *ret_value) {
    JsonObject object;
    int r;

    if (depth > machine->depth_max)
        return EXPR_E_DEPTH;
    r = copy_object(machine, a, b->count, &object);
    for (uint32_t i = 0; i < b->count && r == 0; i++) {
        const JsonMember *member = &b->members[i];
        const Json *mine = json_member(a, member->key);
        Json merged = member->value;

        if (mine != NULL && both(mine, &member->value, JSON_OBJECT))
            r = merge(machine, mine, &member->value, depth + 1, &merged);
        if (r == 0)
            json_add(&object, member->key, merged);
    }
    if (r == 0)
        *ret_value = json_object_done(&object);
    return r;
}

static int multiply(Machine *machine, const Json *a, const Json *b, Json *ret_value) {
    if (both(a, b, JSON_NUMBER)) {
        *ret_value = json_number(json_real(a) * json_real(b));
        return 0;
    }
    if (value_is(a, JSON_STRING) && value_is(b, JSON_NUMBER))
        return repeat(machine, a, json_real(b), ret_value);
    if (value_is(b, JSON_STRING) && value_is(a, JSON_NUMBER))
        return repeat(machine, b, json_real(a), ret_value);
    if (both(a, b, JSON_OBJECT))
        return merge(machine, a, b, 0, ret_value);
    return cannot(machine, BINARY_MULTIPLY, a, b, "");
}

static int split(Machine *machine, Str text, Str separator, Json *ret_value) {
    JsonArray parts = {.arena = machine->arena};
    int r = machine_charge(machine, text.length);

    while (r == 0 && text.length > 0) {
        ptrdiff_t found = separator.length > 0 ? str_find(text, separator) : -1;
        size_t length = found < 0 ? text.length : (size_t)found;

        if (separator.length == 0) {
            length = 0;
            utf8_read(text, &length);
        }
        json_push(&parts, json_string(str_slice(text, 0, length)));
        r = machine_room(machine, 0);
        if (r == 0)
            r = machine_charge(machine, 4);
        text = str_slice(text, length, text.length);
        if (found >= 0) {
            text = str_slice(text, separator.length, text.length);
            if (text.length == 0)
                json_push(&parts, json_string(STR("")));
        }
    }
    if (r == 0)
        *ret_value = json_array_done(&parts);
    return r;
}

static int divide(Machine *machine, const Json *a, const Json *b, Json *ret_value) {
    if (both(a, b, JSON_NUMBER)) {
        if (json_real(b) == 0)
            return cannot(machine, BINARY_DIVIDE, a, b, " because the divisor is zero");
        *ret_value = json_number(json_real(a) / json_real(b));
        return 0;
    }
    if (both(a, b, JSON_STRING))
        return split(machine, json_str(a), json_str(b), ret_value);
    return cannot(machine, BINARY_DIVIDE, a, b, "");
}

static int64_t to_whole(double number) {
    if (number != number)
        return 0;
    if (number >= 9223372036854775807.0)
        return INT64_MAX;
    if (number <= -9223372036854775808.0)
        return INT64_MIN;
    return (int64_t)number;
}

static uint64_t magnitude(int64_t number) {
    return number < 0 ? -(uint64_t)number : (uint64_t)number;
}

/* Of the whole parts; the sign is the dividend's. */
static int divide_whole(Machine *machine, const Json *a, const Json *b, Json *ret_value) {
    int64_t dividend, divisor;
    double rest;

    if (!both(a, b, JSON_NUMBER))
        return cannot(machine, BINARY_REMAINDER, a, b, "");
    if (json_real(a) != json_real(a) || json_real(b) != json_real(b)) {
        *ret_value = json_number(NAN);
        return 0;
    }
    dividend = to_whole(json_real(a));
    divisor = to_whole(json_real(b));
    if (divisor == 0)
        return cannot(machine, BINARY_REMAINDER, a, b, " because the divisor is zero");
    rest = (double)(magnitude(dividend) % magnitude(divisor));
    *ret_value = json_number(dividend < 0 ? -rest : rest);
    return 0;
}

static int compare(Machine *machine, BinaryOp op, const Json *a, const Json *b, Json *ret_value) {
    int order;
    int r = value_compare(machine, a, b, &order);
    bool truth = false;

    if (r)
        return r;
    if (op == BINARY_EQUAL)
        truth = order == 0;
    else if (op == BINARY_UNEQUAL)
        truth = order != 0;
    else if (op == BINARY_LESS)
        truth = order < 0;
    else if (op == BINARY_LESS_EQUAL)
        truth = order <= 0;
    else if (op == BINARY_GREATER)
        truth = order > 0;
    else
        truth = order >= 0;
    *ret_value = json_bool(truth);
    return 0;
}

int value_binary(Machine *machine, BinaryOp op, const Json *a, const Json *b, Json *ret_value) {
    switch (op) {
    case BINARY_ADD:
        return value_add(machine, a, b, ret_value);
    case BINARY_SUBTRACT:
        return subtract(machine, a, b, ret_value);
    case BINARY_MULTIPLY:
        return multiply(machine, a, b, ret_value);
    case BINARY_DIVIDE:
        return divide(machine, a, b, ret_value);
    case BINARY_REMAINDER:
        return divide_whole(machine, a, b, ret_value);
    case BINARY_EQUAL:
    case BINARY_UNEQUAL:
    case BINARY_LESS:
    case BINARY_LESS_EQUAL:
    case BINARY_GREATER:
    case BINARY_GREATER_EQUAL:
        return compare(machine, op, a, b, ret_value);
    case _BINARY_OP_COUNT:
        break;
    }
    CHECK_UNREACHABLE();
}

int value_negate(Machine *machine, const Json *a, Json *ret_value) {
    if (!value_is(a, JSON_NUMBER))
        return machine_fail(machine, "%s cannot be negated", value_shown(machine, a));
    *ret_value = json_number(-json_real(a));
    return 0;
}
