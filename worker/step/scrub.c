/* Secrets taken out of texts. */

#include "worker/step/scrub.h"

#include <stdlib.h>

#include "worker/step/request.h"

/* One spelling of one secret. */
typedef struct Needle {
    Str text;
    Str mark; /* "[secret KEY]" */
} Needle;

struct Scrub {
    Arena *arena;
    Needle *needles; /* the longest first */
    size_t count;
    size_t capacity;
};

static void add_needle(Scrub *scrub, Str mark, Str text) {
    if (text.length < SCRUB_BYTES_MIN)
        return;
    for (size_t i = 0; i < scrub->count; i++) {
        if (str_equal(scrub->needles[i].text, text))
            return;
    }
    if (scrub->count == scrub->capacity) {
        size_t capacity = scrub->capacity ? scrub->capacity * 2 : 16;

        scrub->needles = arena_grow(scrub->arena, scrub->needles, scrub->count * sizeof(Needle),
                                    capacity * sizeof(Needle));
        scrub->capacity = capacity;
    }
    scrub->needles[scrub->count++] = (Needle){.text = str_copy(scrub->arena, text), .mark = mark};
}

/* The spellings of percent-encoding: capital digits, small ones, and blanks as in forms. */
static void add_encoded(Scrub *scrub, Str mark, Str secret) {
    _cleanup_(buf_done) Buf capital = {0}, small = {0}, form = {0};

    request_encode(&capital, secret);
    for (size_t i = 0; i < capital.length; i++) {
        bool is_digit =
            (i >= 1 && capital.data[i - 1] == '%') || (i >= 2 && capital.data[i - 2] == '%');
        char c = capital.data[i];

        buf_add_char(&small, is_digit && c >= 'A' && c <= 'F' ? (char)(c + ('a' - 'A')) : c);
    }
    for (size_t i = 0; i < capital.length; i++) {
        bool is_blank = str_starts(str_slice(buf_str(&capital), i, 3), STR("%20"));

        buf_add_char(&form, is_blank ? '+' : capital.data[i]);
        i += is_blank ? 2 : 0;
    }
    add_needle(scrub, mark, buf_str(&capital));
    add_needle(scrub, mark, buf_str(&small));
    add_needle(scrub, mark, buf_str(&form));
}

static void add_escaped(Scrub *scrub, Str mark, Str secret) {
    _cleanup_(buf_done) Buf quoted = {0};

    json_write_string(&quoted, secret);
    add_needle(scrub, mark, str_slice(buf_str(&quoted), 1, quoted.length - 2));
}

/*
 * What base64 shows of the secret when `before` bytes (0, 1, 2 of a group) stand in front of it:
 * the characters that hold nothing but its bits.
 */
static void add_base64(Scrub *scrub, Str mark, Str secret, size_t before) {
    static const char *const alphabets[] = {
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
    };
    size_t first = (before * 8 + 5) / 6; /* sextets that are wholly ours */
    size_t last = (before + secret.length) * 8 / 6;

    for (size_t a = 0; a < ARRAY_SIZE(alphabets); a++) {
        _cleanup_(buf_done) Buf text = {0};

        for (size_t i = first; i < last; i++) {
            size_t bit = i * 6 - before * 8;
            uint32_t high = (unsigned char)secret.data[bit / 8];
            uint32_t low =
                bit / 8 + 1 < secret.length ? (unsigned char)secret.data[bit / 8 + 1] : 0;

            buf_add_char(&text, alphabets[a][((high << 8 | low) >> (10 - bit % 8)) & 63]);
        }
        add_needle(scrub, mark, buf_str(&text));
    }
}

static void add_secret(Scrub *scrub, Str mark, Str secret) {
    if (secret.length < SCRUB_BYTES_MIN)
        return;
    add_needle(scrub, mark, secret);
    add_encoded(scrub, mark, secret);
    add_escaped(scrub, mark, secret);
    for (size_t before = 0; before < 3; before++)
        add_base64(scrub, mark, secret, before);
}

