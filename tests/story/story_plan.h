#pragma once

/*
 * The plan of a story: a definition as it is, or the short notation, which is turned into one.
 *
 *   a -> b -> c            nextSteps
 *   a -> b, c              a fork
 *   a true> b   a false> c the sides of a CONDITION
 *   a !> b                 an error edge; a !NETWORK,TIMEOUT> b: one with a match
 *   a: attempts 3, backoff 100, timeout 5000, once, disabled
 *
 * Steps are ACTIONs of test.call (idempotency KEY); `once` makes one of test.once (NONE). What
 * follows takes the rest of the line, so it stands on a line of its own:
 *
 *   a: guard EXPR          a: condition EXPR      a: input JSON     a: output JSON
 *   a: delay MS            a: until TEMPLATE      a: transform JSON a: switch JSON
 *   a: terminate JSON      a: join JSON           a: retry JSON
 *   output: JSON           settings: JSON         triggers: JSON
 */

#include <stddef.h>

#include "common/base/buf.h"

/* The definition's JSON text; false: *ret_line is the line of the text that is not understood. */
bool story_plan(Str text, Buf *definition, Str *ret_line);
