/* The calendar, and dates as text. */

#include "common/expr/civil.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const month_names[] = {"January",   "February", "March",    "April",
                                          "May",       "June",     "July",     "August",
                                          "September", "October",  "November", "December"};
static const char *const day_names[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                        "Thursday", "Friday", "Saturday"};

#define NAME_LETTERS_SHORT 3

static int64_t divide_down(int64_t a, int64_t b) {
    return a / b - (a % b < 0);
}

/* Days since 1970-01-01; the year starts in March, so that leap days come last. */
static int64_t days_of(int64_t year, int64_t month, int64_t day) {
    year += divide_down(month, 12);
    month -= divide_down(month, 12) * 12;
    if (month < 2)
        year--;

    int64_t era = divide_down(year, 400), of_era = year - era * 400;
    int64_t of_year = (153 * ((month + 10) % 12) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void date_of(int64_t days, Civil *civil) {
    int64_t era, of_era, year, of_year, month;

    days += 719468;
    era = divide_down(days, 146097);
    of_era = days - era * 146097;
    year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    of_year = of_era - (365 * year + year / 4 - year / 100);
    month = (5 * of_year + 2) / 153;
    civil->day = (int)(of_year - (153 * month + 2) / 5 + 1);
    civil->month = (int)((month + 2) % 12);
    civil->year = year + era * 400 + (civil->month < 2);
}

void civil_complete(Civil *civil) {
    int64_t days = days_of(civil->year, civil->month, civil->day);

    civil->week_day = (int)(days + 4 - divide_down(days + 4, 7) * 7);
    civil->year_day = (int)(days - days_of(civil->year, 0, 1));
}

Civil civil_of(double seconds) {
    double whole = floor(seconds);
    int64_t days = divide_down((int64_t)whole, 86400), rest = (int64_t)whole - days * 86400;
    Civil civil = {
        .hour = (int)(rest / 3600),
        .minute = (int)(rest / 60 % 60),
        .second = (double)(rest % 60) + (seconds - whole),
    };

    date_of(days, &civil);
    civil_complete(&civil);
    return civil;
}

double civil_seconds(const Civil *civil) {
    double days = (double)days_of(civil->year, civil->month, civil->day);

    return days * 86400 + civil->hour * 3600.0 + civil->minute * 60.0 + floor(civil->second);
}

/* Week of the year: weeks start with the given day, days before the first one are in week 0. */
static int week_of(const Civil *civil, int first_day) {
    return (civil->year_day + 7 - (civil->week_day - first_day + 7) % 7) / 7;
}

static bool is_leap(int64_t year) {
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Of ISO 8601: the week belongs to the year that has its Thursday. */
static int iso_week(const Civil *civil, int64_t *ret_year) {
    int thursday = civil->year_day + 3 - (civil->week_day + 6) % 7;
    int64_t year = civil->year;

    if (thursday < 0) {
        year--;
        thursday += 365 + is_leap(year);
    } else if (thursday >= 365 + is_leap(year)) {
        thursday -= 365 + is_leap(year);
        year++;
    }
    *ret_year = year;
    return thursday / 7 + 1;
}

static void add_number(Text *text, int64_t number, int width, char fill) {
    char digits[32];
    int length =
        snprintf(digits, sizeof digits, fill == '0' ? "%0*lld" : "%*lld", width, (long long)number);

    text_add(text, str_from(digits, (size_t)length));
}

static void add_name(Text *text, const char *name, bool is_short) {
    text_add(text, str_slice(str_of(name), 0, is_short ? NAME_LETTERS_SHORT : strlen(name)));
}

/* Conversions that stand for several others. */
static const char *composed(char conversion) {
    switch (conversion) {
    case 'c':
        return "%a %b %e %H:%M:%S %Y";
    case 'D':
    case 'x':
        return "%m/%d/%y";
    case 'F':
        return "%Y-%m-%d";
    case 'r':
        return "%I:%M:%S %p";
    case 'R':
        return "%H:%M";
    case 'T':
    case 'X':
        return "%H:%M:%S";
    default:
        return NULL;
    }
}

static bool format_number(Text *text, const Civil *civil, char conversion) {
    int64_t iso_year = 0;
    int week = iso_week(civil, &iso_year), hour = (civil->hour + 11) % 12 + 1;
    const struct {
        char conversion;
        char fill;
        int width;
        int64_t number;
    } numbers[] = {
        {'C',              '0',               2,                 divide_down(civil->year, 100)},
        {'d',                '0',                               2,                              civil->day                     },
        {'e',                ' ',                               2,                              civil->day},
        {'g',                '0',                               2,                              (iso_year % 100 + 100) % 100                     },
        {'G',                '0',                               1,                              iso_year},
        {'H',                '0',                               2,                              civil->hour                     },
        {'I',                '0',                               2,                              hour},
        {'j',                '0',                               3,                              civil->year_day + 1                     },
        {'k',                ' ',                               2,                              civil->hour},
        {'l',                ' ',                               2,                              hour                     },
        {'m',                '0',                               2,                              civil->month + 1},
        {'M',                '0',                               2,                              civil->minute                     },
        {'s',                '0',                               1,                              (int64_t)civil_seconds(civil)},
        {'S',                '0',                               2,                              (int64_t)civil->second                     },
        {'u',                '0',                               1,                              (civil->week_day + 6) % 7 + 1},
        {'U',                '0',                               2,                              week_of(civil,                      0)},
        {'V',              '0',                               2,                                              week                               },
        {'w',            '0',                             1,civil->week_day},
        {'W', '0',                  2,                                   week_of(civil,                                                                               1)},
        {'y',   '0',                  2, (civil->year % 100 + 100) % 100},
        {'Y',               '0',1, civil->year                                                                              },
    };

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (numbers[i].conversion == conversion) {
            add_number(text, numbers[i].number, numbers[i].width, numbers[i].fill);
            return true;
        }
    }
    return false;
}

static bool format_word(Text *text, const Civil *civil, char conversion) {
    switch (conversion) {
    case 'a':
    case 'A':
        add_name(text, day_names[civil->week_day], conversion == 'a');
        return true;
    case 'b':
    case 'h':
    case 'B':
        add_name(text, month_names[civil->month], conversion != 'B');
        return true;
    case 'n':
        text_add_char(text, '\n');
        return true;
    case 't':
        text_add_char(text, '\t');
        return true;
    case '%':
        text_add_char(text, '%');
        return true;
    case 'p':
        text_add(text, civil->hour < 12 ? STR("AM") : STR("PM"));
        return true;
    case 'P':
        text_add(text, civil->hour < 12 ? STR("am") : STR("pm"));
        return true;
    case 'z':
        text_add(text, STR("+0000"));
        return true;
    case 'Z':
        text_add(text, STR("UTC"));
        return true;
    default:
        return false;
    }
}

static bool format_one(Text *text, const Civil *civil, char conversion) {
    const char *parts = composed(conversion);

    if (parts != NULL)
        return civil_format(text, civil, str_of(parts));
    return format_word(text, civil, conversion) || format_number(text, civil, conversion);
}

bool civil_format(Text *text, const Civil *civil, Str format) {
    for (size_t i = 0; i < format.length; i++) {
        if (format.data[i] != '%') {
            text_add_char(text, format.data[i]);
            continue;
        }
        if (++i == format.length || !format_one(text, civil, format.data[i]))
            return false;
    }
    return true;
}

/* Reading: what a conversion found. */
typedef struct Reader {
    Str rest;
    Civil civil;
    bool is_afternoon;
    bool has_half; /* AM or PM was said */
    bool has_month;
    bool has_year_day;
    bool has_seconds; /* since 1970, said by %s */
    double seconds;
} Reader;

static bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip_space(Reader *reader) {
    while (reader->rest.length > 0 && is_space(reader->rest.data[0]))
        reader->rest = str_slice(reader->rest, 1, reader->rest.length);
}

/* At most so many digits, within [low, high]. */
static bool read_number(Reader *reader, size_t digits, int64_t low, int64_t high, int64_t *ret) {
    size_t length = 0;

    skip_space(reader);
    while (length < reader->rest.length && length < digits && reader->rest.data[length] >= '0' &&
           reader->rest.data[length] <= '9')
        length++;
    if (length == 0 || !str_to_int64(str_slice(reader->rest, 0, length), low, high, ret))
        return false;
    reader->rest = str_slice(reader->rest, length, reader->rest.length);
    return true;
}

/* A name in full or its first three letters, in any case. */
static bool read_name(Reader *reader, const char *const *names, int count, int *ret_index) {
    for (int i = 0; i < count; i++) {
        size_t lengths[] = {strlen(names[i]), NAME_LETTERS_SHORT};

        for (size_t k = 0; k < 2; k++) {
            Str name = str_from(names[i], lengths[k]);

            if (reader->rest.length >= name.length &&
                str_equal_nocase(str_slice(reader->rest, 0, name.length), name)) {
                reader->rest = str_slice(reader->rest, name.length, reader->rest.length);
                *ret_index = i;
                return true;
            }
        }
    }
    return false;
}

static bool read_half(Reader *reader) {
    static const char *const names[] = {"AM ", "PM "};
    Str half = str_slice(reader->rest, 0, 2);

    for (size_t i = 0; i < 2; i++) {
        if (half.length == 2 && str_equal_nocase(half, str_from(names[i], 2))) {
            reader->has_half = true;
            reader->is_afternoon = i == 1;
            reader->rest = str_slice(reader->rest, 2, reader->rest.length);
            return true;
        }
    }
    return false;
}

/* Z, +hh, +hhmm or +hh:mm; it is read and, as in jq, changes nothing. */
static bool read_zone(Reader *reader) {
    int64_t number;

    skip_space(reader);
    if (str_starts(reader->rest, STR("Z"))) {
        reader->rest = str_slice(reader->rest, 1, reader->rest.length);
        return true;
    }
    if (!str_starts(reader->rest, STR("+")) && !str_starts(reader->rest, STR("-")))
        return false;
    reader->rest = str_slice(reader->rest, 1, reader->rest.length);
    if (!read_number(reader, 2, 0, 99, &number))
        return false;
    if (str_starts(reader->rest, STR(":")))
        reader->rest = str_slice(reader->rest, 1, reader->rest.length);
    read_number(reader, 2, 0, 59, &number);
    return true;
}

static bool read_zone_name(Reader *reader) {
    size_t length = 0;

    while (length < reader->rest.length &&
           ((reader->rest.data[length] >= 'A' && reader->rest.data[length] <= 'Z') ||
            (reader->rest.data[length] >= 'a' && reader->rest.data[length] <= 'z')))
        length++;
    reader->rest = str_slice(reader->rest, length, reader->rest.length);
    return length > 0;
}

static const struct {
    char conversion;
    uint8_t digits;
    int64_t low, high;
} read_numbers[] = {
    {'C', 2,  0, 99            },
    {'d', 2,  1, 31            },
    {'e', 2,  1, 31            },
    {'H', 2,  0, 23            },
    {'I', 2,  1, 12            },
    {'j', 3,  1, 366           },
    {'k', 2,  0, 23            },
    {'l', 2,  1, 12            },
    {'m', 2,  1, 12            },
    {'M', 2,  0, 59            },
    {'s', 14, 0, 31556952000000},
    {'S', 2,  0, 61            },
    {'u', 1,  1, 7             },
    {'U', 2,  0, 53            },
    {'w', 1,  0, 6             },
    {'W', 2,  0, 53            },
    {'y', 2,  0, 99            },
    {'Y', 4,  0, 9999          },
};

static void take_date(Reader *reader, char conversion, int64_t number) {
    Civil *civil = &reader->civil;

    if (conversion == 'C')
        civil->year = number * 100 + civil->year % 100;
    else if (conversion == 'y')
        civil->year = number + (number < 69 ? 2000 : 1900);
    else if (conversion == 'Y')
        civil->year = number;
    else if (conversion == 'm')
        civil->month = (int)number - 1;
    else if (conversion == 'd' || conversion == 'e')
        civil->day = (int)number;
    else if (conversion == 'j')
        civil->year_day = (int)number - 1;
    reader->has_month |= conversion == 'm' || conversion == 'd' || conversion == 'e';
    reader->has_year_day |= conversion == 'j';
}

static void take_number(Reader *reader, char conversion, int64_t number) {
    if (strchr("HIkl", conversion) != NULL) {
        reader->civil.hour = (int)number;
    } else if (conversion == 'M') {
        reader->civil.minute = (int)number;
    } else if (conversion == 'S') {
        reader->civil.second = (double)number;
    } else if (conversion == 's') {
        reader->seconds = (double)number;
        reader->has_seconds = true;
    } else {
        take_date(reader, conversion, number);
    }
}

static bool read_format(Reader *reader, Str format);

static bool read_one(Reader *reader, char conversion) {
    const char *parts = composed(conversion);
    int64_t number;
    int index;

    if (parts != NULL)
        return read_format(reader, str_of(parts));
    for (size_t i = 0; i < sizeof read_numbers / sizeof read_numbers[0]; i++) {
        if (read_numbers[i].conversion != conversion)
            continue;
        if (!read_number(reader, read_numbers[i].digits, read_numbers[i].low, read_numbers[i].high,
                         &number))
            return false;
        take_number(reader, conversion, number);
        return true;
    }
    switch (conversion) {
    case 'a':
    case 'A':
        return read_name(reader, day_names, 7, &index);
    case 'b':
    case 'B':
    case 'h':
        reader->has_month = true;
        return read_name(reader, month_names, 12, &reader->civil.month);
    case 'n':
    case 't':
        skip_space(reader);
        return true;
    case 'p':
        return read_half(reader);
    case 'z':
        return read_zone(reader);
    case 'Z':
        return read_zone_name(reader);
    default:
        return false;
    }
}

static bool read_format(Reader *reader, Str format) {
    for (size_t i = 0; i < format.length; i++) {
        char c = format.data[i];

        if (is_space(c)) {
            skip_space(reader);
            continue;
        }
        if (c == '%' && i + 1 < format.length && format.data[i + 1] != '%') {
            if (!read_one(reader, format.data[++i]))
                return false;
            continue;
        }
        i += c == '%';
        if (reader->rest.length == 0 || reader->rest.data[0] != c)
            return false;
        reader->rest = str_slice(reader->rest, 1, reader->rest.length);
    }
    return true;
}

bool civil_read(Str text, Str format, Civil *ret_civil, Str *ret_rest) {
    Reader reader = {
        .rest = text, .civil = {.year = 1900, .day = 0}
    };

    if (!read_format(&reader, format))
        return false;
    if (reader.has_half)
        reader.civil.hour = reader.civil.hour % 12 + (reader.is_afternoon ? 12 : 0);
    if (reader.has_seconds) {
        reader.civil = civil_of(reader.seconds);
    } else if (reader.has_year_day && !reader.has_month) {
        int year_day = reader.civil.year_day;

        date_of(days_of(reader.civil.year, 0, 1) + year_day, &reader.civil);
    }
    civil_complete(&reader.civil);
    *ret_civil = reader.civil;
    *ret_rest = reader.rest;
    return true;
}
