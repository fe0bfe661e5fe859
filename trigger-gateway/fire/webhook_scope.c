/* Requests as the steps of a workflow see them. */

#include "trigger-gateway/fire/webhook_scope.h"

#include "common/base/check.h"
#include "common/base/defs.h"
#include "common/json/storable.h"
#include "common/model/limits.h"

/* Names that are hidden, and words that hide a name they stand in. */
static const char *const hidden_names[] = {
    "authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "api-key",
};
static const char *const hidden_words[] = {
    "signature", "token", "secret", "password", "credential", "api-key", "apikey", "authorization",
};

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool contains_nocase(Str text, Str word) {
    for (size_t i = 0; i + word.length <= text.length; i++) {
        if (str_equal_nocase(str_slice(text, i, word.length), word))
            return true;
    }
    return false;
}

bool webhook_hides_header(Str name) {
    for (size_t i = 0; i < ARRAY_SIZE(hidden_names); i++) {
        if (str_equal_nocase(name, str_of(hidden_names[i])))
            return true;
    }
    for (size_t i = 0; i < ARRAY_SIZE(hidden_words); i++) {
        if (contains_nocase(name, str_of(hidden_words[i])))
            return true;
    }
    return false;
}

static bool is_text(Str text) {
    return str_is_utf8(text) && str_find_char(text, '\0') < 0;
}

static int refuse(WebhookMistake *mistake, int r, const char *what, JsonMistake json) {
    *mistake = (WebhookMistake){.what = what, .json = json};
    return r;
}

static int refuse_text(WebhookMistake *mistake, const char *what) {
    return refuse(mistake, WEBHOOK_E_TEXT, what,
                  (JsonMistake){.message = "it is not UTF-8 text, or holds a NUL"});
}

int webhook_body(const WebhookRequest *request, Arena *arena, WebhookBody *ret_body,
                 WebhookMistake *ret_mistake) {
    JsonLimits limits = {.bytes_max = request->body.length,
                         .depth_max = JSON_DEPTH_MAX,
                         .nodes_max = JSON_NODES_MAX};
    JsonMistake mistake = {0};
    Json body = json_null();
    bool is_json = request->body.length > 0 &&
                   content_type_is_json(fields_find(request->headers, STR("content-type")));

    if (is_json) {
        if (json_parse(arena, request->body, limits, &body, &mistake))
            return refuse(ret_mistake, WEBHOOK_E_SYNTAX, "body", mistake);
        if (json_storable(request->body, &mistake))
            return refuse(ret_mistake, WEBHOOK_E_STORABLE, "body", mistake);
    } else if (!is_text(request->body)) {
        return refuse_text(ret_mistake, "body");
    } else if (request->body.length > 0) {
        body = json_string(request->body);
    }
    *ret_body = (WebhookBody){.value = body, .is_json = is_json};
    return 0;
}

/* Header values are bytes of Latin-1 where they are not UTF-8. */
static Str header_text(Arena *arena, Str value) {
    char *text, *to;

    if (str_is_utf8(value))
        return value;
    text = to = arena_alloc(arena, 2 * value.length + 1);
    for (size_t i = 0; i < value.length; i++) {
        unsigned char c = (unsigned char)value.data[i];

        if (c < 0x80) {
            *to++ = (char)c;
        } else {
            *to++ = (char)(0xc0 | c >> 6);
            *to++ = (char)(0x80 | (c & 0x3f));
        }
    }
    return str_from(text, (size_t)(to - text));
}

static Str lower_copy(Arena *arena, Str name) {
    char *copy = arena_alloc(arena, name.length + 1);

    for (size_t i = 0; i < name.length; i++)
        copy[i] = lower(name.data[i]);
    return str_from(copy, name.length);
}

/* The value a name has so far in an object that is being built, or NULL. */
static Json *member_so_far(const JsonObject *object, Str name) {
    for (uint32_t i = 0; i < object->count; i++) {
        if (str_equal(object->members[i].key, name))
            return &object->members[i].value;
    }
    return NULL;
}

static Json headers_object(const WebhookRequest *request, Arena *arena) {
    JsonObject object = {.arena = arena};

    for (uint32_t i = 0; i < request->headers.count; i++) {
        const Field *field = &request->headers.items[i];
        Str name = lower_copy(arena, header_text(arena, field->name));
        Str value = header_text(arena, field->value);
        const Json *so_far = member_so_far(&object, name);

        if (webhook_hides_header(name))
            continue;
        if (so_far != NULL)
            value = str_printf(arena, "%.*s, %.*s", STR_ARGS(json_str(so_far)), STR_ARGS(value));
        json_add(&object, name, json_string(value));
    }
    return json_object_done(&object);
}

static int query_object(const WebhookRequest *request, Arena *arena, Json *ret_object,
                        WebhookMistake *ret_mistake) {
    JsonObject object = {.arena = arena};

    for (uint32_t i = 0; i < request->query.count; i++) {
        const Field *field = &request->query.items[i];
        const Json *so_far = member_so_far(&object, field->name);
        JsonArray both = {.arena = arena};

        if (!is_text(field->name) || !is_text(field->value))
            return refuse_text(ret_mistake, "query");
        if (so_far == NULL) {
            json_add(&object, field->name, json_string(field->value));
            continue;
        }
        for (uint32_t j = 0; json_is(so_far, JSON_ARRAY) && j < so_far->count; j++)
            json_push(&both, *json_at(so_far, j));
        if (!json_is(so_far, JSON_ARRAY))
            json_push(&both, *so_far);
        json_push(&both, json_string(field->value));
        json_add(&object, field->name, json_array_done(&both));
    }
    *ret_object = json_object_done(&object);
    return 0;
}

int webhook_scope(const WebhookRequest *request, const WebhookBody *body, Arena *arena,
                  Str *ret_scope, WebhookMistake *ret_mistake) {
    _cleanup_(buf_done) Buf text = {0};
    Json headers = headers_object(request, arena);
    Json query, rest;
    int r = query_object(request, arena, &query, ret_mistake);

    if (r)
        return r;
    if (!is_text(request->path))
        return refuse_text(ret_mistake, "path");
    rest = json_object(
        (JsonMember[]){
            {STR("headers"), headers                     },
            {STR("query"),   query                       },
            {STR("method"),  json_string(request->method)},
            {STR("path"),    json_string(request->path)  },
    },
        4);
    /* The body's own bytes pass through: its numbers and escapes stay as the sender wrote them. */
    buf_add_text(&text, "{\"body\":");
    if (body->is_json)
        buf_add_str(&text, str_trim(request->body));
    else
        json_write(&text, &body->value);
    buf_add_char(&text, ',');
    buf_add_str(&text, str_slice(json_text(arena, &rest), 1, SIZE_MAX));
    *ret_scope = str_copy(arena, buf_str(&text));
    return 0;
}
