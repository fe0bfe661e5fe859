/* The calendar against the C library's own, which knows only UTC here. */

#include <criterion/criterion.h>
#include <string.h>
#include <time.h>

#include "common/base/rand.h"
#include "common/expr/civil.h"

static Arena arena;

static void clear(void) {
    arena_done(&arena);
}

TestSuite(civil, .fini = clear);

Test(civil, every_second_has_the_date_that_the_c_library_gives_it) {
    Rand dice;

    rand_seed(&dice, 7);
    for (int i = 0; i < 20000; i++) {
        /* Years 1 to 9999 or so. */
        time_t seconds = (time_t)rand_below(&dice, 315000000000ull) - 62000000000ll;
        Civil civil = civil_of((double)seconds);
        struct tm expected;

        gmtime_r(&seconds, &expected);
        cr_assert(civil.year == expected.tm_year + 1900 && civil.month == expected.tm_mon &&
                      civil.day == expected.tm_mday && civil.hour == expected.tm_hour &&
                      civil.minute == expected.tm_min && civil.second == expected.tm_sec &&
                      civil.week_day == expected.tm_wday && civil.year_day == expected.tm_yday,
                  "%lld", (long long)seconds);
        cr_assert_eq(civil_seconds(&civil), (double)seconds);
    }
}

#define FORMAT                                                                                     \
    "%a %A %b %B %c %C %d %D %e %F %g %G %H %I %j %k %l %m %M %p %P "                              \
    "%r %R %s %S %T %u %U %V %w %W %x %X %y %Y %% %n %t %h %z"

Test(civil, formats_are_those_of_the_c_library) {
    Rand dice;

    rand_seed(&dice, 8);
    for (int i = 0; i < 5000; i++) {
        time_t seconds = (time_t)rand_below(&dice, 250000000000ull) - 30000000000ll;
        Civil civil = civil_of((double)seconds);
        Text text = {.arena = &arena};
        char expected[512];
        struct tm broken;
        Str found;

        gmtime_r(&seconds, &broken);
        cr_assert_gt(strftime(expected, sizeof expected, FORMAT, &broken), 0);
        cr_assert(civil_format(&text, &civil, STR(FORMAT)));
        found = text_str(&text);
        cr_assert(str_is(found, expected), "%lld:\n%s\n%.*s", (long long)seconds, expected,
                  STR_ARGS(found));
        arena_reset(&arena);
    }
}

Test(civil, an_unknown_conversion_is_refused) {
    Civil civil = civil_of(0);
    Text text = {.arena = &arena};

    cr_expect_not(civil_format(&text, &civil, STR("%Q")));
    cr_expect_not(civil_format(&text, &civil, STR("%")));
    cr_expect_not(civil_format(&text, &civil, STR("%E")));
}

static double read_back(const char *text, const char *format) {
    Civil civil;
    Str rest;

    if (!civil_read(str_of(text), str_of(format), &civil, &rest) || rest.length > 0)
        return -1;
    return civil_seconds(&civil);
}

Test(civil, what_was_written_is_read_again) {
    cr_expect_eq(read_back("2015-03-05T23:51:47Z", "%Y-%m-%dT%H:%M:%SZ"), 1425599507);
    cr_expect_eq(read_back("Thu, 05 Mar 2015 23:51:47", "%a, %d %b %Y %T"), 1425599507);
    cr_expect_eq(read_back("thursday 5 march 2015 11:51:47 pm", "%A %e %B %Y %r"), 1425599507);
    cr_expect_eq(read_back("1425599507", "%s"), 1425599507);
    cr_expect_eq(read_back("03/05/15 23:51:47 +0100", "%D %X %z"), 1425599507);
    cr_expect_eq(read_back("2015 064", "%Y %j"), 1425513600);
    cr_expect_eq(read_back("12 AM 2000-01-01", "%I %p %F"), 946684800);
    cr_expect_eq(read_back("  2000-01-01", " %F"), 946684800);
    cr_expect_eq(read_back("100% 2000-01-01", "100%% %F"), 946684800);
}

Test(civil, what_does_not_fit_is_refused) {
    cr_expect_eq(read_back("2015-13-05", "%F"), -1);
    cr_expect_eq(read_back("2015-00-05", "%F"), -1);
    cr_expect_eq(read_back("2015-03-05x", "%F"), -1);
    cr_expect_eq(read_back("x", "%Y"), -1);
    cr_expect_eq(read_back("25", "%H"), -1);
    cr_expect_eq(read_back("Foo", "%b"), -1);
    cr_expect_eq(read_back("", "%Y"), -1);
    cr_expect_eq(read_back("5", "%Q"), -1);
}
