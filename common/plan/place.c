/* Pointers, and how foreign words look in a message. */

#include "common/plan/place.h"

#include "common/base/buf.h"
#include "common/base/check.h"

#define DEPTH_MAX 80 /* a definition is at most 64 deep */
#define SHOWN_BYTES_MAX 64
#define DISTANCE_MAX 2u
#define COMPARED_BYTES_MAX 32u

Place place_root(void) {
    return (Place){0};
}

Place place_key(const Place *outer, Str key) {
    return (Place){
        .outer = outer, .key = {.data = key.data ? key.data : "", .length = key.length}
    };
}

Place place_index(const Place *outer, uint32_t index) {
    return (Place){.outer = outer, .index = index};
}

static void add_token(Buf *buf, Str key) {
    for (size_t i = 0; i < key.length; i++) {
        if (key.data[i] == '~')
            buf_add_text(buf, "~0");
        else if (key.data[i] == '/')
            buf_add_text(buf, "~1");
        else
            buf_add_char(buf, key.data[i]);
    }
}

Str place_pointer(Arena *arena, const Place *place) {
    const Place *chain[DEPTH_MAX];
    _cleanup_(buf_done) Buf buf = {0};
    size_t depth = 0;

    for (; place->outer != NULL; place = place->outer) {
        CHECK(depth < DEPTH_MAX);
        chain[depth++] = place;
    }
    while (depth > 0) {
        const Place *part = chain[--depth];

        buf_add_char(&buf, '/');
        if (part->key.data != NULL)
            add_token(&buf, part->key);
        else
            buf_printf(&buf, "%u", part->index);
    }
    return str_copy(arena, buf_str(&buf));
}

static bool is_continuation(char c) {
    return ((unsigned char)c & 0xc0) == 0x80;
}

const char *text_shown(Arena *arena, Str text) {
    size_t length = MIN(text.length, (size_t)SHOWN_BYTES_MAX);
    bool is_cut = length < text.length;
    char *shown;

    while (is_cut && length > 0 && is_continuation(text.data[length]))
        length--;
    shown =
        arena_printf(arena, "%.*s%s", (int)length, length ? text.data : "", is_cut ? "..." : "");
    for (char *c = shown; *c; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    }
    return shown;
}

Str text_storable(Arena *arena, Str text) {
    char *copy;

    if (str_is_utf8(text) && str_find_char(text, '\0') < 0)
        return text;
    copy = arena_copy(arena, text.data, text.length);
    for (size_t i = 0; i < text.length;) {
        size_t length = str_sequence(copy + i, text.length - i);

        if (length == 0 || copy[i] == '\0')
            copy[i] = '?';
        i += MAX(length, (size_t)1);
    }
    return str_from(copy, text.length);
}

/* The usual table of edit distances, one row kept; both words are short. */
uint32_t text_distance(Str a, Str b) {
    uint32_t row[COMPARED_BYTES_MAX + 1];

    if (a.length > COMPARED_BYTES_MAX || b.length > COMPARED_BYTES_MAX)
        return NEAR_NEVER;
    if (MAX(a.length, b.length) - MIN(a.length, b.length) > DISTANCE_MAX)
        return NEAR_NEVER;
    for (uint32_t j = 0; j <= b.length; j++)
        row[j] = j;
    for (uint32_t i = 1; i <= a.length; i++) {
        uint32_t diagonal = row[0];

        row[0] = i;
        for (uint32_t j = 1; j <= b.length; j++) {
            uint32_t changed = diagonal + (a.data[i - 1] != b.data[j - 1]);
            uint32_t added = MIN(row[j], row[j - 1]) + 1;

            diagonal = row[j];
            row[j] = MIN(changed, added);
        }
    }
    if (row[b.length] > DISTANCE_MAX || row[b.length] * 2 >= MAX(a.length, b.length))
        return NEAR_NEVER;
    return row[b.length];
}
