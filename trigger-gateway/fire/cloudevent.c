/* Records of topics as events: binary, structured, plain. */

#include "trigger-gateway/fire/cloudevent.h"

#include "common/base/check.h"
#include "common/base/defs.h"
#include "common/json/storable.h"
#include "common/model/limits.h"
#include "common/plan/instant.h"

#define PREFIX STR("ce_")

typedef struct Reading {
    const EventRecord *record;
    Arena *arena;
    Str content_type;
    Str *why;
} Reading;

const char *cloudevent_refusal_word(int r) {
    switch (r) {
    case EVENT_E_UNREADABLE:
        return "UNREADABLE";
    case EVENT_E_INVALID:
        return "INVALID_EVENT";
    case EVENT_E_STORABLE:
        return "NOT_STORABLE";
    case EVENT_E_TOO_LARGE:
        return "TOO_LARGE";
    }
    CHECK_UNREACHABLE();
}

static int refuse(const Reading *reading, int r, Str why) {
    *reading->why = why;
    return r;
}

static int read_json(const Reading *reading, Json *ret_value) {
    Str text = reading->record->value;
    JsonLimits limits = {
        .bytes_max = text.length, .depth_max = JSON_DEPTH_MAX, .nodes_max = JSON_NODES_MAX};
    JsonMistake mistake = {0};
    int r = json_parse(reading->arena, text, limits, ret_value, &mistake);

    if (r == 0 && json_storable(text, &mistake) == 0)
        return 0;
    return refuse(reading, r ? EVENT_E_UNREADABLE : EVENT_E_STORABLE,
                  str_printf(reading->arena, "line %u column %u: %s", mistake.line, mistake.column,
                             mistake.message));
}

static bool is_attribute_text(Str text) {
    return text.length <= EVENT_ATTRIBUTE_BYTES_MAX && str_is_utf8(text) &&
           str_find_char(text, '\0') < 0;
}

/* Names of CloudEvents: lower-case letters and digits. */
static bool is_attribute_name(Str name) {
    for (size_t i = 0; i < name.length; i++) {
        char c = name.data[i];

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')))
            return false;
    }
    return name.length > 0 && !str_is(name, "data");
}

static Str base64(Arena *arena, Str bytes) {
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *text = arena_alloc(arena, (bytes.length + 2) / 3 * 4 + 1);
    size_t length = 0;

    for (size_t i = 0; i < bytes.length; i += 3) {
        size_t left = bytes.length - i;
        uint32_t three = (uint32_t)(uint8_t)bytes.data[i] << 16;

        if (left > 1)
            three |= (uint32_t)(uint8_t)bytes.data[i + 1] << 8;
        if (left > 2)
            three |= (uint8_t)bytes.data[i + 2];
        text[length++] = letters[three >> 18];
        text[length++] = letters[three >> 12 & 63];
        text[length++] = left > 1 ? letters[three >> 6 & 63] : '=';
        text[length++] = left > 2 ? letters[three & 63] : '=';
    }
    return str_from(text, length);
}

static bool is_text_type(Str content_type) {
    return content_type.length >= 5 &&
           str_equal_nocase(str_slice(content_type, 0, 5), STR("text/"));
}

/* The data of a binary event, by its content type; a record without a value has none. */
static int add_data(const Reading *reading, JsonObject *event) {
    Str value = reading->record->value;
    Json data;

    if (value.data == NULL)
        return 0;
    if (reading->content_type.length == 0 || content_type_is_json(reading->content_type)) {
        int r = read_json(reading, &data);

        if (r)
            return r;
        json_add(event, STR("data"), data);
    } else if (is_text_type(reading->content_type) && str_is_utf8(value) &&
               str_find_char(value, '\0') < 0) {
        json_add(event, STR("data"), json_string(value));
    } else {
        json_add(event, STR("data_base64"), json_string(base64(reading->arena, value)));
    }
    return 0;
}

static int read_binary(const Reading *reading, Json *ret_event) {
    JsonObject event = {.arena = reading->arena};
    Fields headers = reading->record->headers;
    int r;

    for (uint32_t i = 0; i < headers.count; i++) {
        Str name = headers.items[i].name;

        if (!str_starts(name, PREFIX))
            continue;
        name = str_slice(name, PREFIX.length, SIZE_MAX);
        if (!is_attribute_name(name) || !is_attribute_text(headers.items[i].value))
            return refuse(reading, EVENT_E_INVALID,
                          STR("a ce_ header is no attribute: lower-case letters and digits, at "
                              "most 1024 bytes of text"));
        json_add(&event, name, json_string(headers.items[i].value));
    }
    if (reading->content_type.length > 0 && is_attribute_text(reading->content_type))
        json_add(&event, STR("datacontenttype"), json_string(reading->content_type));
    r = add_data(reading, &event);
    if (r)
        return r;
    *ret_event = json_object_done(&event);
    return 0;
}

