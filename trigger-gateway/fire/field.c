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
