/* Finding things in a tree. */

#include <string.h>

#include "common/json/json.h"
#include "common/json/json_keys.h"
#include "common/json/json_number.h"

bool json_is(const Json *value, JsonType type) {
    return value != NULL && value->type == type;
}

static bool key_is(const JsonMember *member, Str key) {
    /* The last byte tells most keys of one length apart: they tend to begin alike. */
    return member->key.length == key.length &&
           (key.length == 0 || (member->key.data[key.length - 1] == key.data[key.length - 1] &&
                                memcmp(member->key.data, key.data, key.length) == 0));
}

const Json *json_member(const Json *object, Str key) {
    if (!json_is(object, JSON_OBJECT))
        return NULL;
    if (object->is_indexed) {
        int64_t found = json_keys_find(object->members, object->count, key);

        return found < 0 ? NULL : &object->members[found].value;
    }
    for (uint32_t i = 0; i < object->count; i++)
        if (key_is(&object->members[i], key))
            return &object->members[i].value;
    return NULL;
}

const Json *json_at(const Json *array, size_t index) {
    if (!json_is(array, JSON_ARRAY) || index >= array->count)
        return NULL;
    return &array->items[index];
}

/* "~1" is a slash and "~0" a tilde; false for any other tilde. The result lies in the arena. */
static bool unescape_token(Arena *arena, Str token, Str *ret_name) {
    char *name = arena_alloc(arena, token.length);
    size_t length = 0;

    for (size_t i = 0; i < token.length; i++) {
        char c = token.data[i];

        if (c == '~') {
            if (++i == token.length || (token.data[i] != '0' && token.data[i] != '1'))
                return false;
            c = token.data[i] == '0' ? '~' : '/';
        }
        name[length++] = c;
    }
    *ret_name = str_from(name, length);
    return true;
}

static const Json *member_by_token(const Json *object, Str token) {
    _cleanup_(arena_done) Arena arena = {0};
    Str name;

    if (str_find_char(token, '~') < 0)
        return json_member(object, token);
    return unescape_token(&arena, token, &name) ? json_member(object, name) : NULL;
}

/* No sign and no leading zeros; "-", the place behind the last item, holds nothing. */
static const Json *item_by_token(const Json *array, Str token) {
    int64_t index;

    if (token.length == 0 || token.data[0] == '-' || (token.data[0] == '0' && token.length > 1) ||
        !str_to_int64(token, 0, UINT32_MAX, &index))
        return NULL;
    return json_at(array, (size_t)index);
}

const Json *json_pointer(const Json *value, Str pointer) {
    Str rest;

    if (pointer.length == 0)
        return value;
    if (pointer.data[0] != '/')
        return NULL;
    rest = str_slice(pointer, 1, pointer.length);
    while (rest.data != NULL && value != NULL) {
        Str token = str_split(&rest, '/');

        if (json_is(value, JSON_ARRAY))
            value = item_by_token(value, token);
        else
            value = member_by_token(value, token);
    }
    return value;
}

Str json_str(const Json *value) {
    return json_is(value, JSON_STRING) ? str_from(value->text, value->count) : STR_NONE;
}

double json_real(const Json *number) {
    if (!json_is(number, JSON_NUMBER))
        return 0;
    if (number->is_computed)
        return number->real;
    return json_number_read(str_from(number->text, number->count));
}

static bool real_whole(double real, int64_t *ret) {
    /* 2^63 is a double, the largest int64 is not. The comparison is false for NaN. */
    if (!(real >= -0x1p63 && real < 0x1p63) || (double)(int64_t)real != real)
        return false;
    *ret = (int64_t)real;
    return true;
}

bool json_to_int64(const Json *number, int64_t *ret) {
    if (!json_is(number, JSON_NUMBER))
        return false;
    if (number->is_computed)
        return real_whole(number->real, ret);
    return json_number_whole(str_from(number->text, number->count), ret);
}

const char *json_type_name(const Json *value) {
    static const char *const names[] = {
        [JSON_NULL] = "null",     [JSON_FALSE] = "boolean", [JSON_TRUE] = "boolean",
        [JSON_NUMBER] = "number", [JSON_STRING] = "string", [JSON_ARRAY] = "array",
        [JSON_OBJECT] = "object",
    };

    return value ? names[value->type] : names[JSON_NULL];
}
