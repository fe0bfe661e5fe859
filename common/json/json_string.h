#pragma once

/*
 * String: what may stand between the quotes of a JSON text. Private to common/json.
 */

#include <stdint.h>

#include "common/json/json.h"

enum {
    JSON_STRING_E_END = 1, /* no closing quote */
    JSON_STRING_E_CONTROL, /* a bare control character */
    JSON_STRING_E_UTF8,
    JSON_STRING_E_ESCAPE, /* a backslash before something else */
    JSON_STRING_E_HEX,    /* \u without four hexadecimal digits */
};

const char *json_string_message(int refusal);

/* Both move *next forward on success and leave it at the offending place on refusal. */
int json_bytes_check(const char **next, const char *end);  /* a run of bytes above ASCII */
int json_escape_check(const char **next, const char *end); /* one escape, *next at the backslash */

/* The code unit of four hexadecimal digits, or -1. */
int json_hex(const char *from, const char *end);

/* raw was checked. Half a surrogate pair becomes U+FFFD, as jq does. */
Str json_unescape(Arena *arena, Str raw);

JsonMistake json_mistake_at(Str text, size_t offset, const char *message);
