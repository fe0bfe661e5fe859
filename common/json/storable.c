/* What jsonb refuses, and what breaks the views beside it. */

#include "common/json/storable.h"

#include "common/base/check.h"
#include "common/json/json_number.h"
#include "common/json/json_scan.h"
#include "common/json/json_string.h"

static const char *message_of(int refusal) {
    static const char *const messages[] = {
        [JSON_E_NUL - JSON_E_NUL] = "the character \\u0000 cannot be stored",
        [JSON_E_SURROGATE - JSON_E_NUL] = "half a surrogate pair cannot be stored",
        [JSON_E_NUMBER - JSON_E_NUL] = "a number with so many digits or such an exponent cannot be "
                                       "stored",
        [JSON_E_DEEP - JSON_E_NUL] = "nested deeper than can be stored",
    };

    CHECK(refusal >= JSON_E_NUL && (size_t)(refusal - JSON_E_NUL) < ARRAY_SIZE(messages));
    return messages[refusal - JSON_E_NUL];
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Of the number as it is written: digits, and where its first one that is not 0 stands. */
typedef struct Extent {
    int64_t digit_count;
    int64_t magnitude; /* of the first digit other than 0: 2 for 100, -1 for 0.1 */
    bool is_zero;
} Extent;

/* Digits and the point; returns what follows them. */
static const char *measure(const char *next, const char *end, Extent *ret_extent) {
    Extent extent = {.is_zero = true};
    bool in_fraction = false;

    for (; next < end && (is_digit(*next) || *next == '.'); next++) {
        if (*next == '.') {
            in_fraction = true;
            continue;
        }
        extent.digit_count++;
        if (!in_fraction)
            extent.magnitude += !extent.is_zero;
        else
            extent.magnitude -= extent.is_zero;
        extent.is_zero &= *next == '0';
    }
    *ret_extent = extent;
    return next;
}

/* From behind the 'e'; far beyond the limit it does not matter how far. */
static const char *measure_exponent(const char *next, const char *end, int64_t *ret_exponent) {
    bool is_negative = next < end && *next == '-';
    int64_t exponent = 0;

    next += next < end && (*next == '-' || *next == '+');
    for (; next < end && is_digit(*next); next++)
        exponent = MIN(exponent * 10 + (*next - '0'), (int64_t)1000000);
    *ret_exponent = is_negative ? -exponent : exponent;
    return next;
}

static bool is_within(int64_t exponent) {
    return exponent >= -STORABLE_EXPONENT_MAX && exponent <= STORABLE_EXPONENT_MAX;
}

/* Moves *next behind the number. */
static int check_number(const char **next, const char *end) {
    Extent extent;
    int64_t exponent;

    *next += *next < end && **next == '-';
    *next = measure(*next, end, &extent);
    if (extent.digit_count > STORABLE_DIGITS_MAX)
        return JSON_E_NUMBER;
    if (*next == end || (**next | 0x20) != 'e')
        return 0;
    *next = measure_exponent(*next + 1, end, &exponent);
    if (!is_within(exponent) || (!extent.is_zero && !is_within(extent.magnitude + exponent)))
        return JSON_E_NUMBER;
    return 0;
}

/* *next is at a backslash; moves it behind the escape, and behind the second half of a pair. */
static int check_escape(const char **next, const char *end) {
    int unit = end - *next > 2 && (*next)[1] == 'u' ? json_hex(*next + 2, end) : -1;
    int second;

    if (unit == 0)
        return JSON_E_NUL;
    if (unit < 0) {
        *next = MIN(*next + 2, end);
        return 0;
    }
    *next += 6;
    if (unit < 0xD800 || unit > 0xDFFF)
        return 0;
    second = end - *next >= 6 && memcmp(*next, "\\u", 2) == 0 ? json_hex(*next + 2, end) : -1;
    if (unit > 0xDBFF || second < 0xDC00 || second > 0xDFFF)
        return JSON_E_SURROGATE;
    *next += 6;
    return 0;
}

/* *next is behind the opening quote; moves it behind the closing one. */
static int check_string(const char **next, const char *end) {
    while ((*next = scan_plain(*next, end)) < end) {
        const char *place = *next;
        int r;

        if (*place == '"') {
            (*next)++;
            return 0;
        }
        if (*place != '\\') {
            (*next)++;
            continue;
        }
        r = check_escape(next, end);
        if (r) {
            *next = place;
            return r;
        }
    }
    return 0;
}

/* One token, or one byte between tokens. */
static int check_token(const char **next, const char *end, uint32_t *depth) {
    char c = **next;

    if (c == '"') {
        (*next)++;
        return check_string(next, end);
    }
    if (is_digit(c) || c == '-')
        return check_number(next, end);
    if ((c == '[' || c == '{') && ++*depth > STORABLE_DEPTH_MAX)
        return JSON_E_DEEP;
    if (c == ']' || c == '}')
        *depth -= *depth > 0;
    (*next)++;
    return 0;
}

int json_storable(Str text, JsonMistake *ret_mistake) {
    const char *next = text.data;
    const char *end = text.length ? text.data + text.length : next;
    uint32_t depth = 0;

    while (next < end) {
        const char *token = next;
        int r = check_token(&next, end, &depth);

        if (r == 0)
            continue;
        if (ret_mistake) {
            const char *place = r == JSON_E_NUMBER ? token : next;

            *ret_mistake = json_mistake_at(text, (size_t)(place - text.data), message_of(r));
        }
        return r;
    }
    return 0;
}

static int check_text(Str text) {
    return str_find_char(text, '\0') >= 0 ? JSON_E_NUL : 0;
}

static int check_number_value(const Json *number) {
    char text[JSON_NUMBER_BYTES_MAX];
    const char *next = text;
    const char *end;

    if (number->is_computed) {
        end = text + json_number_write(number->real, text);
    } else {
        next = number->text;
        end = next + number->count;
    }
    return check_number(&next, end);
}

typedef struct Level {
    const Json *container;
    uint32_t next; /* child to look at */
} Level;

typedef struct Levels {
    Level level[STORABLE_DEPTH_MAX];
    uint32_t count;
} Levels;

/* A container is entered: its children are looked at later. */
static int enter_value(Levels *levels, const Json *value) {
    switch ((JsonType)value->type) {
    case JSON_NULL:
    case JSON_FALSE:
    case JSON_TRUE:
        return 0;
    case JSON_NUMBER:
        return check_number_value(value);
    case JSON_STRING:
        return check_text(json_str(value));
    case JSON_ARRAY:
    case JSON_OBJECT:
        if (levels->count == STORABLE_DEPTH_MAX)
            return JSON_E_DEEP;
        levels->level[levels->count++] = (Level){.container = value};
        return 0;
    }
    CHECK_UNREACHABLE();
}

static int enter_child(Levels *levels, const Json *container, uint32_t i) {
    int r;

    if (container->type == JSON_ARRAY)
        return enter_value(levels, &container->items[i]);
    r = check_text(container->members[i].key);
    if (r)
        return r;
    return enter_value(levels, &container->members[i].value);
}

int json_value_storable(const Json *value, JsonMistake *ret_mistake) {
    Levels levels = {.count = 0};
    int r = enter_value(&levels, value);

    while (r == 0 && levels.count > 0) {
        Level *level = &levels.level[levels.count - 1];

        if (level->next < level->container->count)
            r = enter_child(&levels, level->container, level->next++);
        else
            levels.count--;
    }
    if (r && ret_mistake)
        *ret_mistake = (JsonMistake){.line = 1, .column = 1, .message = message_of(r)};
    return r;
}
