#pragma once

/*
 * Number: text and double, both ways, in no locale. Private to common/json.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/base/str.h"

#define JSON_NUMBER_BYTES_MAX 40

/* text is a JSON number. The nearest double; beyond range +-DBL_MAX, as jq does. */
double json_number_read(Str text);

/* text is a JSON number. Whether its exact value is whole and fits. */
bool json_number_whole(Str text, int64_t *ret);

/*
 * The fewest digits that read back, laid out as jq does: 1e-05 0.0001 1000000000000000 1e+16. NaN
 * is null, infinities are +-DBL_MAX. Returns the length.
 */
size_t json_number_write(double number, char text[JSON_NUMBER_BYTES_MAX]);
