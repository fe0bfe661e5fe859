#pragma once

/*
 * Http field: one header, or one parameter of a query: a name and a value, borrowed. Shared by the
 * server and the client.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/base/str.h"

typedef struct HttpField {
    Str name;
    Str value;
} HttpField;

/* The first field of that name (ASCII letters in any case), or NULL. */
const HttpField *http_field_find(const HttpField *fields, uint32_t count, Str name);

/* A token of RFC 9110, not empty: fit for a header's name or a method. */
bool http_field_is_token(Str text);

/* Fit for a header's value: no CR, no LF, no NUL, no other control character but the tab. */
bool http_field_is_value(Str text);
