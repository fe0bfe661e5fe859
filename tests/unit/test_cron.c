/* When schedules fire: what is written, what is refused, and what moved wall clocks do. */

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "common/base/defs.h"
#include "common/base/rand.h"
#include "trigger-gateway/fire/cron.h"

/* A zone from a table: before the first change the offset is `offset_s`. */
typedef struct TableChange {
    int64_t at_s;
    int64_t offset_s;
} TableChange;

typedef struct TableZone {
    int64_t offset_s;
    const TableChange *changes;
    size_t count;
} TableZone;

static int64_t table_offset_s(const void *zone, int64_t instant_s) {
    const TableZone *table = zone;
    int64_t offset_s = table->offset_s;

    for (size_t i = 0; i < table->count && table->changes[i].at_s <= instant_s; i++)
        offset_s = table->changes[i].offset_s;
    return offset_s;
}

static bool table_next_change(const void *zone, int64_t after_s, int64_t *ret_s) {
    const TableZone *table = zone;

    for (size_t i = 0; i < table->count; i++) {
        if (table->changes[i].at_s <= after_s)
            continue;
        *ret_s = table->changes[i].at_s;
        return true;
    }
    return false;
}

static ZoneMoment table_moment(const void *zone, int64_t local_s) {
    const TableZone *table = zone;
    int64_t before_s = table->offset_s;

    for (size_t i = 0; i < table->count; i++) {
        int64_t at_s = table->changes[i].at_s, after_s = table->changes[i].offset_s;

        if (local_s >= at_s + before_s && local_s < at_s + after_s)
            return (ZoneMoment){ZONE_SKIPPED, at_s, at_s, at_s};
        if (local_s >= at_s + after_s && local_s < at_s + before_s)
            return (ZoneMoment){ZONE_REPEATED, local_s - before_s, local_s - after_s, at_s};
        if (local_s < at_s + before_s)
            break;
        before_s = after_s;
    }
    return (ZoneMoment){ZONE_UNIQUE, local_s - before_s, local_s - before_s, local_s - before_s};
}

/* Berlin in 2026: 2026-03-29 01:00 UTC forward, 2026-10-25 01:00 UTC back. */
#define SPRING_S 1774746000
#define AUTUMN_S 1792890000
static const TableChange berlin_changes[] = {
    {SPRING_S, 7200},
    {AUTUMN_S, 3600}
};
static const TableZone berlin_table = {3600, berlin_changes, 2};
static const TableZone utc_table = {0, NULL, 0};

static ZoneRules rules(const TableZone *table) {
    return (ZoneRules){table, table_offset_s, table_moment, table_next_change};
}

static Cron parsed(const char *text) {
    Cron cron;
    CronMistake mistake = {0};

    cr_assert_eq(cron_parse(str_of(text), &cron, &mistake), 0, "%s: %s", text, mistake.message);
    return cron;
}

/* Fires `count` times from after_s on; the instants relative to it, in seconds. */
static void expect_fires(const char *text, const TableZone *table, int64_t after_s,
                         const int64_t *expected, size_t count) {
    Cron cron = parsed(text);
    ZoneRules zone = rules(table);
    int64_t at_ms = after_s * 1000;

    for (size_t i = 0; i < count; i++) {
        cr_assert(cron_next(&cron, &zone, at_ms, &at_ms));
        cr_expect_eq(at_ms, (after_s + expected[i]) * 1000, "%s, number %zu: %lld", text, i,
                     (long long)(at_ms / 1000 - after_s));
    }
}

#define EXPECT_FIRES(text, table, after_s, ...)                                                    \
    expect_fires((text), (table), (after_s), (const int64_t[]){__VA_ARGS__},                       \
                 sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))

#define HOUR 3600
#define DAY (24 * HOUR)

Test(cron, fires_strictly_after_the_given_instant) {
    EXPECT_FIRES("0 * * * *", &utc_table, 0, HOUR, 2 * HOUR);
    EXPECT_FIRES("0 * * * *", &utc_table, HOUR - 1, 1, 1 + HOUR);
}

