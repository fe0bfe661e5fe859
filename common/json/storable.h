#pragma once

/*
 * Storable: what PostgreSQL's jsonb accepts. One payload that it refuses would break every view
 * that casts its column, so such a payload is refused where it enters: HTTP 400, the dead-letter
 * topic, or a VALIDATION error of the step.
 *
 * Refused: \u0000 in a string, a lone surrogate escape, a number that is written with an exponent
 * and is beyond 1e308 or closer to zero than 1e-308 or has an exponent beyond +-308, a number of
 * more than 1,000 digits, nesting deeper than 64. One pass, no allocation.
 */

#include "common/json/json.h"

enum {
    JSON_E_NUL = 16,  /* a \u0000 escape */
    JSON_E_SURROGATE, /* half a surrogate pair */
    JSON_E_NUMBER,    /* exponent or digits out of range */
    JSON_E_DEEP,      /* deeper than 64 */
};

#define STORABLE_DEPTH_MAX 64
#define STORABLE_EXPONENT_MAX 308
#define STORABLE_DIGITS_MAX 1000

/* text is a valid document (it was parsed, or is parsed next). ret_mistake may be NULL. */
int json_storable(Str text, JsonMistake *ret_mistake);

/* The same of a tree that was computed; the mistake has a message, but no place. */
int json_value_storable(const Json *value, JsonMistake *ret_mistake);
