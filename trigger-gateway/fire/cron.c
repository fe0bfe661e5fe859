/* The next instant of a schedule. */

#include "trigger-gateway/fire/cron.h"

#include "common/base/check.h"
#include "trigger-gateway/fire/cron_private.h"

#define DAY_S 86400
#define DAYS_MAX (CRON_YEARS_MAX * 366)
#define CALENDAR_DAYS 146097 /* 400 years: then weekdays and leap years repeat */
#define EPOCH_WEEKDAY 4      /* 1970-01-01 was a Thursday */

static int64_t floor_div(int64_t number, int64_t by) {
    return number / by - (number % by < 0);
}

/* Days since 1970 → month and day, counted in years that begin in March: leap days come last. */
static void month_and_day(int64_t day_number, unsigned *ret_month, unsigned *ret_day) {
    int64_t shifted = day_number + 719468;
    unsigned of_era = (unsigned)(shifted - floor_div(shifted, CALENDAR_DAYS) * CALENDAR_DAYS);
    unsigned year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    unsigned of_year = of_era - (365 * year + year / 4 - year / 100);
    unsigned month = (5 * of_year + 2) / 153;

    *ret_day = of_year - (153 * month + 2) / 5 + 1;
    *ret_month = month < 10 ? month + 3 : month - 9;
}

static bool has(uint64_t bits, uint64_t value) {
    return bits >> value & 1;
}

static bool is_day(const Cron *cron, int64_t day_number) {
    int64_t weekday = day_number + EPOCH_WEEKDAY - floor_div(day_number + EPOCH_WEEKDAY, 7) * 7;
    unsigned month, day;
    bool fits_day, fits_weekday;

    month_and_day(day_number, &month, &day);
    if (!has(cron->months, month))
        return false;
    fits_day = has(cron->days, day);
    fits_weekday = has(cron->weekdays, (uint64_t)weekday);
    return cron->is_day_or_weekday ? fits_day || fits_weekday : fits_day && fits_weekday;
}

bool cron_has_day(const Cron *cron) {
    for (int64_t day = 0; day < CALENDAR_DAYS; day++) {
        if (is_day(cron, day))
            return true;
    }
    return false;
}

/* The lowest set bit from `from` on, or -1. */
static int next_bit(uint64_t bits, int from) {
    if (from > 63 || bits >> from == 0)
        return -1;
    return from + __builtin_ctzll(bits >> from);
}

/* The first time of day at or after the second `from`, or -1. */
static int64_t next_time(const Cron *cron, int64_t from) {
    int from_hour = (int)(from / 3600), from_minute = (int)(from / 60 % 60);

    for (int hour = next_bit(cron->hours, from_hour); hour >= 0;
         hour = next_bit(cron->hours, hour + 1)) {
        int first_minute = hour == from_hour ? from_minute : 0;

        for (int minute = next_bit(cron->minutes, first_minute); minute >= 0;
             minute = next_bit(cron->minutes, minute + 1)) {
            bool is_first = hour == from_hour && minute == from_minute;
            int second = next_bit(cron->seconds, is_first ? (int)(from % 60) : 0);

            if (second >= 0)
                return hour * 3600 + minute * 60 + second;
        }
    }
    return -1;
}

/* The first local time at or after `from_s` that fits. */
static bool next_local(const Cron *cron, int64_t from_s, int64_t *ret_s) {
    int64_t day = floor_div(from_s, DAY_S);
    int64_t last = day + DAYS_MAX;
    int64_t from = from_s - day * DAY_S;

    for (; day <= last; day++) {
        int64_t time = is_day(cron, day) ? next_time(cron, from) : -1;

        from = 0;
        if (time < 0)
            continue;
        *ret_s = day * DAY_S + time;
        return true;
    }
    return false;
}

/*
 * Local times map to instants in their order, so the first one whose instant is late enough is
 * found by walking; times of a gap share one instant, those of an overlap have the earlier one.
 */
static bool next_fixed(const Cron *cron, const ZoneRules *zone, int64_t after_s, int64_t *ret_s) {
    int64_t from_s = after_s + zone->offset_s(zone->zone, after_s);
    int64_t local_s;

    while (next_local(cron, from_s, &local_s)) {
        ZoneMoment moment = zone->moment(zone->zone, local_s);

        if (moment.first_s > after_s) {
            *ret_s = moment.first_s;
            return true;
        }
        from_s = local_s + 1;
    }
    return false;
}

/* Between two changes local time runs evenly: from change to change until one stretch has it. */
static bool next_flowing(const Cron *cron, const ZoneRules *zone, int64_t after_s, int64_t *ret_s) {
    int64_t from_s = after_s + 1;
    int64_t last_s = after_s + (int64_t)DAYS_MAX * DAY_S;
    int64_t local_s, change_s;

    while (from_s <= last_s) {
        int64_t offset_s = zone->offset_s(zone->zone, from_s);
        bool changes = zone->next_change(zone->zone, from_s, &change_s);

        if (!next_local(cron, from_s + offset_s, &local_s))
            return false;
        if (!changes || local_s - offset_s < change_s) {
            *ret_s = local_s - offset_s;
            return true;
        }
        CHECK(change_s > from_s);
        from_s = change_s;
    }
    return false;
}

bool cron_next(const Cron *cron, const ZoneRules *zone, int64_t after_ms, int64_t *ret_ms) {
    int64_t after_s = floor_div(after_ms, 1000);
    int64_t found_s;
    bool found = cron->is_every_hour ? next_flowing(cron, zone, after_s, &found_s)
                                     : next_fixed(cron, zone, after_s, &found_s);

    if (!found)
        return false;
    CHECK(found_s > after_s);
    *ret_ms = found_s * 1000;
    return true;
}
