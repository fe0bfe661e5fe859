/* Values as text. Every value that is written is charged for, however often it is shared. */

#include <math.h>
#include <string.h>

#include "common/expr/value_private.h"

static int write_at(Machine *machine, Text *text, const Json *value, uint32_t depth);

static int write_array(Machine *machine, Text *text, const Json *array, uint32_t depth) {
    int r = 0;

    text_add_char(text, '[');
    for (uint32_t i = 0; i < array->count && r == 0; i++) {
        if (i > 0)
            text_add_char(text, ',');
        r = write_at(machine, text, &array->items[i], depth + 1);
    }
    text_add_char(text, ']');
    return r;
}

static int write_object(Machine *machine, Text *text, const Json *object, uint32_t depth) {
    int r = 0;

    text_add_char(text, '{');
    for (uint32_t i = 0; i < object->count && r == 0; i++) {
        if (i > 0)
            text_add_char(text, ',');
        text_add_quoted(text, object->members[i].key);
        text_add_char(text, ':');
        r = write_at(machine, text, &object->members[i].value, depth + 1);
    }
    text_add_char(text, '}');
    return r;
}

static int write_at(Machine *machine, Text *text, const Json *value, uint32_t depth) {
    if (text->is_full)
        return EXPR_E_BYTES;
    switch ((JsonType)value->type) {
    case JSON_NULL:
        text_add(text, STR("null"));
        return 0;
    case JSON_FALSE:
        text_add(text, STR("false"));
        return 0;
    case JSON_TRUE:
        text_add(text, STR("true"));
        return 0;
    case JSON_NUMBER:
        text_add_number(text, value);
        return 0;
    case JSON_STRING:
        text_add_quoted(text, json_str(value));
        return 0;
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    if (depth > machine->depth_max)
        return EXPR_E_DEPTH;
    if (machine->steps_left == 0)
        return EXPR_E_STEPS;
    machine->steps_left--;
    if (value->type == JSON_ARRAY)
        return write_array(machine, text, value, depth);
    return write_object(machine, text, value, depth);
}

int value_write(Machine *machine, Text *text, const Json *value) {
    return write_at(machine, text, value, 0);
}

int value_json(Machine *machine, const Json *value, Json *ret_string) {
    Text text = machine_text(machine);
    int r = value_write(machine, &text, value);

    return r ? r : machine_text_done(machine, &text, ret_string);
}

int value_text(Machine *machine, const Json *value, Json *ret_string) {
    if (value_is(value, JSON_STRING)) {
        *ret_string = *value;
        return 0;
    }
    return value_json(machine, value, ret_string);
}

/* The start of a text that may become very long. */
#define SHOWN_BYTES_MAX 29

typedef struct Shown {
    char text[SHOWN_BYTES_MAX + 1];
    size_t length;
    size_t length_max;
} Shown;

/* false: enough. */
static bool show(Shown *shown, Str text) {
    size_t length = MIN(text.length, shown->length_max + 1 - shown->length);

    memcpy(shown->text + shown->length, text.data, length);
    shown->length += length;
    return shown->length <= shown->length_max;
}

static bool show_scalar(Arena *arena, Shown *shown, const Json *value) {
    Text text = {.arena = arena};

    if (value_is(value, JSON_STRING))
        text_add_quoted(&text, str_slice(json_str(value), 0, 2 * SHOWN_BYTES_MAX));
    else if (value_is(value, JSON_NUMBER))
        text_add_number(&text, value);
    else
        text_add(&text, json_text(arena, value));
    return show(shown, text_str(&text));
}

static bool show_value(Arena *arena, Shown *shown, const Json *value) {
    bool more = true;

    if (value->type < JSON_ARRAY)
        return show_scalar(arena, shown, value);
    more = show(shown, value_is(value, JSON_ARRAY) ? STR("[") : STR("{"));
    for (uint32_t i = 0; i < value->count && more; i++) {
        const Json *part =
            value_is(value, JSON_ARRAY) ? &value->items[i] : &value->members[i].value;

        more = i == 0 || show(shown, STR(","));
        if (more && value_is(value, JSON_OBJECT)) {
            Json key = json_string(value->members[i].key);

            more = show_value(arena, shown, &key) && show(shown, STR(":"));
        }
        /* Each level adds a byte, so that the recursion ends after a few. */
        more = more && show_value(arena, shown, part);
    }
    return more && show(shown, value_is(value, JSON_ARRAY) ? STR("]") : STR("}"));
}

const char *value_start(Machine *machine, const Json *value, size_t bytes) {
    Shown shown = {.length_max = MIN(bytes, (size_t)SHOWN_BYTES_MAX)};

    if (show_value(machine->arena, &shown, value))
        return arena_printf(machine->arena, "%.*s", (int)shown.length, shown.text);
    shown.length = shown.length_max - 3;
    while (shown.length > 0 && ((unsigned char)shown.text[shown.length] & 0xC0) == 0x80)
        shown.length--;
    return arena_printf(machine->arena, "%.*s...", (int)shown.length, shown.text);
}

/* As long as jq's messages show it. */
#define START_BYTES 14

const char *value_shown(Machine *machine, const Json *value) {
    return arena_printf(machine->arena, "%s (%s)", json_type_name(value),
                        value_start(machine, value, START_BYTES));
}

/* Measures a result as its text would be long. */
typedef struct Measure {
    size_t bytes;
    size_t bytes_max;
    size_t nodes;
    size_t nodes_max;
    uint32_t depth_max;
} Measure;

static int measure(Measure *measured, const Json *value, uint32_t depth) {
    int r = 0;

    measured->nodes++;
    measured->bytes += value->type == JSON_STRING                          ? value->count + 2u
                       : value->type == JSON_NUMBER && !value->is_computed ? value->count
                                                                           : 2u;
    if (measured->bytes > measured->bytes_max)
        return EXPR_E_BYTES;
    if (measured->nodes > measured->nodes_max)
        return EXPR_E_STEPS;
    if (value->type < JSON_ARRAY)
        return 0;
    if (depth >= measured->depth_max)
        return EXPR_E_DEPTH;
    for (uint32_t i = 0; i < value->count && r == 0; i++) {
        if (value->type == JSON_OBJECT)
            measured->bytes += value->members[i].key.length + 3;
        r = measure(measured,
                    value->type == JSON_ARRAY ? &value->items[i] : &value->members[i].value,
                    depth + 1);
    }
    return r;
}

/* Looking at a value is much cheaper than making it: one step pays for this many, as for units. */
#define NODES_PER_STEP 64

int value_check_result(Machine *machine, const Json *value) {
    const ExprBudget *budget = &machine->context->budget;
    Measure measured = {
        .bytes_max = budget->result_bytes_max ? budget->result_bytes_max : budget->bytes_max,
        .nodes_max = (size_t)machine->steps_left * NODES_PER_STEP + NODES_PER_STEP,
        .depth_max = MIN(machine->depth_max, EXPR_NESTING_MAX),
    };
    int r;

    if (value->type < JSON_STRING || machine->expr->root->is_path)
        return 0;
    r = measure(&measured, value, 0);
    return r ? r : machine_charge(machine, measured.nodes);
}
