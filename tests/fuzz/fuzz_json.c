/*
 * Any bytes as a document: refused with a place in them, or read; and what was read is the same
 * value when it is written, in both forms, and read again. What is storable stays so.
 */

#include "common/base/check.h"
#include "common/json/json.h"
#include "common/json/storable.h"
#include "tests/fuzz/fuzz.h"

static const JsonLimits limits = {.bytes_max = 1u << 20, .depth_max = 100, .nodes_max = 100000};

/* The value of what we wrote ourselves; escapes may have made it longer than what came in. */
static Json read_again(Arena *arena, Str text) {
    JsonLimits wider = limits;
    Json value;

    wider.bytes_max = text.length;
    CHECK(json_parse(arena, text, wider, &value, NULL) == 0);
    return value;
}

static void check_written(Arena *arena, const Json *value) {
    _cleanup_(buf_done) Buf pretty = {0};
    Str text = json_text(arena, value);
    Json again = read_again(arena, text);
    Json copy = json_copy(arena, value);

    CHECK(json_equal(value, &again));
    CHECK(json_compare(&again, value) == 0);
    CHECK(json_equal(value, &copy));
    CHECK(str_equal(json_text(arena, &again), text));
    CHECK(str_equal(json_text(arena, &copy), text));
    json_write_pretty(&pretty, value);
    again = read_again(arena, buf_str(&pretty));
    CHECK(str_equal(json_text(arena, &again), text));
    CHECK(json_value_storable(value, NULL) == json_storable(text, NULL));
}

/* Every key leads to its own member. */
static void check_members(const Json *object) {
    for (uint32_t i = 0; i < object->count; i++)
        CHECK(json_member(object, object->members[i].key) == &object->members[i].value);
}

static void check_mistake(Str text, const JsonMistake *mistake) {
    CHECK(mistake->offset <= text.length);
    CHECK(mistake->line >= 1 && mistake->column >= 1);
    CHECK(mistake->message != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    _cleanup_(arena_done) Arena arena = {0};
    Str text = str_from((const char *)bytes, size);
    JsonMistake mistake = {0};
    int storable = json_storable(text, &mistake);
    Json value;

    if (storable)
        check_mistake(text, &mistake);
    if (json_parse(&arena, text, limits, &value, &mistake)) {
        check_mistake(text, &mistake);
        return 0;
    }
    check_written(&arena, &value);
    if (json_is(&value, JSON_OBJECT))
        check_members(&value);
    /* The tree has no half pairs any more; otherwise text and tree agree. */
    if (storable == 0)
        CHECK(json_value_storable(&value, NULL) == 0);
    return 0;
}
