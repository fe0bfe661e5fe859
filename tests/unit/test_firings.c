/* What a schedule owes after a pause. */

#include <criterion/criterion.h>

#include "common/base/defs.h"
#include "trigger-gateway/fire/firings.h"

static int64_t offset_s(const void *zone, int64_t instant_s) {
    (void)zone;
    (void)instant_s;
    return 0;
}

static ZoneMoment moment(const void *zone, int64_t local_s) {
    (void)zone;
    return (ZoneMoment){ZONE_UNIQUE, local_s, local_s, local_s};
}

static bool next_change(const void *zone, int64_t after_s, int64_t *ret_s) {
    (void)zone;
    (void)after_s;
    (void)ret_s;
    return false;
}

static const ZoneRules utc = {NULL, offset_s, moment, next_change};

static Firings due(Arena *arena, const char *text, CatchUp policy, int64_t first_s, int64_t now_s) {
    FiringsOrder order = {
        .zone = &utc,
        .first_ms = first_s * 1000,
        .now_ms = now_s * 1000,
        .policy = policy,
        .missed_max = 3,
    };
    Cron cron;

    cr_assert_eq(cron_parse(str_of(text), &cron, NULL), 0);
    order.cron = &cron;
    return firings_due(&order, arena);
}

static void expect(const Firings *firings, const int64_t *seconds, uint32_t count, int64_t next_s) {
    cr_assert_eq(firings->count, count, "%u", firings->count);
    for (uint32_t i = 0; i < count; i++)
        cr_expect_eq(firings->instants_ms[i], seconds[i] * 1000, "number %u: %lld", i,
                     (long long)firings->instants_ms[i] / 1000);
    cr_expect(firings->has_next);
    cr_expect_eq(firings->next_ms, next_s * 1000);
}

#define EXPECT(firings, next_s, ...)                                                               \
    expect((firings), (const int64_t[]){__VA_ARGS__},                                              \
           sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t), (next_s))

Test(firings, an_instant_that_is_due_now_fires) {
    for (int policy = 0; policy < _CATCH_UP_COUNT; policy++) {
        _cleanup_(arena_done) Arena arena = {0};
        Firings firings = due(&arena, "* * * * *", (CatchUp)policy, 600, 600);

        EXPECT(&firings, 660, 600);
        cr_expect_eq(firings.left_out, 0);
    }
}

Test(firings, what_is_only_late_fires_whatever_the_policy) {
    for (int policy = 0; policy < _CATCH_UP_COUNT; policy++) {
        _cleanup_(arena_done) Arena arena = {0};
        Firings firings = due(&arena, "*/20 * * * * *", (CatchUp)policy, 600, 660);

        EXPECT(&firings, 680, 600, 620, 640, 660);
    }
}

Test(firings, what_was_missed_is_left_out) {
    _cleanup_(arena_done) Arena arena = {0};
    Firings firings = due(&arena, "* * * * *", CATCH_UP_SKIP, 600, 1215);

    EXPECT(&firings, 1260, 1200);
    cr_expect_eq(firings.left_out, 10);
}

Test(firings, one_fires_for_all_that_were_missed) {
    _cleanup_(arena_done) Arena arena = {0};
    Firings firings = due(&arena, "* * * * *", CATCH_UP_ONE, 600, 1215);

    EXPECT(&firings, 1260, 1140, 1200);
}

Test(firings, all_are_made_up_for_the_newest_ones_up_to_the_limit) {
    _cleanup_(arena_done) Arena arena = {0};
    Firings firings = due(&arena, "* * * * *", CATCH_UP_ALL, 1020, 1215);

    EXPECT(&firings, 1260, 1020, 1080, 1140, 1200);
    cr_expect_eq(firings.left_out, 0);
    firings = due(&arena, "* * * * *", CATCH_UP_ALL, 600, 1215);
    EXPECT(&firings, 1260, 1020, 1080, 1140, 1200);
    cr_expect_eq(firings.left_out, 7);
}

Test(firings, a_second_schedule_fires_every_second_of_a_late_minute) {
    _cleanup_(arena_done) Arena arena = {0};
    Firings firings = due(&arena, "* * * * * *", CATCH_UP_SKIP, 0, 100000);

    cr_expect_eq(firings.count, 61);
    cr_expect_eq(firings.instants_ms[0], 99940000);
    cr_expect_eq(firings.instants_ms[60], 100000000);
    cr_expect_eq(firings.next_ms, 100001000);
}

Test(firings, policies_have_words) {
    CatchUp policy = CATCH_UP_ALL;

    cr_expect(catch_up_from_word(STR("skip"), &policy));
    cr_expect_eq(policy, CATCH_UP_SKIP);
    cr_expect_not(catch_up_from_word(STR("SKIP"), &policy));
    cr_expect_not(catch_up_from_word(STR(""), &policy));
    cr_expect_eq(policy, CATCH_UP_SKIP);
}
