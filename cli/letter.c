/* One dead letter. */

#include "cli/letter.h"

#include <stdio.h>

#include "common/io/clock.h"

#define OFFSET_MAX INT64_MAX

/* Ours stand first, in this order; a message may have had headers of the same names itself. */
static const char *const our_names[] = {
    "headrace-reason", "headrace-detail", "headrace-topic", "headrace-partition",
    "headrace-offset", "headrace-at-ms",  "headrace-by",
};

static uint32_t ours_count(const BusMessage *message) {
    uint32_t count = 0;

    for (size_t i = 0; i < ARRAY_SIZE(our_names) && count < message->header_count; i++)
        count += str_is(message->headers[count].name, our_names[i]);
    return count;
}

static Str header(const BusMessage *message, const char *name) {
    for (uint32_t i = 0; i < message->header_count; i++)
        if (str_is(message->headers[i].name, name))
            return message->headers[i].value;
    return STR_NONE;
}

static int64_t number(const BusMessage *message, const char *name, int64_t missing) {
    str_to_int64(header(message, name), 0, OFFSET_MAX, &missing);
    return missing;
}

LetterPlace letter_place(int32_t partition, int64_t offset) {
    LetterPlace place;

    snprintf(place.text, sizeof place.text, "%d/%lld", partition, (long long)offset);
    return place;
}

bool letter_place_read(Str text, int32_t *ret_partition, int64_t *ret_offset) {
    Str rest = text, first = str_split(&rest, '/');
    int64_t partition, offset;

    if (rest.data == NULL || !str_to_int64(first, 0, INT32_MAX, &partition) ||
        !str_to_int64(rest, 0, OFFSET_MAX, &offset))
        return false;
    *ret_partition = (int32_t)partition;
    *ret_offset = offset;
    return true;
}

bool letter_is_mark(const BusMessage *message) {
    return message->header_count > 0 && str_is(message->headers[0].name, "headrace-handled");
}

LetterMark letter_mark_read(const BusMessage *message, Arena *arena) {
    return (LetterMark){
        .place = str_copy(arena, header(message, "headrace-handled")),
        .how = str_copy(arena, header(message, "headrace-how")),
        .by = str_copy(arena, header(message, "headrace-by")),
        .at_ms = number(message, "headrace-at-ms", message->timestamp_ms),
    };
}

void letter_note(Letter *letter, const LetterMark *mark) {
    letter->how = mark->how.length ? mark->how : STR("HANDLED");
    letter->how_by = mark->by;
    letter->how_at_ms = mark->at_ms;
}

static void keep_message(Letter *letter, const BusMessage *message, Arena *arena) {
    uint32_t skipped = ours_count(message);
    BusHeader *headers =
        arena_alloc(arena, (message->header_count - skipped + 1) * sizeof *headers);

    for (uint32_t i = skipped; i < message->header_count; i++)
        headers[i - skipped] = (BusHeader){str_copy(arena, message->headers[i].name),
                                           str_copy(arena, message->headers[i].value)};
    letter->headers = headers;
    letter->header_count = message->header_count - skipped;
    letter->value = str_copy(arena, message->value);
}

Letter letter_read(const BusMessage *message, bool has_value, Arena *arena) {
    Letter letter = {
        .partition = message->partition,
        .offset = message->offset,
        .reason = str_copy(arena, header(message, "headrace-reason")),
        .detail = str_copy(arena, header(message, "headrace-detail")),
        .by = str_copy(arena, header(message, "headrace-by")),
        .at_ms = number(message, "headrace-at-ms", message->timestamp_ms),
        .topic = str_copy(arena, header(message, "headrace-topic")),
        .source_partition = number(message, "headrace-partition", -1),
        .source_offset = number(message, "headrace-offset", -1),
        .key = message->key.data ? str_copy(arena, message->key) : STR_NONE,
        .value_bytes = message->value.length,
    };

    if (has_value)
        keep_message(&letter, message, arena);
    return letter;
}

/* Headers are foreign bytes: what is no UTF-8 is shown byte for byte. */
static Json text_json(Str text, Arena *arena) {
    Buf escaped = {0};
    Json value;

    if (str_is_utf8(text))
        return json_string(text);
    for (size_t i = 0; i < text.length; i++)
        buf_printf(&escaped, "\\x%02x", (unsigned char)text.data[i]);
    value = json_string_copy(arena, buf_str(&escaped));
    buf_done(&escaped);
    return value;
}

static Json moment(int64_t at_ms, Arena *arena) {
    return json_string_copy(arena, str_of(clock_text(at_ms).text));
}

Json letter_json(const Letter *letter, Arena *arena) {
    JsonObject object = {.arena = arena};
    LetterPlace place = letter_place(letter->partition, letter->offset);

    json_add(&object, STR("letter"), json_string_copy(arena, str_of(place.text)));
    json_add(&object, STR("reason"), text_json(letter->reason, arena));
    json_add(&object, STR("detail"), text_json(letter->detail, arena));
    json_add(&object, STR("at"), moment(letter->at_ms, arena));
    json_add(&object, STR("by"), text_json(letter->by, arena));
    json_add(&object, STR("topic"), text_json(letter->topic, arena));
    json_add(&object, STR("partition"), json_integer(arena, letter->source_partition));
    json_add(&object, STR("offset"), json_integer(arena, letter->source_offset));
    json_add(&object, STR("key"), text_json(letter->key, arena));
    json_add(&object, STR("bytes"), json_integer(arena, (int64_t)letter->value_bytes));
    json_add(&object, STR("handled"),
             letter->how.length ? text_json(letter->how, arena) : json_null());
    if (letter->how.length) {
        json_add(&object, STR("handledAt"), moment(letter->how_at_ms, arena));
        json_add(&object, STR("handledBy"), text_json(letter->how_by, arena));
    }
    return json_object_done(&object);
}
