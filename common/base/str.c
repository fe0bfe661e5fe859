/* Text without ownership. */

#include "common/base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/check.h"

Str str_of(const char *text) {
    if (text == NULL)
        return STR_NONE;
    return (Str){.data = text, .length = strlen(text)};
}

Str str_from(const char *data, size_t length) {
    return (Str){.data = data, .length = length};
}

bool str_equal(Str a, Str b) {
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

bool str_is(Str a, const char *text) {
    return str_equal(a, str_of(text));
}

int str_compare(Str a, Str b) {
    size_t common = MIN(a.length, b.length);
    int order = common ? memcmp(a.data, b.data, common) : 0;

    if (order != 0)
        return order;
    return (a.length > b.length) - (a.length < b.length);
}

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool str_equal_nocase(Str a, Str b) {
    if (a.length != b.length)
        return false;
    for (size_t i = 0; i < a.length; i++)
        if (lower(a.data[i]) != lower(b.data[i]))
            return false;
    return true;
}

bool str_starts(Str text, Str prefix) {
    return text.length >= prefix.length && str_equal(str_slice(text, 0, prefix.length), prefix);
}

bool str_ends(Str text, Str suffix) {
    return text.length >= suffix.length &&
           str_equal(str_slice(text, text.length - suffix.length, suffix.length), suffix);
}

ptrdiff_t str_find(Str text, Str needle) {
    const char *found;

    if (needle.length == 0)
        return 0;
    if (text.length < needle.length)
        return -1;
    found = memmem(text.data, text.length, needle.data, needle.length);
    return found ? found - text.data : -1;
}

ptrdiff_t str_find_char(Str text, char wanted) {
    const char *found = text.length ? memchr(text.data, wanted, text.length) : NULL;

    return found ? found - text.data : -1;
}

Str str_slice(Str text, size_t start, size_t length) {
    start = MIN(start, text.length);
    return (Str){.data = text.data ? text.data + start : NULL,
                 .length = MIN(length, text.length - start)};
}

static bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

Str str_trim(Str text) {
    while (text.length > 0 && is_space(text.data[0]))
        text = str_slice(text, 1, text.length);
    while (text.length > 0 && is_space(text.data[text.length - 1]))
        text.length--;
    return text;
}

Str str_split(Str *rest, char separator) {
    ptrdiff_t at = str_find_char(*rest, separator);
    Str part = *rest;

    if (at < 0) {
        *rest = STR_NONE;
        return part;
    }
    part.length = (size_t)at;
    *rest = str_slice(*rest, (size_t)at + 1, rest->length);
    return part;
}

bool str_to_int64(Str text, int64_t low, int64_t high, int64_t *ret) {
    bool negative = text.length > 0 && text.data[0] == '-';
    int64_t value = 0;

    if (text.length <= (size_t)negative)
        return false;
    for (size_t i = negative; i < text.length; i++) {
        int digit = text.data[i] - '0';

        if (digit < 0 || digit > 9)
            return false;
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, digit, &value))
            return false;
    }
    /* Summed up as a negative number: INT64_MIN has no positive counterpart. */
    if (!negative && __builtin_sub_overflow((int64_t)0, value, &value))
        return false;
    if (value < low || value > high)
        return false;
    *ret = value;
    return true;
}

Str str_copy(Arena *arena, Str text) {
    char *copy = arena_alloc(arena, text.length + 1);

    if (text.length > 0)
        memcpy(copy, text.data, text.length);
    copy[text.length] = '\0';
    return (Str){.data = copy, .length = text.length};
}

char *str_dup(Str text) {
    return alloc_copy(text.data, text.length);
}

const char *str_c(Arena *arena, Str text) {
    return str_copy(arena, text).data;
}

Str str_printf(Arena *arena, const char *format, ...) {
    va_list args;
    char *text;
    int length;

    va_start(args, format);
    length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    CHECK(length >= 0);

    text = arena_alloc(arena, (size_t)length + 1);
    va_start(args, format);
    vsnprintf(text, (size_t)length + 1, format, args);
    va_end(args);
    return (Str){.data = text, .length = (size_t)length};
}

uint64_t str_hash(Str text, uint64_t seed) {
    uint64_t hash = seed ^ 0x9e3779b97f4a7c15u;

    for (size_t i = 0; i < text.length; i++)
        hash = (hash ^ (unsigned char)text.data[i]) * 0x100000001b3u;
    hash ^= hash >> 32;
    hash *= 0xd6e8feb86659fd93u;
    return hash ^ (hash >> 32);
}

/*
 * Lengths by first byte, and between which second bytes the sequence is neither overlong, nor a
 * surrogate, nor beyond U+10FFFF.
 */
static const struct {
    unsigned char first_low, first_high;
    unsigned char length;
    unsigned char second_low, second_high;
} sequences[] = {
    {0xC2, 0xDF, 2, 0x80, 0xBF},
    {0xE0, 0xE0, 3, 0xA0, 0xBF},
    {0xE1, 0xEC, 3, 0x80, 0xBF},
    {0xED, 0xED, 3, 0x80, 0x9F},
    {0xEE, 0xEF, 3, 0x80, 0xBF},
    {0xF0, 0xF0, 4, 0x90, 0xBF},
    {0xF1, 0xF3, 4, 0x80, 0xBF},
    {0xF4, 0xF4, 4, 0x80, 0x8F},
};

size_t str_sequence(const char *data, size_t left) {
    const unsigned char *s = (const unsigned char *)data;
    size_t i = 0;

    if (s[0] < 0x80)
        return 1;
    while (i < ARRAY_SIZE(sequences) && s[0] > sequences[i].first_high)
        i++;
    if (i == ARRAY_SIZE(sequences) || s[0] < sequences[i].first_low || left < sequences[i].length ||
        s[1] < sequences[i].second_low || s[1] > sequences[i].second_high)
        return 0;
    for (size_t next = 2; next < sequences[i].length; next++)
        if ((s[next] & 0xC0) != 0x80)
            return 0;
    return sequences[i].length;
}

bool str_is_utf8(Str text) {
    size_t i = 0;

    while (i < text.length) {
        size_t length = str_sequence(text.data + i, text.length - i);

        if (length == 0)
            return false;
        i += length;
    }
    return true;
}
