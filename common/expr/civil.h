#pragma once

/*
 * Civil: seconds since 1970 and the calendar, in UTC, proleptic Gregorian. No time zone, no leap
 * seconds, no locale: English names. For common/expr and its tests.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/expr/text_private.h"

/* Further from 1970 there is no calendar: a million years, roughly. */
#define CIVIL_SECONDS_MAX 31556952000000.0

typedef struct Civil {
    int64_t year;
    int month; /* from 0 */
    int day;   /* from 1 */
    int hour;
    int minute;
    double second;
    int week_day; /* from 0, Sunday */
    int year_day; /* from 0 */
} Civil;

Civil civil_of(double seconds);
double civil_seconds(const Civil *civil); /* whole seconds; months and days may be out of range */
void civil_complete(Civil *civil);        /* sets week_day and year_day from the date */

/* false: an unknown conversion. */
bool civil_format(Text *text, const Civil *civil, Str format);

/* What is left of the text behind the format; false: it does not fit. */
bool civil_read(Str text, Str format, Civil *ret_civil, Str *ret_rest);
