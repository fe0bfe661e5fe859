/* Functions of strings, and what makes strings of other values. */

#include <string.h>

#include "common/expr/builtin_private.h"

static int text_tostring(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    (void)args;
    return value_text(machine, input, ret_value);
}

static int text_tojson(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    (void)args;
    return value_json(machine, input, ret_value);
}

static const char *parse_message(int r, const JsonMistake *mistake) {
    if (r == JSON_E_DEPTH)
        return "Exceeds depth limit for parsing";
    return r == JSON_E_SYNTAX ? mistake->message : "too large";
}

static int text_fromjson(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    JsonLimits limits = JSON_LIMITS_DEFAULT;
    JsonMistake mistake = {0};
    int r;

    (void)args;
    if (!value_is(input, JSON_STRING))
        return machine_fail(machine, "%s cannot be parsed as JSON", value_shown(machine, input));
    if (str_is(str_trim(json_str(input)), "nan")) {
        *ret_value = json_number(__builtin_nan(""));
        return 0;
    }
    /* A value takes at least two bytes of text, and less than a hundred bytes of memory. */
    r = machine_charge(machine, input->count);
    if (r == 0)
        r = machine_room(machine, (size_t)input->count * 48);
    if (r)
        return r;
    limits.depth_max = MIN(limits.depth_max, machine->depth_max);
    r = json_parse(machine->arena, json_str(input), limits, ret_value, &mistake);
    if (r == 0)
        return 0;
    return machine_fail(machine, "%s at line %u, column %u (while parsing '%.*s')",
                        parse_message(r, &mistake), mistake.line, mistake.column,
                        (int)MIN(input->count, 100u), input->text);
}

static int text_tonumber(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    JsonLimits limits = JSON_LIMITS_DEFAULT;
    Json number;
    int r;

    (void)args;
    if (value_is(input, JSON_NUMBER)) {
        *ret_value = *input;
        return 0;
    }
    if (value_is(input, JSON_STRING)) {
        Str text = str_trim(json_str(input));

        if (str_is(text, "nan")) {
            *ret_value = json_number(__builtin_nan(""));
            return 0;
        }
        r = machine_charge(machine, input->count);
        if (r)
            return r;
        if (text.length > 0 &&
            (text.data[0] == '-' || (text.data[0] >= '0' && text.data[0] <= '9')) &&
            json_parse(machine->arena, text, limits, &number, NULL) == 0 &&
            value_is(&number, JSON_NUMBER)) {
            *ret_value = number;
            return 0;
        }
    }
    return machine_fail(machine, "%s cannot be parsed as a number", value_shown(machine, input));
}

static int both_texts(Machine *machine, const Json *input, const Json *arg, const char *name) {
    if (value_is(input, JSON_STRING) && value_is(arg, JSON_STRING))
        return machine_charge(machine, MIN(input->count, arg->count));
    return machine_fail(machine, "%s() requires string inputs", name);
}

static int text_startswith(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    int r = both_texts(machine, input, &args[0], "startswith");

    if (r == 0)
        *ret_value = json_bool(str_starts(json_str(input), json_str(&args[0])));
    return r;
}

static int text_endswith(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    int r = both_texts(machine, input, &args[0], "endswith");

    if (r == 0)
        *ret_value = json_bool(str_ends(json_str(input), json_str(&args[0])));
    return r;
}

static bool has_start(const Json *input, const Json *start) {
    return value_is(input, JSON_STRING) && value_is(start, JSON_STRING) &&
           str_starts(json_str(input), json_str(start));
}

static bool has_end(const Json *input, const Json *end) {
    return value_is(input, JSON_STRING) && value_is(end, JSON_STRING) &&
           str_ends(json_str(input), json_str(end));
}

/* What is no string, or does not start so, is left alone. */
static int text_ltrimstr(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    (void)machine;
    *ret_value = *input;
    if (has_start(input, &args[0]))
        *ret_value = json_string(str_slice(json_str(input), args[0].count, input->count));
    return 0;
}

static int text_rtrimstr(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    (void)machine;
    *ret_value = *input;
    if (has_end(input, &args[0]))
        *ret_value = json_string(str_slice(json_str(input), 0, input->count - args[0].count));
    return 0;
}

static int text_trimstr(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    Json rest;
    int r = text_ltrimstr(machine, input, args, &rest);

    return r ? r : text_rtrimstr(machine, &rest, args, ret_value);
}

/* White space of Unicode. */
static bool is_space(uint32_t code) {
    return (code >= 9 && code <= 13) || code == 0x20 || code == 0x85 || code == 0xA0 ||
           code == 0x1680 || (code >= 0x2000 && code <= 0x200A) || code == 0x2028 ||
           code == 0x2029 || code == 0x202F || code == 0x205F || code == 0x3000;
}