static int read_structured(const Reading *reading, Json *ret_event) {
    Str rest = reading->content_type;
    Str type = str_trim(str_split(&rest, ';'));

    if (!str_equal_nocase(type, STR("application/cloudevents+json")))
        return refuse(reading, EVENT_E_INVALID,
                      STR("of the structured content types only application/cloudevents+json is "
                          "read"));
    return read_json(reading, ret_event);
}

static int read_plain(const Reading *reading, Json *ret_event) {
    const EventRecord *record = reading->record;
    JsonObject event = {.arena = reading->arena};
    Json data;
    int r = read_json(reading, &data);

    if (r)
        return r;
    json_add(&event, STR("specversion"), json_string(STR("1.0")));
    json_add(&event, STR("id"),
             json_string(str_printf(reading->arena, "%.*s-%d-%lld", STR_ARGS(record->topic),
                                    record->partition, (long long)record->offset)));
    json_add(&event, STR("source"),
             json_string(str_printf(reading->arena, "/kafka/%.*s", STR_ARGS(record->topic))));
    json_add(&event, STR("type"), json_string(record->topic));
    if (record->key.length > 0 && is_attribute_text(record->key))
        json_add(&event, STR("subject"), json_string(record->key));
    if (record->timestamp_ms > 0)
        json_add(&event, STR("time"),
                 json_string(instant_text(reading->arena, record->timestamp_ms)));
    json_add(&event, STR("data"), data);
    *ret_event = json_object_done(&event);
    return 0;
}

static bool has_attributes(Fields headers) {
    for (uint32_t i = 0; i < headers.count; i++) {
        if (str_starts(headers.items[i].name, PREFIX))
            return true;
    }
    return false;
}

static int read_required(const Reading *reading, const Json *event, const char *name,
                         Str *ret_text) {
    Str text = json_str(json_member(event, str_of(name)));

    if (text.length == 0 || !is_attribute_text(text))
        return refuse(reading, EVENT_E_INVALID,
                      str_printf(reading->arena, "`%s` is not a text of 1 to %d bytes", name,
                                 EVENT_ATTRIBUTE_BYTES_MAX));
    *ret_text = text;
    return 0;
}

static int read_attributes(const Reading *reading, CloudEvent *event) {
    Str version;
    int r;

    if (!json_is(&event->value, JSON_OBJECT))
        return refuse(reading, EVENT_E_INVALID, STR("an event is an object"));
    r = read_required(reading, &event->value, "specversion", &version);
    if (r == 0 && !str_is(version, "1.0"))
        r = refuse(reading, EVENT_E_INVALID, STR("`specversion` is not 1.0"));
    if (r == 0)
        r = read_required(reading, &event->value, "id", &event->id);
    if (r == 0)
        r = read_required(reading, &event->value, "source", &event->source);
    if (r == 0)
        r = read_required(reading, &event->value, "type", &event->type);
    return r;
}

static Str traceparent(const Reading *reading, const Json *event) {
    Str text = fields_find(reading->record->headers, STR("traceparent"));

    if (text.length == 0)
        text = json_str(json_member(event, STR("traceparent")));
    return traceparent_of(text);
}

int cloudevent_read(const EventRecord *record, Arena *arena, CloudEvent *ret_event, Str *ret_why) {
    Reading reading = {
        .record = record,
        .arena = arena,
        .content_type = str_trim(fields_find(record->headers, STR("content-type"))),
        .why = ret_why,
    };
    Str structured = STR("application/cloudevents");
    CloudEvent event = {0};
    int r;

    if (record->value.length > PAYLOAD_BYTES_MAX)
        return refuse(&reading, EVENT_E_TOO_LARGE,
                      str_printf(arena, "the value has %zu bytes", record->value.length));
    if (str_equal_nocase(str_slice(reading.content_type, 0, structured.length), structured))
        r = read_structured(&reading, &event.value);
    else if (has_attributes(record->headers))
        r = read_binary(&reading, &event.value);
    else
        r = read_plain(&reading, &event.value);
    if (r == 0)
        r = read_attributes(&reading, &event);
    if (r)
        return r;
    event.subject = json_str(json_member(&event.value, STR("subject")));
    event.traceparent = traceparent(&reading, &event.value);
    event.key = str_printf(arena, "%zu:%.*s %.*s", event.source.length, STR_ARGS(event.source),
                           STR_ARGS(event.id));
    event.text = json_text(arena, &event.value);
    *ret_event = event;
    return 0;
}
