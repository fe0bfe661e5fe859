/* What a status means, and how long to wait before the next try. */

#include <criterion/criterion.h>

#include "common/model/limits.h"
#include "worker/step/verdict.h"

#define NOW_MS 784111777000LL /* Sun, 06 Nov 1994 08:49:37 GMT */

Test(verdict, statuses_that_pass_are_tried_again_and_others_are_not) {
    static const struct {
        uint32_t status;
        ErrorType type;
        bool retryable;
    } rows[] = {
        {301, ERROR_HTTP_4XX, false},
        {400, ERROR_HTTP_4XX, false},
        {401, ERROR_HTTP_4XX, false},
        {404, ERROR_HTTP_4XX, false},
        {408, ERROR_TIMEOUT,  true },
        {409, ERROR_HTTP_4XX, false},
        {425, ERROR_HTTP_429, true },
        {429, ERROR_HTTP_429, true },
        {500, ERROR_HTTP_5XX, true },
        {503, ERROR_HTTP_5XX, true },
        {599, ERROR_HTTP_5XX, true },
        {999, ERROR_HTTP_4XX, false},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        Verdict verdict = verdict_of_status(rows[i].status);

        cr_expect_eq(verdict.type, rows[i].type, "%u", rows[i].status);
        cr_expect_eq(verdict.retryable, rows[i].retryable, "%u", rows[i].status);
    }
}

Test(verdict, a_call_that_counts_each_time_is_repeated_only_when_nothing_was_sent) {
    cr_expect(verdict_may_repeat(true, EFFECT_NOT_SENT));
    cr_expect_not(verdict_may_repeat(true, EFFECT_ANSWERED));
    cr_expect_not(verdict_may_repeat(true, EFFECT_UNKNOWN));
    cr_expect(verdict_may_repeat(false, EFFECT_UNKNOWN));
}

Test(verdict, retry_after_is_read_in_seconds_and_as_a_date) {
    cr_expect_eq(verdict_retry_after_ms(STR("120"), NOW_MS), 120000);
    cr_expect_eq(verdict_retry_after_ms(STR(" 7 "), NOW_MS), 7000);
    cr_expect_eq(verdict_retry_after_ms(STR("0"), NOW_MS), 0);
    cr_expect_eq(verdict_retry_after_ms(STR("Sun, 06 Nov 1994 08:50:07 GMT"), NOW_MS), 30000);
}

Test(verdict, a_pause_is_never_negative_and_never_longer_than_a_day) {
    cr_expect_eq(verdict_retry_after_ms(STR("Sun, 06 Nov 1994 08:00:00 GMT"), NOW_MS), 0);
    cr_expect_eq(verdict_retry_after_ms(STR("Mon, 06 Nov 2023 08:00:00 GMT"), NOW_MS),
                 BACKOFF_MS_MAX);
    cr_expect_eq(verdict_retry_after_ms(STR("99999999999999999999999"), NOW_MS), BACKOFF_MS_MAX);
}

Test(verdict, an_unreadable_retry_after_asks_for_nothing) {
    cr_expect_eq(verdict_retry_after_ms(STR_NONE, NOW_MS), 0);
    cr_expect_eq(verdict_retry_after_ms(STR("soon"), NOW_MS), 0);
    cr_expect_eq(verdict_retry_after_ms(STR("-5"), NOW_MS), 0);
    cr_expect_eq(verdict_retry_after_ms(STR("1.5"), NOW_MS), 0);
}
