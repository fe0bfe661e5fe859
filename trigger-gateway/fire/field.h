#pragma once

/* Field: a header of a request or a record, or a parameter of a query; borrowed. */

#include <stdint.h>

#include "common/base/str.h"

typedef struct Field {
    Str name;
    Str value;
} Field;

typedef struct Fields {
    const Field *items;
    uint32_t count;
} Fields;

/* Value of the first one of that name, ASCII letters in any case; STR_NONE when there is none. */
Str fields_find(Fields fields, Str name);

/* "application/json", "application/problem+json; charset=utf-8": the value is JSON. */
bool content_type_is_json(Str content_type);

/* W3C trace context, version 00: what may be passed on to others; STR_NONE of anything else. */
Str traceparent_of(Str text);
