/*
 * Functions of time, in UTC: the local zone is UTC too, wherever the program runs. The present is
 * that of the evaluation's context.
 */

#include <math.h>
#include <string.h>

#include "common/expr/builtin_private.h"
#include "common/expr/civil.h"

#define BROKEN_DOWN_COUNT 8

static int time_now(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    (void)input;
    (void)args;
    *ret_value = json_number((double)machine->context->now_ms / 1000);
    return 0;
}

/* [year, month, day, hour, minute, second, day of the week, day of the year] */
static int broken_down(Machine *machine, const Civil *civil, Json *ret_value) {
    Json *items;
    int r = value_items(machine, BROKEN_DOWN_COUNT, &items);

    if (r)
        return r;
    items[0] = json_number((double)civil->year);
    items[1] = json_number(civil->month);
    items[2] = json_number(civil->day);
    items[3] = json_number(civil->hour);
    items[4] = json_number(civil->minute);
    items[5] = json_number(civil->second);
    items[6] = json_number(civil->week_day);
    items[7] = json_number(civil->year_day);
    *ret_value = json_array(items, BROKEN_DOWN_COUNT);
    return 0;
}

static int civil_from_number(Machine *machine, const Json *number, const char *name,
                             Civil *ret_civil) {
    double seconds = json_real(number);

    if (!(fabs(seconds) <= CIVIL_SECONDS_MAX))
        return machine_fail(machine, "%s: the time is out of range", name);
    *ret_civil = civil_of(seconds);
    return 0;
}

static int time_gmtime(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    Civil civil;
    int r;

    (void)args;
    if (!value_is(input, JSON_NUMBER))
        return machine_fail(machine, "gmtime() requires a number");
    r = civil_from_number(machine, input, "gmtime()", &civil);
    return r ? r : broken_down(machine, &civil, ret_value);
}

/* At least six numbers; the last two are computed again. */
static int civil_from_array(Machine *machine, const Json *array, const char *name,
                            Civil *ret_civil) {
    double parts[6];

    for (uint32_t i = 0; i < ARRAY_SIZE(parts); i++) {
        const Json *part = json_at(array, i);

        if (!json_is(part, JSON_NUMBER))
            return machine_fail(machine, "%s requires parsed datetime inputs", name);
        parts[i] = json_real(part);
        if (!(fabs(parts[i]) < 1e6))
            return machine_fail(machine, "%s: the time is out of range", name);
    }
    *ret_civil = (Civil){
        .year = (int64_t)parts[0],
        .month = (int)parts[1],
        .day = (int)parts[2],
        .hour = (int)parts[3],
        .minute = (int)parts[4],
        .second = parts[5],
    };
    return 0;
}

static int time_mktime(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    Civil civil;
    int r;

    (void)args;
    if (!value_is(input, JSON_ARRAY))
        return machine_fail(machine, "mktime requires array of 6 numbers");
    r = civil_from_array(machine, input, "mktime", &civil);
    if (r == 0)
        *ret_value = json_number(civil_seconds(&civil));
    return r;
}

static int format_time(Machine *machine, const Json *input, const Json *format, const char *name,
                       Json *ret_value) {
    Text text = machine_text(machine);
    Civil civil;
    int r;

    if (value_is(input, JSON_NUMBER)) {
        r = civil_from_number(machine, input, name, &civil);
    } else if (value_is(input, JSON_ARRAY)) {
        r = civil_from_array(machine, input, name, &civil);
        /* Days beyond the end of their month become real ones. */
        if (r == 0)
            civil = civil_of(civil_seconds(&civil));
    } else {
        return machine_fail(machine, "%s requires parsed datetime inputs", name);
    }
    if (r)
        return r;
    if (!value_is(format, JSON_STRING))
        return machine_fail(machine, "%s requires a string format", name);
    if (!civil_format(&text, &civil, json_str(format)))
        return machine_fail(machine, "%s: unknown conversion in \"%.*s\"", name,
                            (int)MIN(format->count, 100u), format->text);
    return machine_text_done(machine, &text, ret_value);
}

static int time_strftime(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    return format_time(machine, input, &args[0], "strftime/1", ret_value);
}

static int time_strflocaltime(Machine *machine, const Json *input, const Json *args,
                              Json *ret_value) {
    return format_time(machine, input, &args[0], "strflocaltime/1", ret_value);
}

static int time_strptime(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    Civil civil;
    Str rest;

    if (!value_is(input, JSON_STRING) || !value_is(&args[0], JSON_STRING))
        return machine_fail(machine, "strptime/1 requires string inputs and arguments");
    if (!civil_read(json_str(input), json_str(&args[0]), &civil, &rest) || rest.length > 0)
        return machine_fail(machine, "date \"%.*s\" does not match format \"%.*s\"",
                            (int)MIN(input->count, 100u), input->text,
                            (int)MIN(args[0].count, 100u), args[0].text);
    return broken_down(machine, &civil, ret_value);
}

BuiltinTable builtin_time(void) {
    static const Builtin entries[] = {
        {"gmtime",        0, time_gmtime,        false},
        {"localtime",     0, time_gmtime,        false},
        {"mktime",        0, time_mktime,        false},
        {"now",           0, time_now,           true },
        {"strflocaltime", 1, time_strflocaltime, false},
        {"strftime",      1, time_strftime,      false},
        {"strptime",      1, time_strptime,      false},
    };

    return (BuiltinTable){entries, ARRAY_SIZE(entries)};
}
