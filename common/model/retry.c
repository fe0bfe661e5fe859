/* When a failed attempt is tried again. */

#include "common/model/retry.h"

#include "common/base/check.h"
#include "common/model/limits.h"

#define BIT(type) (1u << (type))

#define RETRY_ON_DEFAULT                                                                           \
    (BIT(ERROR_NETWORK) | BIT(ERROR_TIMEOUT) | BIT(ERROR_HTTP_5XX) | BIT(ERROR_HTTP_429) |         \
     BIT(ERROR_LEASE_LOST) | BIT(ERROR_INTERNAL))

RetryPolicy retry_policy_default(void) {
    return (RetryPolicy){
        .attempts_max = RETRY_ATTEMPTS_DEFAULT,
        .initial_ms = RETRY_INITIAL_MS_DEFAULT,
        .factor = RETRY_FACTOR_DEFAULT,
        .cap_ms = RETRY_CAP_MS_DEFAULT,
        .jitter = JITTER_FULL,
    };
}

bool retry_wants(const RetryPolicy *policy, ErrorType type) {
    uint32_t wanted = policy->retry_on ? policy->retry_on : RETRY_ON_DEFAULT;

    return (wanted & BIT(type)) != 0;
}

static int64_t backoff_ms(const RetryPolicy *policy, uint32_t attempts_failed) {
    double delay = (double)policy->initial_ms;

    for (uint32_t i = 1; i < attempts_failed && delay < (double)policy->cap_ms; i++)
        delay *= policy->factor;
    return delay < (double)policy->cap_ms ? (int64_t)delay : policy->cap_ms;
}

static int64_t jittered_ms(Jitter jitter, int64_t delay_ms, Rand *dice) {
    switch (jitter) {
    case JITTER_FULL:
        return (int64_t)rand_below(dice, (uint64_t)delay_ms + 1);
    case JITTER_EQUAL:
        return delay_ms / 2 + (int64_t)rand_below(dice, (uint64_t)(delay_ms - delay_ms / 2) + 1);
    case JITTER_NONE:
    case _JITTER_COUNT:
        return delay_ms;
    }
    CHECK_UNREACHABLE();
}

int64_t retry_delay_ms(const RetryPolicy *policy, uint32_t attempts_failed, int64_t retry_after_ms,
                       Rand *dice) {
    int64_t delay_ms;

    CHECK(attempts_failed >= 1);
    delay_ms = jittered_ms(policy->jitter, backoff_ms(policy, attempts_failed), dice);
    return MAX(delay_ms, MIN(retry_after_ms, (int64_t)BACKOFF_MS_MAX));
}
