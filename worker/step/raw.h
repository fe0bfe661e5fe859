#pragma once

/*
 * Raw: the result of a call as programs see it: {status, headers, body}. Header names are in lower
 * case, repeated ones are joined with ", ", what sets cookies is left out. The body is JSON when
 * the content type says so, null when there is none, else text.
 */

#include "worker/step/step.h"

enum { RAW_E_INVALID = 1 }; /* not UTF-8, or not the JSON it says it is */

int raw_of_answer(const StepAnswer *answer, Arena *arena, Json *ret_raw, Str *ret_message);

/* What is worth keeping of the body of a refusal: JSON if it is short, else the beginning. */
#define RAW_EXCERPT_BYTES_MAX 2048

Json raw_excerpt(const StepAnswer *answer, Arena *arena);