Test(cron, milliseconds_below_a_second_do_not_fire_it_early_or_twice) {
    Cron cron = parsed("* * * * * *");
    ZoneRules zone = rules(&utc_table);
    int64_t at_ms;

    cr_assert(cron_next(&cron, &zone, 999, &at_ms));
    cr_expect_eq(at_ms, 1000);
    cr_assert(cron_next(&cron, &zone, 1000, &at_ms));
    cr_expect_eq(at_ms, 2000);
    cr_assert(cron_next(&cron, &zone, -1, &at_ms));
    cr_expect_eq(at_ms, 0);
}

Test(cron, six_fields_begin_with_the_second) {
    EXPECT_FIRES("30 */2 * * * *", &utc_table, 0, 30, 150, 270);
}

Test(cron, lists_ranges_and_steps_add_up) {
    EXPECT_FIRES("1,5-6,50/5 0 * * *", &utc_table, 0, 60, 300, 360, 3000, 3300, DAY + 60);
    EXPECT_FIRES("10-30/10 0 * * *", &utc_table, 0, 600, 1200, 1800, DAY + 600);
}

Test(cron, names_are_read_in_any_case) {
    Cron by_name = parsed("0 0 * Jan-mar mon,FRI");
    Cron by_number = parsed("0 0 * 1-3 1,5");

    cr_expect_eq(by_name.months, by_number.months);
    cr_expect_eq(by_name.weekdays, by_number.weekdays);
}

Test(cron, sunday_is_0_and_7) {
    Cron seven = parsed("0 0 * * 5-7");

    cr_expect_eq(seven.weekdays & 0x7f, parsed("0 0 * * 0,5,6").weekdays & 0x7f);
}

Test(cron, nicknames_are_what_they_say) {
    /* 1970-01-01 is a Thursday. */
    EXPECT_FIRES("@weekly", &utc_table, 0, 3 * DAY, 10 * DAY);
    EXPECT_FIRES("@monthly", &utc_table, 0, 31 * DAY, 59 * DAY);
    EXPECT_FIRES("@yearly", &utc_table, 0, 365 * DAY, 730 * DAY);
    EXPECT_FIRES("@midnight", &utc_table, 0, DAY, 2 * DAY);
    EXPECT_FIRES("@hourly", &utc_table, 0, HOUR, 2 * HOUR);
}

Test(cron, a_restricted_day_or_a_restricted_weekday_is_enough) {
    /* The 13th, and Fridays: 1970-01-02 is one. */
    EXPECT_FIRES("0 0 13 * 5", &utc_table, 0, DAY, 8 * DAY, 12 * DAY, 15 * DAY);
    /* Only Fridays; only the 13th; every second day that is a Friday. */
    EXPECT_FIRES("0 0 * * 5", &utc_table, 0, DAY, 8 * DAY);
    EXPECT_FIRES("0 0 13 * ?", &utc_table, 0, 12 * DAY, 43 * DAY);
    EXPECT_FIRES("0 0 */2 * 5", &utc_table, 0, 8 * DAY, 22 * DAY);
}

Test(cron, leap_days_are_waited_for) {
    /* 1972-02-29, 1976-02-29. */
    EXPECT_FIRES("0 0 29 2 *", &utc_table, 0, 789 * DAY, 2250 * DAY);
}

Test(cron, a_fixed_hour_that_the_wall_skips_fires_once_behind_the_gap) {
    int64_t midnight_s = SPRING_S - 2 * HOUR; /* local */

    /* 02:30 does not exist on the 29th: 03:00 local, which is the instant of the change. */
    EXPECT_FIRES("30 2 * * *", &berlin_table, midnight_s, 2 * HOUR, 25 * HOUR + HOUR / 2);
    /* Two skipped times of a day are one firing, also together with one right behind the gap. */
    EXPECT_FIRES("0,30 2,3 * * *", &berlin_table, midnight_s, 2 * HOUR, 2 * HOUR + HOUR / 2,
                 25 * HOUR);
}

Test(cron, a_fixed_hour_that_the_wall_repeats_fires_the_first_time) {
    /* From 00:00 local: 02:30 is shown 2.5 h and 3.5 h later. */
    int64_t midnight_s = AUTUMN_S - 3 * HOUR;

    EXPECT_FIRES("30 2 * * *", &berlin_table, midnight_s, 2 * HOUR + HOUR / 2,
                 27 * HOUR + HOUR / 2);
    /* Asked between the two showings, the second one does not count. */
    EXPECT_FIRES("30 2 * * *", &berlin_table, AUTUMN_S + 60, 24 * HOUR + HOUR / 2 - 60);
}

