/* Dates of HTTP headers. */

#include "worker/step/http_date.h"

#define DAY_MS 86400000LL
#define YEAR_MS (366 * DAY_MS)

typedef struct Moment {
    int64_t year, month, day, hour, minute, second;
} Moment;

static bool take_number(Str text, int64_t low, int64_t high, int64_t *ret) {
    return text.length > 0 && text.data[0] >= '0' && text.data[0] <= '9' &&
           str_to_int64(text, low, high, ret);
}

static bool take_month(Str text, int64_t *ret_month) {
    static const char *const names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

    for (int i = 0; i < 12; i++) {
        if (str_is(text, names[i])) {
            *ret_month = i + 1;
            return true;
        }
    }
    return false;
}

/* "08:49:37"; a leap second is the last one of its minute. */
static bool take_time(Str text, Moment *moment) {
    if (text.length != 8)
        return false;
    return take_number(str_split(&text, ':'), 0, 23, &moment->hour) &&
           take_number(str_split(&text, ':'), 0, 59, &moment->minute) &&
           take_number(text, 0, 60, &moment->second);
}

static int64_t days_of(int64_t year, int64_t month, int64_t day) {
    int64_t shifted = month <= 2 ? year - 1 : year;
    int64_t era = shifted / 400;
    int64_t of_era = shifted - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool is_day_of_month(const Moment *moment) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = moment->year % 4 == 0 && (moment->year % 100 != 0 || moment->year % 400 == 0);

    return moment->day <= days[moment->month - 1] + (moment->month == 2 && is_leap);
}

static int64_t moment_ms(const Moment *moment) {
    int64_t seconds = moment->hour * 3600 + moment->minute * 60 + MIN(moment->second, 59);

    return days_of(moment->year, moment->month, moment->day) * DAY_MS + seconds * 1000;
}

/* The next part between spaces; asctime pads a day with one more. */
static Str take_word(Str *rest) {
    Str word = {0};

    while (rest->data != NULL && word.length == 0)
        word = str_split(rest, ' ');
    return word;
}

/* 06 Nov 1994 08:49:37 GMT */
static bool read_fixed(Str rest, Moment *moment) {
    return take_number(take_word(&rest), 1, 31, &moment->day) &&
           take_month(take_word(&rest), &moment->month) &&
           take_number(take_word(&rest), 1601, 9999, &moment->year) &&
           take_time(take_word(&rest), moment) && str_is(take_word(&rest), "GMT") &&
           rest.data == NULL;
}

/* 06-Nov-94 08:49:37 GMT */
static bool read_old(Str rest, int64_t now_ms, Moment *moment) {
    Str date = take_word(&rest);

    if (!take_number(str_split(&date, '-'), 1, 31, &moment->day) ||
        !take_month(str_split(&date, '-'), &moment->month) ||
        !take_number(date, 0, 99, &moment->year) || !take_time(take_word(&rest), moment) ||
        !str_is(take_word(&rest), "GMT") || rest.data != NULL)
        return false;
    moment->year += 1900;
    while (moment_ms(moment) + 100 * YEAR_MS <= now_ms + 50 * YEAR_MS)
        moment->year += 100;
    return true;
}

/* Nov  6 08:49:37 1994 */
static bool read_asctime(Str rest, Moment *moment) {
    return take_month(take_word(&rest), &moment->month) &&
           take_number(take_word(&rest), 1, 31, &moment->day) &&
           take_time(take_word(&rest), moment) &&
           take_number(take_word(&rest), 1601, 9999, &moment->year) && rest.data == NULL;
}

bool http_date_parse(Str text, int64_t now_ms, int64_t *ret_moment_ms) {
    Str rest = str_trim(text);
    Str weekday = take_word(&rest);
    Moment moment = {0};
    bool is_read;

    if (!str_ends(weekday, STR(",")))
        is_read = read_asctime(rest, &moment);
    else if (weekday.length == 4)
        is_read = read_fixed(rest, &moment);
    else
        is_read = read_old(rest, now_ms, &moment);
    if (!is_read || !is_day_of_month(&moment))
        return false;
    *ret_moment_ms = moment_ms(&moment);
    return true;
}
