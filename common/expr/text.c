/* Bytes being written in an arena, and UTF-8. */

#include "common/expr/text_private.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_BYTES_MIN 32

bool text_room(Text *text, size_t bytes) {
    size_t capacity = MAX(text->capacity * 2, (size_t)TEXT_BYTES_MIN);

    if (text->is_full)
        return false;
    if (bytes <= text->capacity - text->length)
        return true;
    if (text->bytes_max > 0 && bytes > text->bytes_max - text->length) {
        text->is_full = true;
        return false;
    }
    capacity = MAX(capacity, text->length + bytes);
    text->data = arena_grow(text->arena, text->data, text->length, capacity);
    text->capacity = capacity;
    return true;
}

void text_add(Text *text, Str bytes) {
    if (bytes.length == 0 || !text_room(text, bytes.length))
        return;
    memcpy(text->data + text->length, bytes.data, bytes.length);
    text->length += bytes.length;
}

void text_add_char(Text *text, char c) {
    if (text_room(text, 1))
        text->data[text->length++] = c;
}

void text_add_code(Text *text, uint32_t code) {
    char bytes[4];
    size_t length = 1;

    if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
        code = 0xFFFD;
    if (code < 0x80) {
        bytes[0] = (char)code;
    } else if (code < 0x800) {
        length = 2;
        bytes[0] = (char)(0xC0 | code >> 6);
    } else if (code < 0x10000) {
        length = 3;
        bytes[0] = (char)(0xE0 | code >> 12);
    } else {
        length = 4;
        bytes[0] = (char)(0xF0 | code >> 18);
    }
    for (size_t i = 1; i < length; i++)
        bytes[i] = (char)(0x80 | (code >> (6 * (length - 1 - i)) & 0x3F));
    text_add(text, str_from(bytes, length));
}

void text_add_number(Text *text, const Json *number) {
    if (number->is_computed)
        text_add(text, json_text(text->arena, number));
    else
        text_add(text, str_from(number->text, number->count));
}

static void add_escaped(Text *text, unsigned char c) {
    static const char names[] = "\"\\bfnrt";
    static const char values[] = "\"\\\b\f\n\r\t";
    const char *value = strchr(values, c);

    text_add_char(text, '\\');
    if (c != '\0' && value != NULL) {
        text_add_char(text, names[value - values]);
        return;
    }
    text_add(text, STR("u00"));
    text_add_char(text, "0123456789abcdef"[c >> 4]);
    text_add_char(text, "0123456789abcdef"[c & 15]);
}

void text_add_quoted(Text *text, Str bytes) {
    size_t start = 0;

    text_add_char(text, '"');
    for (size_t i = 0; i < bytes.length; i++) {
        unsigned char c = (unsigned char)bytes.data[i];

        if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7F)
            continue;
        text_add(text, str_slice(bytes, start, i - start));
        add_escaped(text, c);
        start = i + 1;
    }
    text_add(text, str_slice(bytes, start, bytes.length - start));
    text_add_char(text, '"');
}

Str text_str(const Text *text) {
    return str_from(text->data ? text->data : "", text->length);
}

/* Whether digits, point and exponent stand as JSON wants them. */
static bool is_json_number(Str text) {
    bool zero_first =
        text.length > 1 && text.data[0] == '0' && text.data[1] >= '0' && text.data[1] <= '9';
    ptrdiff_t point = str_find_char(text, '.');
    char behind = point >= 0 && (size_t)point + 1 < text.length ? text.data[point + 1] : '\0';

    return !zero_first && point != 0 && (point < 0 || (behind >= '0' && behind <= '9'));
}

Json expr_number(Arena *arena, Str text) {
    Json number = {.type = JSON_NUMBER, .count = (uint32_t)text.length, .text = text.data};

    if (is_json_number(text))
        return number;
    if (text.data[0] == '.')
        text = str_printf(arena, "0%.*s", STR_ARGS(text));
    while (text.length > 1 && text.data[0] == '0' && text.data[1] >= '0' && text.data[1] <= '9')
        text = str_slice(text, 1, text.length);
    number.text = text.data;
    number.count = (uint32_t)text.length;
    return json_number(json_real(&number));
}

uint32_t utf8_read(Str text, size_t *offset) {
    unsigned char first = (unsigned char)text.data[(*offset)++];
    uint32_t code = first;
    int more = 0;

    if (first >= 0xF0) {
        code = first & 0x07;
        more = 3;
    } else if (first >= 0xE0) {
        code = first & 0x0F;
        more = 2;
    } else if (first >= 0xC0) {
        code = first & 0x1F;
        more = 1;
    }
    for (; more > 0 && *offset < text.length; more--)
        code = code << 6 | ((unsigned char)text.data[(*offset)++] & 0x3F);
    return code;
}

size_t utf8_count(Str text) {
    size_t count = 0;

    for (size_t i = 0; i < text.length; i++)
        count += ((unsigned char)text.data[i] & 0xC0) != 0x80;
    return count;
}

size_t utf8_offset(Str text, size_t index) {
    for (size_t i = 0; i < text.length; i++) {
        if (((unsigned char)text.data[i] & 0xC0) == 0x80)
            continue;
        if (index-- == 0)
            return i;
    }
    return text.length;
}
