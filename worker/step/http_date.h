#pragma once

/*
 * Http date: the three forms of RFC 9110, always GMT.
 *
 *   Sun, 06 Nov 1994 08:49:37 GMT     Sunday, 06-Nov-94 08:49:37 GMT     Sun Nov  6 08:49:37 1994
 *
 * The day of the week is not looked at. A year of two digits is the nearest one that is not more
 * than 50 years after now.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/base/str.h"

/* False leaves *ret alone. */
bool http_date_parse(Str text, int64_t now_ms, int64_t *ret_moment_ms);
