/* Escapes and UTF-8 inside JSON strings. */

#include "common/json/json_string.h"

#include <string.h>

#include "common/base/check.h"

#define REPLACEMENT 0xFFFDu
#define HEX_DIGITS 4

const char *json_string_message(int refusal) {
    static const char *const messages[] = {
        [JSON_STRING_E_END] = "the string has no end",
        [JSON_STRING_E_CONTROL] = "a control character must be escaped",
        [JSON_STRING_E_UTF8] = "not UTF-8",
        [JSON_STRING_E_ESCAPE] = "there is no such escape",
        [JSON_STRING_E_HEX] = "four hexadecimal digits are expected behind \\u",
    };

    CHECK(refusal > 0 && (size_t)refusal < ARRAY_SIZE(messages));
    return messages[refusal];
}

int json_bytes_check(const char **next, const char *end) {
    if (*next == end)
        return JSON_STRING_E_END;
    if ((unsigned char)**next < 0x20)
        return JSON_STRING_E_CONTROL;
    while (*next < end && (unsigned char)**next >= 0x80) {
        size_t length = str_sequence(*next, (size_t)(end - *next));

        if (length == 0)
            return JSON_STRING_E_UTF8;
        *next += length;
    }
    return 0;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int json_hex(const char *from, const char *end) {
    int unit = 0;

    if (end - from < HEX_DIGITS)
        return -1;
    for (int i = 0; i < HEX_DIGITS; i++) {
        int digit = hex_digit(from[i]);

        if (digit < 0)
            return -1;
        unit = unit << 4 | digit;
    }
    return unit;
}

/* What the letter behind a backslash stands for; 0 for none, and for u. */
static char escaped_char(char letter) {
    switch (letter) {
    case '"':
    case '\\':
    case '/':
        return letter;
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return '\0';
    }
}

int json_escape_check(const char **next, const char *end) {
    if (end - *next < 2) {
        *next = end;
        return JSON_STRING_E_END;
    }
    if (escaped_char((*next)[1])) {
        *next += 2;
        return 0;
    }
    if ((*next)[1] != 'u')
        return JSON_STRING_E_ESCAPE;
    if (json_hex(*next + 2, end) < 0)
        return JSON_STRING_E_HEX;
    *next += 2 + HEX_DIGITS;
    return 0;
}

static char *put_utf8(char *to, uint32_t point) {
    if (point < 0x80) {
        *to++ = (char)point;
        return to;
    }
    if (point < 0x800) {
        *to++ = (char)(0xC0 | point >> 6);
    } else {
        if (point < 0x10000) {
            *to++ = (char)(0xE0 | point >> 12);
        } else {
            *to++ = (char)(0xF0 | point >> 18);
            *to++ = (char)(0x80 | (point >> 12 & 0x3F));
        }
        *to++ = (char)(0x80 | (point >> 6 & 0x3F));
    }
    *to++ = (char)(0x80 | (point & 0x3F));
    return to;
}

/* *next is behind "\u"; takes the second half of a pair along. */
static uint32_t take_point(const char **next, const char *end) {
    int unit = json_hex(*next, end);
    int second;

    CHECK(unit >= 0);
    *next += HEX_DIGITS;
    if (unit < 0xD800 || unit > 0xDFFF)
        return (uint32_t)unit;
    if (unit > 0xDBFF || end - *next < 2 + HEX_DIGITS || memcmp(*next, "\\u", 2) != 0)
        return REPLACEMENT;
    second = json_hex(*next + 2, end);
    if (second < 0xDC00 || second > 0xDFFF)
        return REPLACEMENT;
    *next += 2 + HEX_DIGITS;
    return 0x10000u + ((uint32_t)(unit - 0xD800) << 10) + (uint32_t)(second - 0xDC00);
}

Str json_unescape(Arena *arena, Str raw) {
    /* Every escape is at least as long as what it stands for. */
    char *start = arena_alloc(arena, raw.length);
    const char *end = raw.data + raw.length;
    const char *next = raw.data;
    char *to = start;

    while (next < end) {
        const char *escape = memchr(next, '\\', (size_t)(end - next));
        size_t run = (size_t)((escape ? escape : end) - next);

        memcpy(to, next, run);
        to += run;
        next += run;
        if (next == end)
            break;
        next += 2;
        if (next[-1] == 'u')
            to = put_utf8(to, take_point(&next, end));
        else
            *to++ = escaped_char(next[-1]);
    }
    return str_from(start, (size_t)(to - start));
}
