#include <criterion/criterion.h>

#include "common/base/rand.h"
#include "common/plan/instant.h"

static int64_t read_back(const char *text) {
    int64_t moment_ms = -1;

    cr_assert(instant_from_text(str_of(text), &moment_ms), "%s", text);
    return moment_ms;
}

static void expect_text(int64_t moment_ms, const char *text) {
    _cleanup_(arena_done) Arena arena = {0};
    Str written = instant_text(&arena, moment_ms);

    cr_expect(str_is(written, text), "%.*s is not %s", STR_ARGS(written), text);
}

Test(instant, known_moments_are_written) {
    expect_text(0, "1970-01-01T00:00:00.000Z");
    expect_text(-1, "1969-12-31T23:59:59.999Z");
    expect_text(951782400123, "2000-02-29T00:00:00.123Z");
    expect_text(1772348400000, "2026-03-01T07:00:00.000Z");
    expect_text(253402300799999, "9999-12-31T23:59:59.999Z");
    expect_text(-62135596800000, "0001-01-01T00:00:00.000Z");
}

Test(instant, moments_beyond_four_digits_of_years_are_the_nearest_that_can_be_written) {
    expect_text(INT64_MAX, "9999-12-31T23:59:59.999Z");
    expect_text(INT64_MIN, "0001-01-01T00:00:00.000Z");
}

Test(instant, every_form_of_rfc_3339_is_read) {
    cr_expect_eq(read_back("1970-01-01T00:00:00Z"), 0);
    cr_expect_eq(read_back("1970-01-01t00:00:00z"), 0);
    cr_expect_eq(read_back("1970-01-01 00:00:00Z"), 0);
    cr_expect_eq(read_back("1970-01-01T01:00:00+01:00"), 0);
    cr_expect_eq(read_back("1969-12-31T18:30:00-05:30"), 0);
    cr_expect_eq(read_back("1970-01-01T00:00:00.5Z"), 500);
    cr_expect_eq(read_back("1970-01-01T00:00:00.1239999Z"), 123);
    cr_expect_eq(read_back("2026-03-01T08:00:00+01:00"), 1772348400000);
    cr_expect_eq(read_back("2016-12-31T23:59:60Z"), read_back("2017-01-01T00:00:00Z"));
    cr_expect_eq(read_back("2024-02-29T00:00:00Z"), 1709164800000);
}

Test(instant, what_is_no_moment_is_refused_and_changes_nothing) {
    static const char *const wrong[] = {
        "",
        "2026-03-01",
        "2026-03-01T08:00:00",
        "2026-03-01T08:00Z",
        "2026-3-1T08:00:00Z",
        "2026-13-01T08:00:00Z",
        "2026-00-01T08:00:00Z",
        "2026-02-29T08:00:00Z",
        "1900-02-29T08:00:00Z",
        "2026-04-31T08:00:00Z",
        "2026-03-01T24:00:00Z",
        "2026-03-01T08:60:00Z",
        "2026-03-01T08:00:61Z",
        "2026-03-01T08:00:00.Z",
        "2026-03-01T08:00:00+0100",
        "2026-03-01T08:00:00+24:00",
        "2026-03-01T08:00:00Z ",
        " 2026-03-01T08:00:00Z",
        "0000-03-01T08:00:00Z",
        "-026-03-01T08:00:00Z",
        "+026-03-01T08:00:00Z",
        "2026-03-01T08:00:0",
        "PT5M",
    };
    int64_t moment_ms = 77;

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        cr_expect_not(instant_from_text(str_of(wrong[i]), &moment_ms), "%s", wrong[i]);
    cr_expect_eq(moment_ms, 77);
}

Test(instant, what_is_written_reads_back) {
    _cleanup_(arena_done) Arena arena = {0};
    Rand dice;

    rand_seed(&dice, 5);
    for (int i = 0; i < 20000; i++) {
        int64_t moment_ms = (int64_t)rand_below(&dice, 315537897600000) - 62135596800000;
        int64_t back_ms = 0;

        cr_assert(instant_from_text(instant_text(&arena, moment_ms), &back_ms));
        cr_assert_eq(back_ms, moment_ms);
    }
}
