/* A retry policy; what the author leaves out keeps the action's or the product's default. */

#include "common/model/limits.h"
#include "common/plan/read.h"

#define FACTOR_MAX 100 /* the cap is reached after two attempts anyway */

typedef struct RetryParts {
    int64_t attempts_max;
    int64_t initial_ms;
    int64_t cap_ms;
    int64_t elapsed_ms_max;
    RetryPolicy *policy;
} RetryParts;

#define AT(member) offsetof(RetryParts, member)

static void read_factor(Build *build, const Place *place, const Json *value,
                        const ReadObject *object) {
    RetryParts *parts = object->into;
    double factor = json_real(value);

    if (factor >= 1 && factor <= FACTOR_MAX)
        parts->policy->factor = factor;
    else
        build_complain(build, factor < 1 ? PROBLEM_INVALID_VALUE : PROBLEM_LIMIT_EXCEEDED, place,
                       "a factor is a number from 1 to %d", FACTOR_MAX);
}

static void read_jitter(Build *build, const Place *place, const Json *value,
                        const ReadObject *object) {
    static const char *const words[] = {"FULL", "EQUAL", "NONE"};
    RetryParts *parts = object->into;
    int word = read_word(build, place, value, words, ARRAY_SIZE(words));

    if (word >= 0)
        jitter_from_word(str_of(words[word]), &parts->policy->jitter);
}

static void read_retry_on(Build *build, const Place *place, const Json *value,
                          const ReadObject *object) {
    RetryParts *parts = object->into;

    parts->policy->retry_on = 0;
    if (value->count == 0 || value->count > _ERROR_TYPE_COUNT) {
        build_complain(build, PROBLEM_INVALID_VALUE, place,
                       "name 1 to %d types of error, not %u; to try only once write "
                       "\"maxAttempts\": 1",
                       (int)_ERROR_TYPE_COUNT, value->count);
        return;
    }
    for (uint32_t i = 0; i < value->count; i++) {
        const Json *word = json_at(value, i);
        Place at = place_index(place, i);
        ErrorType type;

        if (!read_is(build, &at, word, IS(JSON_STRING)))
            continue;
        if (error_type_from_word(json_str(word), &type))
            parts->policy->retry_on |= IS(type);
        else
            build_complain(build, PROBLEM_INVALID_VALUE, &at,
                           "`%s` is no type of error; write one like HTTP_5XX, NETWORK or USER",
                           text_shown(build->arena, json_str(word)));
    }
}

static const ReadKey retry_keys[] = {
    KEY_NUMBER("maxAttempts", READ_ALL, AT(attempts_max), 1, ATTEMPTS_MAX),
    KEY_NUMBER("initialMs", READ_ALL, AT(initial_ms), 0, BACKOFF_MS_MAX),
    KEY_PART("factor", READ_ALL, READ_NOBODY, IS(JSON_NUMBER), read_factor),
    KEY_NUMBER("maxMs", READ_ALL, AT(cap_ms), 0, BACKOFF_MS_MAX),
    KEY_PART("jitter", READ_ALL, READ_NOBODY, IS(JSON_STRING), read_jitter),
    KEY_PART("retryOn", READ_ALL, READ_NOBODY, IS(JSON_ARRAY), read_retry_on),
    KEY_NUMBER("maxElapsedMs", READ_ALL, AT(elapsed_ms_max), 1, DURATION_MS_MAX),
};

void read_retry(Build *build, const Place *place, const Json *value, RetryPolicy *policy) {
    RetryParts parts = {
        .attempts_max = policy->attempts_max,
        .initial_ms = policy->initial_ms,
        .cap_ms = policy->cap_ms,
        .elapsed_ms_max = policy->elapsed_ms_max,
        .policy = policy,
    };
    ReadObject retry = {
        .keys = retry_keys,
        .key_count = ARRAY_SIZE(retry_keys),
        .name = "retry",
        .into = &parts,
        .node = PLAN_NONE,
    };

    read_object(build, place, value, &retry);
    policy->attempts_max = (uint32_t)parts.attempts_max;
    policy->initial_ms = parts.initial_ms;
    policy->cap_ms = parts.cap_ms;
    policy->elapsed_ms_max = parts.elapsed_ms_max;
}