Test(cron, every_hour_is_every_real_hour) {
    EXPECT_FIRES("30 * * * *", &berlin_table, SPRING_S - HOUR, HOUR / 2, HOUR + HOUR / 2,
                 2 * HOUR + HOUR / 2);
    EXPECT_FIRES("30 * * * *", &berlin_table, AUTUMN_S - HOUR, HOUR / 2, HOUR + HOUR / 2,
                 2 * HOUR + HOUR / 2);
    /* Every second hour of the wall: 00:00, 04:00 where 02:00 is skipped; 02:00 twice. */
    EXPECT_FIRES("0 */2 * * *", &berlin_table, SPRING_S - 2 * HOUR - 1, 1, 3 * HOUR + 1,
                 5 * HOUR + 1);
    EXPECT_FIRES("0 */2 * * *", &berlin_table, AUTUMN_S - 3 * HOUR - 1, 1, 2 * HOUR + 1,
                 3 * HOUR + 1, 5 * HOUR + 1);
}

/* What the rules say, second by second: slow, and written without the code under test. */
static bool shows(const Cron *cron, int64_t local_s) {
    int64_t day = local_s / DAY, second = local_s % DAY;

    (void)day;
    return (cron->seconds >> second % 60 & 1) && (cron->minutes >> second / 60 % 60 & 1) &&
           (cron->hours >> second / HOUR & 1);
}

static bool fires_at(const Cron *cron, const TableZone *table, int64_t at_s) {
    int64_t offset_s = table_offset_s(table, at_s);
    int64_t before_s = table_offset_s(table, at_s - 1);

    if (cron->is_every_hour)
        return shows(cron, at_s + offset_s);
    for (int64_t local_s = at_s + before_s; local_s < at_s + offset_s; local_s++) {
        if (shows(cron, local_s))
            return true;
    }
    return shows(cron, at_s + offset_s) && table_moment(table, at_s + offset_s).first_s == at_s;
}

static void random_field(Rand *dice, char *text, size_t bytes, int high) {
    int a = (int)rand_below(dice, high), b = (int)rand_below(dice, high);

    switch (rand_below(dice, 4)) {
    case 0:
        snprintf(text, bytes, "*");
        break;
    case 1:
        snprintf(text, bytes, "*/%d", a / 4 + 1);
        break;
    case 2:
        snprintf(text, bytes, "%d,%d", a, b);
        break;
    default:
        snprintf(text, bytes, "%d-%d/%d", MIN(a, b), MAX(a, b), 1 + (int)rand_below(dice, 5));
    }
}

Test(cron, agrees_with_a_scan_of_every_second_around_both_changes) {
    ZoneRules zone = rules(&berlin_table);
    Rand dice;

    rand_seed(&dice, 20260329);
    for (int round = 0; round < 60; round++) {
        char second[16], minute[16], hour[16], text[64];
        int64_t at_s = (round % 2 ? SPRING_S : AUTUMN_S) - 4 * HOUR, end_s = at_s + 9 * HOUR;
        int64_t found_ms = at_s * 1000;
        Cron cron;

        random_field(&dice, second, sizeof second, 60);
        random_field(&dice, minute, sizeof minute, 60);
        random_field(&dice, hour, sizeof hour, 24);
        snprintf(text, sizeof text, "%s %s %s * * *", second, minute, hour);
        cron = parsed(text);
        cr_assert(cron_next(&cron, &zone, found_ms, &found_ms));
        while (++at_s < end_s) {
            if (!fires_at(&cron, &berlin_table, at_s))
                continue;
            cr_assert_eq(found_ms, at_s * 1000, "%s: %lld, expected %lld", text,
                         (long long)found_ms / 1000, (long long)at_s);
            cr_assert(cron_next(&cron, &zone, found_ms, &found_ms));
        }
        cr_assert_geq(found_ms, end_s * 1000, "%s", text);
    }
}

