/*
 * Values of the configuration: text to number and back, with units.
 *
 * Runs on: the start of the process.
 */

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/service/config_private.h"

/* Longer texts are no setting but a file in the wrong place. */
#define TEXT_BYTES_MAX 65536

typedef struct Unit {
    const char *name;
    int64_t factor;
} Unit;

/* Largest first: the first that divides a number is the one to show it in. */
static const Unit time_units[] = {
    {"d",  86400000},
    {"h",  3600000 },
    {"m",  60000   },
    {"s",  1000    },
    {"ms", 1       },
    {NULL, 0       },
};
static const Unit byte_units[] = {
    {"GiB", 1LL << 30},
    {"MiB", 1LL << 20},
    {"KiB", 1LL << 10},
    {"B",   1        },
    {NULL,  0        },
};
static const Unit no_units[] = {
    {NULL, 0}
};

static const struct {
    const char *word;
    bool is_on;
} flags[] = {
    {"on",    true },
    {"true",  true },
    {"1",     true },
    {"yes",   true },
    {"off",   false},
    {"false", false},
    {"0",     false},
    {"no",    false},
};

static const Unit *units_of(ConfigType type) {
    switch (type) {
    case CONFIG_MS:
        return time_units;
    case CONFIG_BYTES:
        return byte_units;
    case CONFIG_COUNT:
    case CONFIG_FLAG:
    case CONFIG_TEXT:
    case CONFIG_SECRET:
        return no_units;
    }
    CHECK_UNREACHABLE();
}

static bool read_flag(Str text, bool *ret_flag) {
    for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
        if (!str_equal_nocase(text, str_of(flags[i].word)))
            continue;
        *ret_flag = flags[i].is_on;
        return true;
    }
    return false;
}

/* "250" without a unit is a number of the smallest one. */
static bool read_number(ConfigType type, Str text, int64_t *ret_number) {
    size_t digits = 0;
    int64_t factor = 0, number;
    Str unit;

    while (digits < text.length &&
           (isdigit((unsigned char)text.data[digits]) || (digits == 0 && text.data[0] == '-')))
        digits++;
    unit = str_trim(str_slice(text, digits, text.length));
    if (unit.length == 0)
        factor = 1;
    for (const Unit *known = units_of(type); known->name; known++)
        if (str_is(unit, known->name))
            factor = known->factor;
    if (factor == 0)
        return false;
    if (!str_to_int64(str_slice(text, 0, digits), INT64_MIN / factor, INT64_MAX / factor, &number))
        return false;
    *ret_number = number * factor;
    return true;
}

void config_number_write(const ConfigKey *key, int64_t number, Buf *buf) {
    for (const Unit *unit = units_of(key->type); unit->name; unit++) {
        if (number == 0 || number % unit->factor != 0)
            continue;
        buf_printf(buf, "%" PRId64 "%s", number / unit->factor, unit->name);
        return;
    }
    buf_printf(buf, "%" PRId64, number);
}

static bool put_number(const ConfigKey *key, Str text, int64_t *place, Buf *ret_reason) {
    int64_t number;

    if (!read_number(key->type, text, &number)) {
        buf_add_text(ret_reason, key->type == CONFIG_MS ? "is no time like 250ms, 5s, 2m, 1h or 3d"
                                 : key->type == CONFIG_BYTES ? "is no size like 1024, 64KiB or 1MiB"
                                                             : "is no whole number");
        return false;
    }
    if (number < key->low || number > key->high) {
        buf_add_text(ret_reason, "is not between ");
        config_number_write(key, key->low, ret_reason);
        buf_add_text(ret_reason, " and ");
        config_number_write(key, key->high, ret_reason);
        return false;
    }
    *place = number;
    return true;
}

static bool put_text(const ConfigKey *key, Str text, char **place, Buf *ret_reason) {
    int64_t high = key->high ? key->high : TEXT_BYTES_MAX;

    if (memchr(text.data ? text.data : "", 0, text.length)) {
        buf_add_text(ret_reason, "holds a NUL byte");
        return false;
    }
    /* An empty fallback makes a text optional, whatever its shortest length is. */
    if (text.length == 0 && key->fallback && key->fallback[0] == '\0')
        high = 0;
    else if ((int64_t)text.length < key->low || (int64_t)text.length > high) {
        buf_printf(ret_reason, "has %zu bytes, not %" PRId64 " to %" PRId64, text.length, key->low,
                   high);
        return false;
    }
    *place = str_dup(text);
    return true;
}

bool config_value_read(const ConfigKey *key, Str text, void *target, Buf *ret_reason) {
    void *place = (char *)target + key->place;

    switch (key->type) {
    case CONFIG_TEXT:
    case CONFIG_SECRET:
        return put_text(key, text, place, ret_reason);
    case CONFIG_COUNT:
    case CONFIG_MS:
    case CONFIG_BYTES:
        return put_number(key, text, place, ret_reason);
    case CONFIG_FLAG:
        if (read_flag(text, place))
            return true;
        buf_add_text(ret_reason, "is neither on nor off");
        return false;
    }
    CHECK_UNREACHABLE();
}
