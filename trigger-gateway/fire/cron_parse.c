/* Cron text to sets of numbers; every refusal names its place and what would be right. */

#include <stdarg.h>
#include <stdio.h>

#include "common/base/defs.h"
#include "trigger-gateway/fire/cron_private.h"

#define TEXT_BYTES_MAX 512 /* six lists of all values fit */

static const char *const month_names[] = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL",
                                          "AUG", "SEP", "OCT", "NOV", "DEC", NULL};
static const char *const weekday_names[] = {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", NULL};

typedef enum CronField {
    FIELD_SECOND,
    FIELD_MINUTE,
    FIELD_HOUR,
    FIELD_DAY,
    FIELD_MONTH,
    FIELD_WEEKDAY,
    _FIELD_COUNT,
} CronField;

static const struct {
    const char *name;
    int64_t low, high;
    const char *const *names; /* the first one has the value low */
} fields[_FIELD_COUNT] = {
    [FIELD_SECOND] = {"second",       0, 59, NULL         },
    [FIELD_MINUTE] = {"minute",       0, 59, NULL         },
    [FIELD_HOUR] = {"hour",         0, 23, NULL         },
    [FIELD_DAY] = {"day of month", 1, 31, NULL         },
    [FIELD_MONTH] = {"month",        1, 12, month_names  },
    [FIELD_WEEKDAY] = {"day of week",  0, 7,  weekday_names},
};

static const struct {
    const char *name;
    const char *text;
} nicknames[] = {
    {"@yearly",   "0 0 1 1 *"},
    {"@annually", "0 0 1 1 *"},
    {"@monthly",  "0 0 1 * *"},
    {"@weekly",   "0 0 * * 0"},
    {"@daily",    "0 0 * * *"},
    {"@midnight", "0 0 * * *"},
    {"@hourly",   "0 * * * *"},
};

typedef struct Reading {
    Str text; /* the whole expression */
    CronField field;
    uint64_t bits;
    CronMistake *mistake; /* NULL: nobody asks */
} Reading;

_printf_(4, 5) static int refuse(const Reading *reading, int r, Str at, const char *format, ...) {
    va_list args;

    if (reading->mistake == NULL)
        return r;
    reading->mistake->offset = (size_t)(at.data - reading->text.data);
    va_start(args, format);
    vsnprintf(reading->mistake->message, sizeof reading->mistake->message, format, args);
    va_end(args);
    return r;
}

/* Text of a stranger in a message: short, and its end shows that it was cut. */
#define SHOWN(str) (int)MIN((str).length, (size_t)24), (str).data

static bool is_digits(Str text) {
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    }
    return text.length > 0;
}

static bool name_value(CronField field, Str text, int64_t *ret_value) {
    for (int i = 0; fields[field].names != NULL && fields[field].names[i] != NULL; i++) {
        if (!str_equal_nocase(text, str_of(fields[field].names[i])))
            continue;
        *ret_value = fields[field].low + i;
        return true;
    }
    return false;
}

/* "L", "LW", "5L", "FRIL", "15W", "2#1": other products' signs for "the last", "the nearest". */
static bool is_foreign(const Reading *reading, Str text) {
    char last = text.length > 0 ? text.data[text.length - 1] : '\0';
    bool is_of_days = reading->field == FIELD_DAY || reading->field == FIELD_WEEKDAY;

    return is_of_days && (last == 'L' || last == 'l' || last == 'W' || last == 'w' ||
                          str_find_char(text, '#') >= 0);
}

static int read_value(const Reading *reading, Str text, int64_t *ret_value) {
    const char *name = fields[reading->field].name;
    int64_t low = fields[reading->field].low, high = fields[reading->field].high;

    if (name_value(reading->field, text, ret_value))
        return 0;
    if (is_foreign(reading, text))
        return refuse(reading, CRON_E_UNSUPPORTED, text,
                      "%s: L, W and # are not supported, in `%.*s`", name, SHOWN(text));
    if (!is_digits(text))
        return refuse(reading, CRON_E_SYNTAX, text, "%s: `%.*s` is no value from %lld to %lld%s",
                      name, SHOWN(text), (long long)low, (long long)high,
                      fields[reading->field].names ? " nor a name" : "");
    if (!str_to_int64(text, low, high, ret_value))
        return refuse(reading, CRON_E_SYNTAX, text, "%s: %.*s is not within %lld to %lld", name,
                      SHOWN(text), (long long)low, (long long)high);
    return 0;
}

typedef struct Span {
    int64_t low, high;
} Span;

static int read_span(const Reading *reading, Str text, bool has_step, Span *ret_span) {
    Str rest = text;
    Str first = str_split(&rest, '-');
    Span span = {fields[reading->field].low, fields[reading->field].high};
    int r;

    if (str_is(text, "*") || str_is(text, "?")) {
        *ret_span = span;
        return 0;
    }
    r = read_value(reading, first, &span.low);
    if (r)
        return r;
    if (rest.data != NULL)
        r = read_value(reading, rest, &span.high);
    else if (!has_step)
        span.high = span.low;
    if (r)
        return r;
    if (span.low > span.high)
        return refuse(reading, CRON_E_SYNTAX, text, "%s: the range `%.*s` goes backwards",
                      fields[reading->field].name, SHOWN(text));
    *ret_span = span;
    return 0;
}

