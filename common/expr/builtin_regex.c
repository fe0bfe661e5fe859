/*
 * Regular expressions, by PCRE2 with limits: a match that takes too long ends the evaluation. The
 * memory it needs is given back before the function returns.
 */

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/expr/builtin_private.h"

#define REGEX_MATCH_LIMIT 100000 /* calls of the matcher: some milliseconds */
#define REGEX_DEPTH_LIMIT 10000
#define REGEX_HEAP_LIMIT 4096 /* KiB */
#define REGEX_PATTERN_BYTES_MAX 16384
#define REGEX_UNITS 640 /* of work: what a match costs at least */

typedef struct Regex {
    pcre2_general_context *general;
    pcre2_compile_context *compile;
    pcre2_match_context *limits;
    pcre2_code *code;
    pcre2_match_data *data;
    uint32_t group_count;
    bool is_global;
    bool skips_empty;
    uint32_t options;
} Regex;

static void *regex_alloc(size_t bytes, void *context) {
    (void)context;
    return alloc_bytes(bytes);
}

static void regex_free(void *memory, void *context) {
    (void)context;
    alloc_free(memory);
}

static void regex_done(Regex *regex) {
    pcre2_match_data_free(regex->data);
    pcre2_code_free(regex->code);
    pcre2_match_context_free(regex->limits);
    pcre2_compile_context_free(regex->compile);
    pcre2_general_context_free(regex->general);
}

static int read_flags(Machine *machine, const Json *flags, Regex *regex) {
    regex->options = PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C | PCRE2_NO_UTF_CHECK;
    if (value_is(flags, JSON_NULL))
        return 0;
    if (!value_is(flags, JSON_STRING))
        return machine_fail(machine, "%s is not a string", value_shown(machine, flags));
    for (uint32_t i = 0; i < flags->count; i++) {
        switch (flags->text[i]) {
        case 'g':
            regex->is_global = true;
            break;
        case 'i':
            regex->options |= PCRE2_CASELESS;
            break;
        case 'x':
            regex->options |= PCRE2_EXTENDED;
            break;
        case 'n':
            regex->skips_empty = true;
            break;
        case 'p':
            /* `.` means every character, line feeds too. */
            regex->options |= PCRE2_DOTALL;
            break;
        case 's':
        case 'l':
            /* Single lines are the rule already, and the leftmost match is taken. */
            break;
        default:
            return machine_fail(machine, "%.*s is not a valid modifier string",
                                (int)MIN(flags->count, 100u), flags->text);
        }
    }
    return 0;
}

static int compile(Machine *machine, const Json *pattern, Regex *regex) {
    PCRE2_SIZE offset;
    PCRE2_UCHAR message[120];
    int error;

    regex->general = pcre2_general_context_create(regex_alloc, regex_free, NULL);
    regex->compile = pcre2_compile_context_create(regex->general);
    regex->limits = pcre2_match_context_create(regex->general);
    pcre2_set_max_pattern_length(regex->compile, REGEX_PATTERN_BYTES_MAX);
    pcre2_set_match_limit(regex->limits, REGEX_MATCH_LIMIT);
    pcre2_set_depth_limit(regex->limits, REGEX_DEPTH_LIMIT);
    pcre2_set_heap_limit(regex->limits, REGEX_HEAP_LIMIT);
    regex->code = pcre2_compile((PCRE2_SPTR)pattern->text, pattern->count, regex->options, &error,
                                &offset, regex->compile);
    if (regex->code == NULL) {
        pcre2_get_error_message(error, message, sizeof message);
        return machine_fail(machine, "%.*s (at offset %zu) is not a valid regex: %s",
                            (int)MIN(pattern->count, 60u), pattern->text, (size_t)offset, message);
    }
    pcre2_pattern_info(regex->code, PCRE2_INFO_CAPTURECOUNT, &regex->group_count);
    regex->data = pcre2_match_data_create_from_pattern(regex->code, regex->general);
    return machine_charge(machine, pattern->count * 2u);
}

/* Whether there is a match at or behind offset. */
static int match(Machine *machine, Regex *regex, Str text, size_t offset, bool *ret_found) {
    uint32_t options = PCRE2_NO_UTF_CHECK | (regex->skips_empty ? PCRE2_NOTEMPTY : 0);
    int r = machine_charge(machine, REGEX_UNITS + (text.length - offset) / 4);

    if (r)
        return r;
    r = pcre2_match(regex->code, (PCRE2_SPTR)text.data, text.length, offset, options, regex->data,
                    regex->limits);
    if (r == PCRE2_ERROR_NOMATCH || r >= 0) {
        *ret_found = r >= 0;
        return 0;
    }
    return EXPR_E_REGEX;
}

