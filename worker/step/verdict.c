/* What a status means. */

#include "worker/step/verdict.h"

#include "common/base/check.h"
#include "common/model/limits.h"
#include "worker/step/http_date.h"

/* The first row that fits. */
static const struct {
    uint32_t low, high;
    Verdict verdict;
} verdicts[] = {
    {408, 408, {ERROR_TIMEOUT, true}  }, /* the server gave up waiting for us */
    {425, 425, {ERROR_HTTP_429, true} }, /* too early: the same as too many, come again later */
    {429, 429, {ERROR_HTTP_429, true} },
    {500, 599, {ERROR_HTTP_5XX, true} },
    {0,   999, {ERROR_HTTP_4XX, false}}, /* redirects to nowhere too: asking again changes nothing */
};

Verdict verdict_of_status(uint32_t status) {
    size_t last = ARRAY_SIZE(verdicts) - 1;

    for (size_t i = 0; i < last; i++) {
        if (status >= verdicts[i].low && status <= verdicts[i].high)
            return verdicts[i].verdict;
    }
    return verdicts[last].verdict;
}

bool verdict_may_repeat(bool is_single, Effect effect) {
    return !is_single || effect == EFFECT_NOT_SENT;
}

static int64_t within_limit(int64_t pause_ms) {
    return MAX(MIN(pause_ms, (int64_t)BACKOFF_MS_MAX), (int64_t)0);
}

static bool is_digits(Str text) {
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    }
    return text.length > 0;
}

int64_t verdict_retry_after_ms(Str header, int64_t now_ms) {
    Str text = str_trim(header);
    int64_t seconds, moment_ms;

    if (is_digits(text)) {
        if (!str_to_int64(text, 0, BACKOFF_MS_MAX / 1000, &seconds))
            return BACKOFF_MS_MAX;
        return seconds * 1000;
    }
    if (http_date_parse(text, now_ms, &moment_ms))
        return within_limit(moment_ms - now_ms);
    return 0;
}
