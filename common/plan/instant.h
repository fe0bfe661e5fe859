#pragma once

/*
 * Instant: a moment as RFC 3339 text and as milliseconds since 1970, UTC. Years 0001 to 9999; a
 * leap second counts as the first second after it. An offset is required: without one a moment is
 * not known.
 */

#include "common/base/str.h"

/* "2026-03-01T08:00:00.123Z", always with milliseconds. */
Str instant_text(Arena *arena, int64_t moment_ms);

/* Digits below a millisecond are cut off. False leaves *ret alone. */
bool instant_from_text(Str text, int64_t *ret_moment_ms);