/* The name of a group, or null. */
static Json group_name(Machine *machine, const Regex *regex, uint32_t group) {
    uint32_t count, size;
    PCRE2_SPTR table;

    pcre2_pattern_info(regex->code, PCRE2_INFO_NAMECOUNT, &count);
    if (count == 0)
        return json_null();
    pcre2_pattern_info(regex->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
    pcre2_pattern_info(regex->code, PCRE2_INFO_NAMETABLE, &table);
    for (uint32_t i = 0; i < count; i++) {
        const unsigned char *entry = table + (size_t)i * size;

        if ((uint32_t)(entry[0] << 8 | entry[1]) == group)
            return json_string_copy(machine->arena, str_of((const char *)entry + 2));
    }
    return json_null();
}

typedef struct Found {
    Str text;
    size_t bytes;      /* offset up to which characters were counted */
    size_t characters; /* so many */
} Found;

static double characters_at(Found *found, size_t offset) {
    if (offset < found->bytes)
        return (double)utf8_count(str_slice(found->text, 0, offset));
    found->characters += utf8_count(str_slice(found->text, found->bytes, offset - found->bytes));
    found->bytes = offset;
    return (double)found->characters;
}

/* {offset, length, string} of a group that took part. */
static void add_place(JsonObject *object, Found *found, size_t start, size_t end) {
    Str part = str_slice(found->text, start, end - start);

    json_add(object, STR("offset"), json_number(characters_at(found, start)));
    json_add(object, STR("length"), json_number((double)utf8_count(part)));
    json_add(object, STR("string"), json_string(part));
}

static Json describe(Machine *machine, Regex *regex, Found *found) {
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(regex->data);
    JsonObject object = {.arena = machine->arena};
    JsonArray captures = {.arena = machine->arena};

    add_place(&object, found, ends[0], MAX(ends[1], ends[0]));
    for (uint32_t i = 1; i <= regex->group_count; i++) {
        JsonObject capture = {.arena = machine->arena};

        if (ends[2 * i] == PCRE2_UNSET) {
            json_add(&capture, STR("offset"), json_number(-1));
            json_add(&capture, STR("length"), json_number(0));
            json_add(&capture, STR("string"), json_null());
        } else {
            add_place(&capture, found, ends[2 * i], ends[2 * i + 1]);
        }
        json_add(&capture, STR("name"), group_name(machine, regex, i));
        json_push(&captures, json_object_done(&capture));
    }
    json_add(&object, STR("captures"), json_array_done(&captures));
    return json_object_done(&object);
}

static int match_all(Machine *machine, Regex *regex, Str text, JsonArray *matches) {
    Found found = {.text = text};
    size_t offset = 0;
    bool is_found = true;
    int r = 0;

    while (r == 0 && is_found && offset <= text.length) {
        const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(regex->data);

        r = match(machine, regex, text, offset, &is_found);
        if (r || !is_found)
            break;
        json_push(matches, describe(machine, regex, &found));
        r = machine_charge(machine, regex->group_count * 64);
        if (r == 0)
            r = machine_room(machine, 0);
        if (!regex->is_global)
            break;
        offset = ends[1];
        if (ends[1] <= ends[0]) {
            offset = ends[0] + 1;
            while (offset < text.length && ((unsigned char)text.data[offset] & 0xC0) == 0x80)
                offset++;
        }
    }
    return r;
}

/* _match(pattern; flags; whether only yes or no is asked) */
static int regex_match(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    _cleanup_(regex_done) Regex regex = {0};
    JsonArray matches = {.arena = machine->arena};
    bool is_found = false;
    int r;

    if (!value_is(input, JSON_STRING))
        return machine_fail(machine, "%s cannot be matched, as it is not a string",
                            value_shown(machine, input));
    if (!value_is(&args[0], JSON_STRING))
        return machine_fail(machine, "%s cannot be matched, as it is not a string",
                            value_shown(machine, &args[0]));
    r = read_flags(machine, &args[1], &regex);
    if (r == 0)
        r = compile(machine, &args[0], &regex);
    if (r)
        return r;
    if (value_is_true(&args[2])) {
        r = match(machine, &regex, json_str(input), 0, &is_found);
        if (r == 0)
            *ret_value = json_bool(is_found);
        return r;
    }
    r = match_all(machine, &regex, json_str(input), &matches);
    if (r == 0)
        *ret_value = json_array_done(&matches);
    return r;
}

/* A match's named groups: {name: string}. */
static int regex_capture(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    const Json *captures = json_member(input, STR("captures"));
    JsonObject object = {.arena = machine->arena};
    uint32_t count = captures != NULL && value_is(captures, JSON_ARRAY) ? captures->count : 0;

    (void)args;
    for (uint32_t i = 0; i < count; i++) {
        const Json *name = json_member(&captures->items[i], STR("name"));
        const Json *string = json_member(&captures->items[i], STR("string"));

        if (name != NULL && value_is(name, JSON_STRING))
            json_add(&object, json_str(name), string ? *string : json_null());
    }
    *ret_value = json_object_done(&object);
    return machine_charge(machine, count);
}

BuiltinTable builtin_regex(void) {
    static const Builtin entries[] = {
        {"_capture", 0, regex_capture, false},
        {"_match",   3, regex_match,   false},
    };

    return (BuiltinTable){entries, ARRAY_SIZE(entries)};
}
