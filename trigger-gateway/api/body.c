/* A request's JSON, read by a table of its members. */

#include "trigger-gateway/api/body.h"

#include "common/json/storable.h"
#include "common/model/limits.h"

static bool is_json_type(Str content_type) {
    Str type = str_trim(str_split(&content_type, ';'));

    return type.length == 0 || str_equal_nocase(type, STR("application/json")) ||
           str_equal_nocase(type, STR("application/merge-patch+json"));
}

static int refuse_text(ApiCall *call, const JsonMistake *mistake) {
    return call_refuse(call, API_INVALID_JSON,
                       str_printf(&call->arena, "Line %u, column %u: %s.", mistake->line,
                                  mistake->column, mistake->message));
}

static int parse(ApiCall *call, Json *ret_json) {
    JsonLimits limits = {
        .bytes_max = call->body.length, .depth_max = JSON_DEPTH_MAX, .nodes_max = JSON_NODES_MAX};
    JsonMistake mistake = {0};

    if (!is_json_type(call->content_type))
        return call_refuse(call, API_UNSUPPORTED_MEDIA_TYPE,
                           STR("Send the body as application/json."));
    if (call->body.length == 0) {
        *ret_json = json_object(NULL, 0);
        return 0;
    }
    if (json_parse(&call->arena, call->body, limits, ret_json, &mistake) ||
        json_storable(call->body, &mistake))
        return refuse_text(call, &mistake);
    return 0;
}

static Str pointer_of(ApiCall *call, Str key) {
    Buf escaped = {0};
    Str pointer;

    for (size_t i = 0; i < key.length; i++) {
        if (key.data[i] == '~')
            buf_add_text(&escaped, "~0");
        else if (key.data[i] == '/')
            buf_add_text(&escaped, "~1");
        else
            buf_add_char(&escaped, key.data[i]);
    }
    pointer = str_printf(&call->arena, "/%.*s", STR_ARGS(buf_str(&escaped)));
    buf_done(&escaped);
    return pointer;
}

static const BodyField *find_field(const BodyField *fields, uint32_t count, Str key) {
    for (uint32_t i = 0; i < count; i++)
        if (str_is(key, fields[i].name))
            return &fields[i];
    return NULL;
}

static void read_member(ApiCall *call, const BodyField *field, const Json *value, void *target) {
    Str pointer = str_printf(&call->arena, "/%s", field->name);

    if ((field->types & BODY_IS(value->type)) == 0) {
        call_complain(call, PROBLEM_TYPE_MISMATCH, pointer,
                      str_printf(&call->arena, "%s cannot be of type %s.", field->name,
                                 json_type_name(value)));
        return;
    }
    if (field->length_max > 0 && (json_is(value, JSON_STRING) || json_is(value, JSON_ARRAY)) &&
        value->count > field->length_max) {
        call_complain(call, PROBLEM_LIMIT_EXCEEDED, pointer,
                      str_printf(&call->arena, "%s is longer than %u %s.", field->name,
                                 field->length_max,
                                 json_is(value, JSON_STRING) ? "bytes" : "elements"));
        return;
    }
    *(const Json **)((char *)target + field->place) = value;
}

int body_read(ApiCall *call, const BodyField *fields, uint32_t count, void *target) {
    Json *body = arena_zero(&call->arena, sizeof *body);
    int r = parse(call, body);

    if (r)
        return r;
    if (!json_is(body, JSON_OBJECT)) {
        call_complain(call, PROBLEM_TYPE_MISMATCH, STR_NONE, STR("The body must be an object."));
        return call_check_problems(call);
    }
    for (uint32_t i = 0; i < body->count; i++) {
        const JsonMember *member = &body->members[i];
        const BodyField *field = find_field(fields, count, member->key);

        if (field == NULL)
            call_complain(call, PROBLEM_UNKNOWN_KEY, pointer_of(call, member->key),
                          STR("The key means nothing here."));
        else
            read_member(call, field, &member->value, target);
    }
    for (uint32_t i = 0; i < count; i++)
        if (fields[i].is_required && json_member(body, str_of(fields[i].name)) == NULL)
            call_complain(call, PROBLEM_MISSING_KEY, STR_NONE,
                          str_printf(&call->arena, "%s is missing.", fields[i].name));
    return 0;
}

void body_check_texts(ApiCall *call, const char *name, const Json *array, uint32_t length_max) {
    for (uint32_t i = 0; array != NULL && i < array->count; i++) {
        const Json *item = json_at(array, i);

        if (!json_is(item, JSON_STRING) || item->count == 0 || item->count > length_max)
            call_complain(
                call, PROBLEM_INVALID_VALUE, str_printf(&call->arena, "/%s/%u", name, i),
                str_printf(&call->arena, "A text of 1 to %u bytes is expected.", length_max));
    }
}

PgParam body_texts(const Json *json, PgArray *array) {
    if (json == NULL)
        return pg_null();
    for (uint32_t i = 0; i < json->count; i++)
        pg_array_add_bytes(array, json_str(json_at(json, i)));
    return pg_array_param(array);
}

PgParam body_json(ApiCall *call, const Json *json) {
    return json == NULL ? pg_null() : pg_text(json_text(&call->arena, json));
}

PgParam body_text(const Json *json) {
    Str text = json_str(json);

    return !json_is(json, JSON_STRING) ? pg_null() : pg_text(text.data ? text : STR(""));
}

PgParam body_flag(const Json *json) {
    if (json == NULL || (!json_is(json, JSON_TRUE) && !json_is(json, JSON_FALSE)))
        return pg_null();
    return pg_flag(json_is(json, JSON_TRUE));
}
