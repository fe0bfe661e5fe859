/* Days of the Gregorian calendar and back, by counting from the first of March. */

#include "common/plan/instant.h"

#include "common/base/check.h"

#define MS_PER_SECOND 1000
#define SECONDS_PER_DAY 86400
#define DAYS_PER_ERA 146097 /* 400 years */
#define DAYS_TO_1970 719468 /* from 0000-03-01 */
#define MOMENT_MS_LOWEST (-62135596800000LL)
#define MOMENT_MS_HIGHEST 253402300799999LL

typedef struct Date {
    int64_t year;
    int64_t month;
    int64_t day;
} Date;

static int64_t days_from_date(Date date) {
    int64_t year = date.month <= 2 ? date.year - 1 : date.year;
    int64_t era = year / 400; /* years are never negative here */
    int64_t year_of_era = year - era * 400;
    int64_t month = (date.month + 9) % 12;
    int64_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * DAYS_PER_ERA + day_of_era - DAYS_TO_1970;
}

static Date date_from_days(int64_t days) {
    int64_t shifted = days + DAYS_TO_1970;
    int64_t era = shifted / DAYS_PER_ERA;
    int64_t day_of_era = shifted - era * DAYS_PER_ERA;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153;
    Date date = {
        .year = year_of_era + era * 400,
        .month = month < 10 ? month + 3 : month - 9,
        .day = day_of_year - (153 * month + 2) / 5 + 1,
    };

    if (date.month <= 2)
        date.year++;
    return date;
}

Str instant_text(Arena *arena, int64_t moment_ms) {
    int64_t moment = MIN(MAX(moment_ms, MOMENT_MS_LOWEST), MOMENT_MS_HIGHEST) - MOMENT_MS_LOWEST;
    int64_t days = moment / (SECONDS_PER_DAY * MS_PER_SECOND);
    int64_t ms = moment % (SECONDS_PER_DAY * MS_PER_SECOND);
    Date date = date_from_days(days + days_from_date((Date){1, 1, 1}));
    int seconds = (int)(ms / MS_PER_SECOND);

    return str_printf(arena, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", (int)date.year, (int)date.month,
                      (int)date.day, seconds / 3600, seconds / 60 % 60, seconds % 60,
                      (int)(ms % MS_PER_SECOND));
}

/* Takes exactly this many digits off the text. */
static bool take_digits(Str *text, size_t count, int64_t low, int64_t high, int64_t *ret) {
    Str digits = str_slice(*text, 0, count);

    for (size_t i = 0; i < digits.length; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9')
            return false;
    }
    if (digits.length != count || !str_to_int64(digits, low, high, ret))
        return false;
    *text = str_slice(*text, count, text->length);
    return true;
}

static bool take_char(Str *text, const char *wanted) {
    if (text->length == 0)
        return false;
    for (; *wanted; wanted++) {
        if (text->data[0] == *wanted) {
            *text = str_slice(*text, 1, text->length);
            return true;
        }
    }
    return false;
}

static int64_t month_days(int64_t year, int64_t month) {
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && is_leap);
}

static bool take_date(Str *text, Date *ret_date) {
    Date date;

    if (!take_digits(text, 4, 1, 9999, &date.year) || !take_char(text, "-") ||
        !take_digits(text, 2, 1, 12, &date.month) || !take_char(text, "-") ||
        !take_digits(text, 2, 1, 31, &date.day))
        return false;
    if (date.day > month_days(date.year, date.month))
        return false;
    *ret_date = date;
    return true;
}

static bool take_seconds(Str *text, int64_t *ret_seconds) {
    int64_t hour, minute, second;

    if (!take_digits(text, 2, 0, 23, &hour) || !take_char(text, ":") ||
        !take_digits(text, 2, 0, 59, &minute) || !take_char(text, ":") ||
        !take_digits(text, 2, 0, 60, &second))
        return false;
    *ret_seconds = hour * 3600 + minute * 60 + second;
    return true;
}

/* ".1234": at least one digit, those after the third do not count. */
static bool take_fraction(Str *text, int64_t *ret_ms) {
    int64_t unit = 100, digit;

    *ret_ms = 0;
    if (!take_char(text, "."))
        return true;
    if (!take_digits(text, 1, 0, 9, &digit))
        return false;
    do {
        *ret_ms += digit * unit;
        unit /= 10;
    } while (take_digits(text, 1, 0, 9, &digit));
    return true;
}

static bool take_offset(Str *text, int64_t *ret_seconds) {
    int64_t hours, minutes, sign;

    *ret_seconds = 0;
    if (take_char(text, "Zz"))
        return true;
    sign = text->length > 0 && text->data[0] == '-' ? -1 : 1;
    if (!take_char(text, "+-") || !take_digits(text, 2, 0, 23, &hours) || !take_char(text, ":") ||
        !take_digits(text, 2, 0, 59, &minutes))
        return false;
    *ret_seconds = sign * (hours * 3600 + minutes * 60);
    return true;
}

bool instant_from_text(Str text, int64_t *ret_moment_ms) {
    int64_t seconds, ms, offset;
    Date date;

    if (!take_date(&text, &date) || !take_char(&text, "Tt ") || !take_seconds(&text, &seconds) ||
        !take_fraction(&text, &ms) || !take_offset(&text, &offset) || text.length > 0)
        return false;
    *ret_moment_ms =
        (days_from_date(date) * SECONDS_PER_DAY + seconds - offset) * MS_PER_SECOND + ms;
    return true;
}
