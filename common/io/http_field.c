/* Fields of HTTP: looked up, and judged. */

#include "common/io/http_field.h"

const HttpField *http_field_find(const HttpField *fields, uint32_t count, Str name) {
    for (uint32_t i = 0; i < count; i++)
        if (str_equal_nocase(fields[i].name, name))
            return &fields[i];
    return NULL;
}

static bool is_token_char(unsigned char c) {
    if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
        return true;
    return c && str_find_char(STR("!#$%&'*+-.^_`|~"), (char)c) >= 0;
}

bool http_field_is_token(Str text) {
    for (size_t i = 0; i < text.length; i++)
        if (!is_token_char((unsigned char)text.data[i]))
            return false;
    return text.length > 0;
}

bool http_field_is_value(Str text) {
    for (size_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.data[i];

        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}
