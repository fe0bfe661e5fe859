#pragma once

/*
 * Cron: when a schedule fires.
 *
 * Five fields (minute, hour, day of month, month, day of week) or six, with the second in front;
 * lists, ranges, steps, names of months and weekdays; @yearly @annually @monthly @weekly @daily
 * @midnight @hourly. Sunday is 0 and 7; `?` is `*`. When day of month and day of week are both
 * restricted (neither begins with `*` or `?`), one of them is enough.
 *
 * Where wall clocks are moved, the hour field decides:
 *   fixed hours       what the wall skips fires once, at the first instant behind the gap; what it
 *                     shows twice fires the first time
 *   `*` or `*` / n    every real hour: what the wall shows fires as often as it shows it, what it
 *                     skips does not
 *
 * Refused: the letters L and W and the sign #, @reboot and @every.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/str.h"
#include "common/base/zone.h"

enum {
    CRON_E_SYNTAX = 1,  /* not a cron expression */
    CRON_E_UNSUPPORTED, /* what other products know and this one does not */
    CRON_E_NEVER,       /* no day of any year fits: the 30th of February */
};

typedef struct Cron {
    uint64_t seconds, minutes; /* bit n: the value n */
    uint64_t hours, days, months, weekdays;
    bool is_every_hour;     /* the hour field begins with `*` */
    bool is_day_or_weekday; /* one of the two is enough */
} Cron;

typedef struct CronMistake {
    size_t offset; /* byte in the text */
    char message[160];
} CronMistake;

/* ret_mistake may be NULL, and is written only on refusal. */
int cron_parse(Str text, Cron *ret_cron, CronMistake *ret_mistake);

/*
 * The first instant after the given one at which it fires, whole seconds. False: not within the
 * next CRON_YEARS_MAX years.
 */
#define CRON_YEARS_MAX 50
bool cron_next(const Cron *cron, const ZoneRules *zone, int64_t after_ms, int64_t *ret_ms);