static void add_value(Scrub *scrub, Str mark, const Json *value) {
    if (value->type == JSON_STRING)
        add_secret(scrub, mark, json_str(value));
    if (value->type == JSON_NUMBER)
        add_needle(scrub, mark, json_text(scrub->arena, value));
    for (uint32_t i = 0; value->type == JSON_ARRAY && i < value->count; i++)
        add_value(scrub, mark, &value->items[i]);
    for (uint32_t i = 0; value->type == JSON_OBJECT && i < value->count; i++)
        add_value(scrub, mark, &value->members[i].value);
}

static int by_length(const void *a, const void *b) {
    const Needle *left = a, *right = b;

    if (left->text.length == right->text.length)
        return 0;
    return left->text.length < right->text.length ? 1 : -1;
}

const Scrub *scrub_new(Arena *arena, const Json *secrets) {
    Scrub *scrub = arena_zero(arena, sizeof *scrub);

    scrub->arena = arena;
    for (uint32_t i = 0; json_is(secrets, JSON_OBJECT) && i < secrets->count; i++) {
        const JsonMember *member = &secrets->members[i];

        add_value(scrub, str_printf(arena, "[secret %.*s]", STR_ARGS(member->key)), &member->value);
    }
    if (scrub->count > 1)
        qsort(scrub->needles, scrub->count, sizeof(Needle), by_length);
    return scrub;
}

static Str replace(Arena *arena, Str text, const Needle *needle) {
    _cleanup_(buf_done) Buf buf = {0};
    ptrdiff_t at = str_find(text, needle->text);

    if (at < 0)
        return text;
    while (at >= 0) {
        buf_add(&buf, text.data, (size_t)at);
        buf_add_str(&buf, needle->mark);
        text = str_slice(text, (size_t)at + needle->text.length, text.length);
        at = str_find(text, needle->text);
    }
    buf_add_str(&buf, text);
    return str_copy(arena, buf_str(&buf));
}

Str scrub_text(const Scrub *scrub, Arena *arena, Str text) {
    for (size_t i = 0; i < scrub->count; i++)
        text = replace(arena, text, &scrub->needles[i]);
    return text;
}

static Json scrub_number(const Scrub *scrub, Arena *arena, const Json *value) {
    Str text = json_text(arena, value);

    for (size_t i = 0; i < scrub->count; i++) {
        if (str_equal(scrub->needles[i].text, text))
            return json_string(scrub->needles[i].mark);
    }
    return *value;
}

static Json scrub_array(const Scrub *scrub, Arena *arena, const Json *value) {
    JsonArray items = {.arena = arena};

    for (uint32_t i = 0; i < value->count; i++)
        json_push(&items, scrub_json(scrub, arena, &value->items[i]));
    return json_array_done(&items);
}

static Json scrub_object(const Scrub *scrub, Arena *arena, const Json *value) {
    JsonObject object = {.arena = arena};

    for (uint32_t i = 0; i < value->count; i++)
        json_add(&object, scrub_text(scrub, arena, value->members[i].key),
                 scrub_json(scrub, arena, &value->members[i].value));
    return json_object_done(&object);
}

Json scrub_json(const Scrub *scrub, Arena *arena, const Json *value) {
    switch ((JsonType)value->type) {
    case JSON_NULL:
    case JSON_FALSE:
    case JSON_TRUE:
        return *value;
    case JSON_NUMBER:
        return scrub_number(scrub, arena, value);
    case JSON_STRING:
        return json_string(scrub_text(scrub, arena, json_str(value)));
    case JSON_ARRAY:
        return scrub_array(scrub, arena, value);
    case JSON_OBJECT:
        return scrub_object(scrub, arena, value);
    }
    return *value;
}

Str scrub_document(const Scrub *scrub, Arena *arena, Str text) {
    Json value, clean;

    if (scrub->count == 0)
        return text;
    if (json_parse(arena, text, JSON_LIMITS_DEFAULT, &value, NULL))
        return scrub_text(scrub, arena, text);
    clean = scrub_json(scrub, arena, &value);
    return json_equal(&value, &clean) ? text : json_text(arena, &clean);
}
