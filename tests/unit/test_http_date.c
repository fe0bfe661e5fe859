/* The three forms of an HTTP date, and what is none. */

#include <criterion/criterion.h>

#include "worker/step/http_date.h"

#define NOW_MS 1764000000000LL /* November 2025 */
#define MOMENT_MS 784111777000LL

Test(http_date, the_three_forms_name_the_same_moment) {
    static const char *const forms[] = {
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "  Sun, 06 Nov 1994 08:49:37 GMT  ",
    };

    for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
        int64_t moment_ms = 0;

        cr_expect(http_date_parse(str_of(forms[i]), NOW_MS, &moment_ms), "%s", forms[i]);
        cr_expect_eq(moment_ms, MOMENT_MS, "%s", forms[i]);
    }
}

Test(http_date, a_year_of_two_digits_is_at_most_fifty_years_ahead) {
    int64_t moment_ms = 0;

    cr_assert(http_date_parse(STR("Sunday, 01-Jan-30 00:00:00 GMT"), NOW_MS, &moment_ms));
    cr_expect_eq(moment_ms, 1893456000000LL);
    cr_assert(http_date_parse(STR("Sunday, 01-Jan-99 00:00:00 GMT"), NOW_MS, &moment_ms));
    cr_expect_eq(moment_ms, 915148800000LL);
}

Test(http_date, days_that_exist_are_told_from_days_that_do_not) {
    int64_t moment_ms = 0;

    cr_expect(http_date_parse(STR("Thu, 29 Feb 2024 00:00:00 GMT"), NOW_MS, &moment_ms));
    cr_expect_eq(moment_ms, 1709164800000LL);
    cr_expect_not(http_date_parse(STR("Thu, 29 Feb 2023 00:00:00 GMT"), NOW_MS, &moment_ms));
    cr_expect_not(http_date_parse(STR("Thu, 31 Apr 2024 00:00:00 GMT"), NOW_MS, &moment_ms));
    cr_expect_eq(moment_ms, 1709164800000LL, "a refusal leaves the moment alone");
}

Test(http_date, what_is_no_date_is_refused) {
    static const char *const wrong[] = {
        "",
        "GMT",
        "120",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 06 Nov 1994 08:49:37 GMT too",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 8:49:37 GMT",
        "Sun, -6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Foo 1994 08:49:37 GMT",
        "Sun, 06 Nov 99999 08:49:37 GMT",
        "Sunday, 06-Nov 08:49:37 GMT",
        "Sun Nov 6 08:49:37",
        "1994-11-06T08:49:37Z",
    };

    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        int64_t moment_ms = 1;

        cr_expect_not(http_date_parse(str_of(wrong[i]), NOW_MS, &moment_ms), "%s", wrong[i]);
        cr_expect_eq(moment_ms, 1, "%s", wrong[i]);
    }
}