/* In bytes. */
static size_t space_before(Str text) {
    size_t offset = 0, next = 0;

    while (offset < text.length && is_space(utf8_read(text, &next)))
        offset = next;
    return offset;
}

static size_t space_behind(Str text) {
    size_t end = text.length;

    while (end > 0) {
        size_t start = end - 1, next;

        while (start > 0 && ((unsigned char)text.data[start] & 0xC0) == 0x80)
            start--;
        next = start;
        if (!is_space(utf8_read(text, &next)))
            break;
        end = start;
    }
    return text.length - end;
}

static int trim(Machine *machine, const Json *input, bool left, bool right, Json *ret_value) {
    Str text = json_str(input);
    size_t before, behind;

    if (!value_is(input, JSON_STRING))
        return machine_fail(machine, "%s cannot be trimmed", value_shown(machine, input));
    before = left ? space_before(text) : 0;
    text = str_slice(text, before, text.length);
    behind = right ? space_behind(text) : 0;
    *ret_value = json_string(str_slice(text, 0, text.length - behind));
    return machine_charge(machine, before + behind);
}

static int text_trim(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    (void)args;
    return trim(machine, input, true, true, ret_value);
}

static int text_ltrim(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    (void)args;
    return trim(machine, input, true, false, ret_value);
}

static int text_rtrim(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    (void)args;
    return trim(machine, input, false, true, ret_value);
}

/* Letters of ASCII between first and last are moved by shift. */
static int change_case(Machine *machine, const Json *input, char first, int shift,
                       Json *ret_value) {
    char *bytes;
    int r;

    if (!value_is(input, JSON_STRING))
        return machine_fail(machine, "%scase input must be a string", shift > 0 ? "down" : "up");
    r = machine_room(machine, input->count);
    if (r == 0)
        r = machine_charge(machine, input->count / 4);
    if (r)
        return r;
    bytes = arena_copy(machine->arena, input->text, input->count);
    for (uint32_t i = 0; i < input->count; i++) {
        if (bytes[i] >= first && bytes[i] <= first + 25)
            bytes[i] = (char)(bytes[i] + shift);
    }
    *ret_value = json_string(str_from(bytes, input->count));
    return 0;
}

static int text_downcase(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    (void)args;
    return change_case(machine, input, 'A', 32, ret_value);
}

static int text_upcase(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    (void)args;
    return change_case(machine, input, 'a', -32, ret_value);
}

static int text_explode(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    size_t offset = 0, count;
    Json *items;
    int r;

    (void)args;
    if (!value_is(input, JSON_STRING))
        return machine_fail(machine, "%s cannot be exploded", value_shown(machine, input));
    count = utf8_count(json_str(input));
    r = value_items(machine, count, &items);
    if (r)
        return r;
    for (size_t i = 0; i < count; i++)
        items[i] = json_number(utf8_read(json_str(input), &offset));
    *ret_value = json_array(items, count);
    return 0;
}

static int text_implode(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    Text text = machine_text(machine);

    (void)args;
    if (!value_is(input, JSON_ARRAY))
        return machine_fail(machine, "implode input must be an array");
    for (uint32_t i = 0; i < input->count; i++) {
        double code;

        if (!value_is(&input->items[i], JSON_NUMBER))
            return machine_fail(machine,
                                "%s can't be imploded, unicode codepoint needs to be numeric",
                                value_shown(machine, &input->items[i]));
        code = json_real(&input->items[i]);
        text_add_code(&text, code >= 0 && code <= 0x10FFFF ? (uint32_t)code : 0xFFFD);
    }
    return machine_text_done(machine, &text, ret_value);
}

static int text_utf8bytelength(Machine *machine, const Json *input, const Json *args,
                               Json *ret_value) {
    (void)args;
    if (!value_is(input, JSON_STRING))
        return machine_fail(machine, "%s only strings have UTF-8 byte length",
                            value_shown(machine, input));
    *ret_value = json_number(input->count);
    return 0;
}

static int text_split(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    if (!value_is(input, JSON_STRING) || !value_is(&args[0], JSON_STRING))
        return machine_fail(machine, "split input and separator must be strings");
    return value_binary(machine, BINARY_DIVIDE, input, &args[0], ret_value);
}

