#pragma once

/*
 * Verdict: what a status or a broken call means: an error's type, and whether trying again may
 * help. One table for the worker and for the simulator.
 *
 * A call that counts each time (idempotency NONE) is never tried again once anything was sent; when
 * nobody knows what became of it, the step is INDETERMINATE.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/model/kinds.h"

typedef struct Verdict {
    ErrorType type;
    bool retryable;
} Verdict;

/* Of a status that is no success. */
Verdict verdict_of_status(uint32_t status);

/* Whether an attempt may be repeated after what is known about its effect. */
bool verdict_may_repeat(bool is_single, Effect effect);

/*
 * The pause that a Retry-After header asks for, seconds or an HTTP date; 0 when there is none or it
 * says nothing readable. At most BACKOFF_MS_MAX.
 */
int64_t verdict_retry_after_ms(Str header, int64_t now_ms);
