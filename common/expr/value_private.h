#pragma once

/*
 * Value: what the language does with values. Each function charges for its work; refusals are
 * EXPR_E_RUNTIME with a message in the machine, or the budget that ran out.
 */

#include "common/expr/eval_private.h"

static inline bool value_is_true(const Json *value) {
    return value->type > JSON_FALSE;
}

/* Empty lists need not lie anywhere. */
static inline void value_copy(Json *to, const Json *from, size_t count) {
    for (size_t i = 0; i < count; i++)
        to[i] = from[i];
}

static inline bool value_is(const Json *value, JsonType type) {
    return value->type == (uint8_t)type;
}

int value_binary(Machine *machine, BinaryOp op, const Json *a, const Json *b, Json *ret_value);
int value_add(Machine *machine, const Json *a, const Json *b, Json *ret_value);
int value_negate(Machine *machine, const Json *a, Json *ret_value);

int value_compare(Machine *machine, const Json *a, const Json *b, int *ret_order);
int value_equal(Machine *machine, const Json *a, const Json *b, bool *ret_equal);
int value_sort(Machine *machine, Json *items, uint32_t count); /* stable, in place */

int value_field(Machine *machine, const Json *value, Str key, Json *ret_value);
int value_index(Machine *machine, const Json *value, const Json *key, Json *ret_value);
int value_slice(Machine *machine, const Json *value, const Json *from, const Json *to,
                Json *ret_value);
int value_indices(Machine *machine, const Json *array, const Json *wanted, Json *ret_value);

int value_path_look(Machine *machine, const Json *root, const Json *path, Json *ret_value);
int value_path_set(Machine *machine, const Json *root, const Json *path, const Json *value,
                   Json *ret_value);
int value_path_drop(Machine *machine, const Json *root, const Json *paths, Json *ret_value);

int value_write(Machine *machine, Text *text, const Json *value);      /* as JSON */
int value_text(Machine *machine, const Json *value, Json *ret_string); /* tostring */
int value_json(Machine *machine, const Json *value, Json *ret_string); /* tojson */
/* The text of a value, cut to bytes. */
const char *value_start(Machine *machine, const Json *value, size_t bytes);
/* "number (1)": the type and the start of the text, for messages. */
const char *value_shown(Machine *machine, const Json *value);

/* Nodes, nesting and bytes of a result stay within the budgets. */
int value_check_result(Machine *machine, const Json *value);

/* An empty list with room for count; the refusal when it is too much. */
int value_items(Machine *machine, size_t count, Json **ret_items);