/* null counts as nothing, numbers and booleans as their text. */
static int text_join(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    Text text = machine_text(machine);
    int r = machine_charge(machine, input->count);

    if (!value_is(input, JSON_ARRAY))
        return machine_fail(machine, "Cannot iterate over %s", value_shown(machine, input));
    if (input->count > 0 && !value_is(&args[0], JSON_STRING) &&
        !(value_is(&args[0], JSON_NULL) && input->count == 1))
        return machine_fail(machine, "%s and %s cannot be added", value_shown(machine, &args[0]),
                            value_shown(machine, &input->items[0]));
    for (uint32_t i = 0; i < input->count && r == 0; i++) {
        const Json *item = &input->items[i];
        Json shown = json_string(STR(""));

        if (i > 0)
            text_add(&text, json_str(&args[0]));
        if (item->type >= JSON_ARRAY) {
            Json before = json_string(text_str(&text));

            return machine_fail(machine, "%s and %s cannot be added", value_shown(machine, &before),
                                value_shown(machine, item));
        }
        if (!value_is(item, JSON_NULL))
            r = value_text(machine, item, &shown);
        text_add(&text, json_str(&shown));
    }
    return r ? r : machine_text_done(machine, &text, ret_value);
}

/* Places of a text in a text, in characters. */
static int text_indices(Machine *machine, Str text, Str wanted, Json *ret_value) {
    JsonArray found = {.arena = machine->arena};
    size_t offset = 0, characters = 0;
    int r = machine_charge(machine, text.length);

    if (wanted.length == 0) {
        *ret_value = json_null();
        return r;
    }
    while (r == 0) {
        ptrdiff_t next = str_find(str_slice(text, offset, text.length), wanted);

        if (next < 0)
            break;
        characters += utf8_count(str_slice(text, offset, (size_t)next));
        offset += (size_t)next;
        json_push(&found, json_number((double)characters));
        characters++;
        offset++;
        while (offset < text.length && ((unsigned char)text.data[offset] & 0xC0) == 0x80)
            offset++;
        r = machine_charge(machine, 4);
        if (r == 0)
            r = machine_room(machine, 0);
    }
    if (r == 0)
        *ret_value = json_array_done(&found);
    return r;
}

static int list_indices(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    const Json *wanted = &args[0];

    if (value_is(input, JSON_STRING) && value_is(wanted, JSON_STRING))
        return text_indices(machine, json_str(input), json_str(wanted), ret_value);
    if (value_is(input, JSON_ARRAY) && value_is(wanted, JSON_ARRAY))
        return value_indices(machine, input, wanted, ret_value);
    if (value_is(input, JSON_ARRAY)) {
        Json one = json_array(wanted, 1);

        return value_indices(machine, input, &one, ret_value);
    }
    return value_index(machine, input, wanted, ret_value);
}

static int first_or_last(Machine *machine, const Json *input, const Json *args, bool last,
                         Json *ret_value) {
    Json found;
    int r = list_indices(machine, input, args, &found);

    if (r)
        return r;
    *ret_value = json_null();
    if (value_is(&found, JSON_ARRAY) && found.count > 0)
        *ret_value = found.items[last ? found.count - 1 : 0];
    return 0;
}

static int list_index(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    return first_or_last(machine, input, args, false, ret_value);
}

static int list_rindex(Machine *machine, const Json *input, const Json *args, Json *ret_value) {
    return first_or_last(machine, input, args, true, ret_value);
}

BuiltinTable builtin_text(void) {
    static const Builtin entries[] = {
        {"ascii_downcase", 0, text_downcase,       false},
        {"ascii_upcase",   0, text_upcase,         false},
        {"endswith",       1, text_endswith,       false},
        {"explode",        0, text_explode,        false},
        {"fromjson",       0, text_fromjson,       false},
        {"implode",        0, text_implode,        false},
        {"index",          1, list_index,          false},
        {"indices",        1, list_indices,        false},
        {"_indices",       1, list_indices,        false},
        {"join",           1, text_join,           false},
        {"ltrim",          0, text_ltrim,          false},
        {"ltrimstr",       1, text_ltrimstr,       false},
        {"rindex",         1, list_rindex,         false},
        {"rtrim",          0, text_rtrim,          false},
        {"rtrimstr",       1, text_rtrimstr,       false},
        {"split",          1, text_split,          false},
        {"startswith",     1, text_startswith,     false},
        {"tojson",         0, text_tojson,         false},
        {"tonumber",       0, text_tonumber,       false},
        {"tostring",       0, text_tostring,       false},
        {"trim",           0, text_trim,           false},
        {"trimstr",        1, text_trimstr,        false},
        {"utf8bytelength", 0, text_utf8bytelength, false},
    };

    return (BuiltinTable){entries, ARRAY_SIZE(entries)};
}
