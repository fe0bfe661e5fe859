/* A response as a document. */

#include "worker/step/raw.h"

#include "common/json/storable.h"

static Str lower(Arena *arena, Str text) {
    char *copy = arena_copy(arena, text.data, text.length);

    for (size_t i = 0; i < text.length; i++) {
        if (copy[i] >= 'A' && copy[i] <= 'Z')
            copy[i] = (char)(copy[i] + ('a' - 'A'));
    }
    return str_from(copy, text.length);
}

static Str header_of(const StepAnswer *answer, Str name) {
    for (uint32_t i = 0; i < answer->header_count; i++) {
        if (str_equal_nocase(answer->headers[i].name, name))
            return answer->headers[i].value;
    }
    return STR_NONE;
}

/* Bytes that are no UTF-8 become U+FFFD, one for each. */
static Str readable(Arena *arena, Str text) {
    _cleanup_(buf_done) Buf buf = {0};

    if (str_is_utf8(text))
        return text;
    for (size_t i = 0; i < text.length;) {
        size_t length = str_sequence(text.data + i, text.length - i);

        if (length > 0)
            buf_add(&buf, text.data + i, length);
        else
            buf_add_text(&buf, "\xef\xbf\xbd");
        i += length > 0 ? length : 1;
    }
    return str_copy(arena, buf_str(&buf));
}

static Json headers_of(const StepAnswer *answer, Arena *arena) {
    JsonObject headers = {.arena = arena};

    for (uint32_t i = 0; i < answer->header_count; i++) {
        Str name = lower(arena, answer->headers[i].name);
        Str value = readable(arena, answer->headers[i].value);
        Json so_far = json_object_done(&headers);
        const Json *before = json_member(&so_far, name);

        if (str_is(name, "set-cookie") || str_is(name, "set-cookie2"))
            continue;
        if (before != NULL)
            value = str_printf(arena, "%.*s, %.*s", STR_ARGS(json_str(before)), STR_ARGS(value));
        json_add(&headers, readable(arena, name), json_string(value));
    }
    return json_object_done(&headers);
}

/* application/json, application/problem+json; charset=utf-8, … */
static bool says_json(const StepAnswer *answer) {
    Str value = header_of(answer, STR("content-type"));
    Str type = str_trim(str_split(&value, ';'));
    Str suffix = type.length > 5 ? str_slice(type, type.length - 5, 5) : STR_NONE;

    return str_equal_nocase(type, STR("application/json")) ||
           str_equal_nocase(type, STR("text/json")) || str_equal_nocase(suffix, STR("+json"));
}

static int json_body(const StepAnswer *answer, Arena *arena, Json *ret_body, Str *ret_message) {
    JsonLimits limits = JSON_LIMITS_DEFAULT;
    JsonMistake mistake = {.message = ""};

    limits.depth_max = STORABLE_DEPTH_MAX;
    if (json_parse(arena, answer->body, limits, ret_body, &mistake) == 0)
        return 0;
    *ret_message = str_printf(
        arena, "the body of the response says that it is JSON, and is not: line %u column %u: %s",
        mistake.line, mistake.column, mistake.message);
    return RAW_E_INVALID;
}

static int body_of(const StepAnswer *answer, Arena *arena, Json *ret_body, Str *ret_message) {
    if (answer->body.length == 0) {
        *ret_body = json_null();
        return 0;
    }
    if (says_json(answer))
        return json_body(answer, arena, ret_body, ret_message);
    if (!str_is_utf8(answer->body)) {
        *ret_message = STR("the body of the response is neither JSON nor text in UTF-8");
        return RAW_E_INVALID;
    }
    *ret_body = json_string(answer->body);
    return 0;
}

int raw_of_answer(const StepAnswer *answer, Arena *arena, Json *ret_raw, Str *ret_message) {
    JsonObject raw = {.arena = arena};
    Json body;
    int r = body_of(answer, arena, &body, ret_message);

    if (r)
        return r;
    json_add(&raw, STR("status"), json_integer(arena, answer->status));
    json_add(&raw, STR("headers"), headers_of(answer, arena));
    json_add(&raw, STR("body"), body);
    *ret_raw = json_object_done(&raw);
    return 0;
}

/* A cut in the middle of a character leaves the character out. */
static Str beginning(Str text) {
    size_t length = MIN(text.length, (size_t)RAW_EXCERPT_BYTES_MAX);

    for (int i = 0; i < 3 && length < text.length; i++) {
        if (((unsigned char)text.data[length] & 0xc0) == 0x80)
            length--;
    }
    return str_slice(text, 0, length);
}

/* What jsonb refuses is not worth an error's life: NUL bytes are left out. */
static Str without_nul(Arena *arena, Str text) {
    char *copy = arena_alloc(arena, text.length + 1);
    size_t length = 0;

    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] != 0)
            copy[length++] = text.data[i];
    }
    return str_from(copy, length);
}

Json raw_excerpt(const StepAnswer *answer, Arena *arena) {
    Json body;
    Str message;

    if (answer->body.length == 0)
        return json_null();
    if (answer->body.length <= RAW_EXCERPT_BYTES_MAX && says_json(answer) &&
        json_body(answer, arena, &body, &message) == 0 && json_value_storable(&body, NULL) == 0)
        return body;
    return json_string(without_nul(arena, readable(arena, beginning(answer->body))));
}
