#pragma once

/*
 * Retry: when a failed attempt is tried again.
 *
 *   delay(n) = min(cap, initial * factor^(n-1)), n = the number of the attempt that failed, from 1
 *
 * FULL jitter draws uniformly from [0, delay], EQUAL from [delay/2, delay]. A Retry-After of the
 * target makes the delay at least that long, up to a day. Pure arithmetic: the dice come in.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/base/rand.h"
#include "common/model/kinds.h"

#define RETRY_ON_MAX 16

typedef struct RetryPolicy {
    uint32_t attempts_max; /* counts the first attempt, >= 1 */
    int64_t initial_ms;
    double factor; /* >= 1 */
    int64_t cap_ms;
    int64_t elapsed_ms_max; /* 0: no limit; since the step was opened */
    Jitter jitter;
    uint32_t retry_on; /* bit set of ErrorType; 0: the defaults */
} RetryPolicy;

RetryPolicy retry_policy_default(void);

/* Whether an error of this type is worth another try under the policy. */
bool retry_wants(const RetryPolicy *policy, ErrorType type);

/* attempts_failed >= 1. */
int64_t retry_delay_ms(const RetryPolicy *policy, uint32_t attempts_failed, int64_t retry_after_ms,
                       Rand *dice);