static int read_item(Reading *reading, Str item) {
    Str rest = item;
    Str span_text = str_split(&rest, '/');
    int64_t step = 1;
    Span span = {0};
    int r = read_span(reading, span_text, rest.data != NULL, &span);

    if (r)
        return r;
    if (rest.data != NULL &&
        !str_to_int64(rest, 1, fields[reading->field].high - fields[reading->field].low + 1, &step))
        return refuse(reading, CRON_E_SYNTAX, rest, "%s: the step `%.*s` is not within 1 to %lld",
                      fields[reading->field].name, SHOWN(rest),
                      (long long)(fields[reading->field].high - fields[reading->field].low + 1));
    for (int64_t value = span.low; value <= span.high; value += step)
        reading->bits |= (uint64_t)1 << value;
    return 0;
}

static int read_field(Reading *reading, Str text, uint64_t *ret_bits) {
    Str rest = text;

    reading->bits = 0;
    while (rest.data != NULL) {
        int r = read_item(reading, str_split(&rest, ','));

        if (r)
            return r;
    }
    *ret_bits = reading->bits;
    return 0;
}

static bool is_restricted(Str text) {
    return text.data[0] != '*' && text.data[0] != '?';
}

/* Cuts at white space. Returns how many parts there are; beyond the array they are only counted. */
static size_t cut(Str text, Str *parts, size_t part_max) {
    size_t count = 0;

    for (size_t i = 0; i < text.length;) {
        size_t start = i;

        while (i < text.length && text.data[i] != ' ' && text.data[i] != '\t')
            i++;
        if (i > start && count++ < part_max)
            parts[count - 1] = str_slice(text, start, i - start);
        i += i == start;
    }
    return count;
}

static int read_nickname(const Reading *reading, Str name, Str *ret_text) {
    for (size_t i = 0; i < ARRAY_SIZE(nicknames); i++) {
        if (!str_equal_nocase(name, str_of(nicknames[i].name)))
            continue;
        *ret_text = str_of(nicknames[i].text);
        return 0;
    }
    if (str_is(name, "@reboot") || str_starts(name, STR("@every")))
        return refuse(reading, CRON_E_UNSUPPORTED, name, "%.*s is not supported", SHOWN(name));
    return refuse(reading, CRON_E_SYNTAX, name,
                  "`%.*s` is none of @yearly @annually @monthly @weekly @daily @midnight @hourly",
                  SHOWN(name));
}

static int read_fields(Reading *reading, const Str *parts, size_t count, Cron *ret_cron) {
    Cron cron = {.seconds = 1};
    uint64_t *const bits[_FIELD_COUNT] = {&cron.seconds, &cron.minutes, &cron.hours,
                                          &cron.days,    &cron.months,  &cron.weekdays};
    size_t skipped = _FIELD_COUNT - count;

    for (size_t i = 0; i < count; i++) {
        int r;

        reading->field = (CronField)(i + skipped);
        r = read_field(reading, parts[i], bits[i + skipped]);
        if (r)
            return r;
    }
    cron.is_every_hour = !is_restricted(parts[FIELD_HOUR - skipped]);
    cron.is_day_or_weekday =
        is_restricted(parts[FIELD_DAY - skipped]) && is_restricted(parts[FIELD_WEEKDAY - skipped]);
    cron.weekdays |= cron.weekdays >> 7 & 1;
    if (!cron_has_day(&cron))
        return refuse(reading, CRON_E_NEVER, parts[FIELD_DAY - skipped],
                      "no day of any year fits: it would never fire");
    *ret_cron = cron;
    return 0;
}

int cron_parse(Str text, Cron *ret_cron, CronMistake *ret_mistake) {
    Reading reading = {.text = text, .mistake = ret_mistake};
    Str parts[_FIELD_COUNT];
    size_t count;
    int r;

    if (text.length > TEXT_BYTES_MAX)
        return refuse(&reading, CRON_E_SYNTAX, text, "longer than %d bytes", TEXT_BYTES_MAX);
    count = cut(text, parts, ARRAY_SIZE(parts));
    if (count == 1 && parts[0].data[0] == '@') {
        r = read_nickname(&reading, parts[0], &reading.text);
        if (r)
            return r;
        count = cut(reading.text, parts, ARRAY_SIZE(parts));
    }
    if (count != _FIELD_COUNT && count != _FIELD_COUNT - 1)
        return refuse(&reading, CRON_E_SYNTAX, text,
                      "a cron expression has 5 or 6 fields, like `0 3 * * *`; this has %zu", count);
    return read_fields(&reading, parts, count, ret_cron);
}
