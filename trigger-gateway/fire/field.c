/* Looking at headers. */

#include "trigger-gateway/fire/field.h"

Str fields_find(Fields fields, Str name) {
    for (uint32_t i = 0; i < fields.count; i++) {
        if (str_equal_nocase(fields.items[i].name, name))
            return fields.items[i].value;
    }
    return STR_NONE;
}

static bool ends_nocase(Str text, Str end) {
    return text.length >= end.length &&
           str_equal_nocase(str_slice(text, text.length - end.length, end.length), end);
}

bool content_type_is_json(Str content_type) {
    Str rest = content_type;
    Str type = str_trim(str_split(&rest, ';'));

    return str_equal_nocase(type, STR("application/json")) ||
           str_equal_nocase(type, STR("text/json")) || ends_nocase(type, STR("+json"));
}

static bool is_hex(Str text) {
    for (size_t i = 0; i < text.length; i++) {
        char c = text.data[i];

        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return false;
    }
    return true;
}

Str traceparent_of(Str text) {
    Str rest = text;
    Str version = str_split(&rest, '-');
    Str trace = str_split(&rest, '-');
    Str parent = str_split(&rest, '-');

    if (!str_is(version, "00") || trace.length != 32 || parent.length != 16 || rest.length != 2)
        return STR_NONE;
    return is_hex(trace) && is_hex(parent) && is_hex(rest) ? text : STR_NONE;
}