static const struct {
    const char *text;
    int r;
    const char *says;
} refused[] = {
    {"",                             CRON_E_SYNTAX,      "this has 0"                      },
    {"* * * *",                      CRON_E_SYNTAX,      "this has 4"                      },
    {"* * * * * * *",                CRON_E_SYNTAX,      "this has 7"                      },
    {"60 * * * *",                   CRON_E_SYNTAX,      "minute: 60 is not within 0 to 59"},
    {"* 24 * * *",                   CRON_E_SYNTAX,      "hour: 24"                        },
    {"* * 0 * *",                    CRON_E_SYNTAX,      "day of month: 0"                 },
    {"* * * 13 *",                   CRON_E_SYNTAX,      "month: 13"                       },
    {"* * * * 8",                    CRON_E_SYNTAX,      "day of week: 8"                  },
    {"99999999999999999999 * * * *", CRON_E_SYNTAX,      "not within"                      },
    {"5-1 * * * *",                  CRON_E_SYNTAX,      "goes backwards"                  },
    {"*/0 * * * *",                  CRON_E_SYNTAX,      "the step `0`"                    },
    {"*/61 * * * *",                 CRON_E_SYNTAX,      "the step `61`"                   },
    {"*/ * * * *",                   CRON_E_SYNTAX,      "the step ``"                     },
    {"1, * * * *",                   CRON_E_SYNTAX,      "`` is no value"                  },
    {"-1 * * * *",                   CRON_E_SYNTAX,      "`` is no value"                  },
    {"1-2-3 * * * *",                CRON_E_SYNTAX,      "`2-3` is no value"               },
    {"+1 * * * *",                   CRON_E_SYNTAX,      "`+1` is no value"                },
    {"JAN * * * *",                  CRON_E_SYNTAX,      "`JAN` is no value"               },
    {"* * * FOO *",                  CRON_E_SYNTAX,      "nor a name"                      },
    {"** * * * *",                   CRON_E_SYNTAX,      "`**` is no value"                },
    {"* * L * *",                    CRON_E_UNSUPPORTED, "L, W and # are not supported"    },
    {"* * 15W * *",                  CRON_E_UNSUPPORTED, "15W"                             },
    {"* * * * 5#2",                  CRON_E_UNSUPPORTED, "5#2"                             },
    {"* * * * 5L",                   CRON_E_UNSUPPORTED, "5L"                              },
    {"@reboot",                      CRON_E_UNSUPPORTED, "@reboot"                         },
    {"@every",                       CRON_E_UNSUPPORTED, "@every"                          },
    {"@fortnightly",                 CRON_E_SYNTAX,      "none of @yearly"                 },
    {"0 0 30 2 *",                   CRON_E_NEVER,       "never"                           },
    {"0 0 31 4,6,9,11 *",            CRON_E_NEVER,       "never"                           },
};

Test(cron, what_it_is_not_is_refused_with_a_reason) {
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        Cron cron = {.minutes = 77};
        CronMistake mistake = {0};

        cr_expect_eq(cron_parse(str_of(refused[i].text), &cron, &mistake), refused[i].r, "`%s`",
                     refused[i].text);
        cr_expect(strstr(mistake.message, refused[i].says) != NULL, "`%s`: %s", refused[i].text,
                  mistake.message);
        cr_expect_eq(cron.minutes, 77, "a refusal changes nothing");
    }
}

Test(cron, a_mistake_names_its_place) {
    Cron cron;
    CronMistake mistake;

    cr_assert_eq(cron_parse(STR("0 3 * JANUARY *"), &cron, &mistake), CRON_E_SYNTAX);
    cr_expect_eq(mistake.offset, 6);
    cr_assert_eq(cron_parse(STR("0 3,25 * * *"), &cron, &mistake), CRON_E_SYNTAX);
    cr_expect_eq(mistake.offset, 4);
}

Test(cron, nobody_needs_to_ask_for_the_mistake) {
    Cron cron;

    cr_expect_eq(cron_parse(STR("x"), &cron, NULL), CRON_E_SYNTAX);
}

Test(cron, a_text_without_end_is_refused) {
    char text[2048];
    Cron cron;

    memset(text, '1', sizeof text);
    cr_expect_eq(cron_parse(str_from(text, sizeof text), &cron, NULL), CRON_E_SYNTAX);
}
