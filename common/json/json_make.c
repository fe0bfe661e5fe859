/* Making trees. */

#include <stdio.h>

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/json/json.h"
#include "common/json/json_keys.h"

#define CAPACITY_MIN 8

Json json_null(void) {
    return (Json){.type = JSON_NULL};
}

Json json_bool(bool truth) {
    return (Json){.type = truth ? JSON_TRUE : JSON_FALSE};
}

Json json_integer(Arena *arena, int64_t number) {
    Str text = str_printf(arena, "%lld", (long long)number);

    return (Json){.type = JSON_NUMBER, .count = (uint32_t)text.length, .text = text.data};
}

Json json_number(double number) {
    return (Json){.type = JSON_NUMBER, .is_computed = true, .real = number};
}

Json json_string(Str text) {
    CHECK(text.length <= UINT32_MAX);
    return (Json){.type = JSON_STRING, .count = (uint32_t)text.length, .text = text.data};
}

Json json_string_copy(Arena *arena, Str text) {
    return json_string(str_copy(arena, text));
}

Json json_array(const Json *items, size_t count) {
    CHECK(count <= UINT32_MAX);
    return (Json){.type = JSON_ARRAY, .count = (uint32_t)count, .items = items};
}

Json json_object(const JsonMember *members, size_t count) {
    CHECK(count <= UINT32_MAX);
    return (Json){.type = JSON_OBJECT, .count = (uint32_t)count, .members = members};
}

static uint32_t more(uint32_t capacity) {
    CHECK(capacity <= UINT32_MAX / 8);
    return capacity ? capacity * 2 : CAPACITY_MIN;
}

void json_push(JsonArray *array, Json value) {
    if (array->count == array->capacity) {
        uint32_t capacity = more(array->capacity);

        array->items = arena_grow(array->arena, array->items, array->count * sizeof value,
                                  capacity * sizeof value);
        array->capacity = capacity;
    }
    array->items[array->count++] = value;
}

Json json_array_done(const JsonArray *array) {
    return json_array(array->items, array->count);
}

static bool has_index(uint32_t capacity) {
    return capacity > JSON_KEYS_WALKED;
}

static void object_grow(JsonObject *object) {
    uint32_t capacity = more(object->capacity);
    JsonMember *members;

    if (!has_index(capacity)) {
        object->members = arena_grow(object->arena, object->members,
                                     object->count * sizeof *members, capacity * sizeof *members);
        object->capacity = capacity;
        return;
    }
    members = json_keys_room(object->arena, capacity);
    for (uint32_t i = 0; i < object->count; i++) {
        members[i] = object->members[i];
        *json_keys_slot(members, members[i].key) = i + 1;
    }
    object->members = members;
    object->capacity = capacity;
}

/* The member with this key, or NULL. */
static JsonMember *object_find(const JsonObject *object, Str key) {
    if (has_index(object->capacity)) {
        int64_t found = json_keys_find(object->members, object->count, key);

        return found < 0 ? NULL : &object->members[found];
    }
    for (uint32_t i = 0; i < object->count; i++)
        if (str_equal(object->members[i].key, key))
            return &object->members[i];
    return NULL;
}

void json_add(JsonObject *object, Str key, Json value) {
    JsonMember *member = object_find(object, key);

    if (member) {
        member->value = value;
        return;
    }
    if (object->count == object->capacity)
        object_grow(object);
    object->members[object->count++] = (JsonMember){.key = key, .value = value};
    if (has_index(object->capacity))
        *json_keys_slot(object->members, key) = object->count;
}

Json json_object_done(const JsonObject *object) {
    Json value = json_object(object->members, object->count);

    value.is_indexed = has_index(object->capacity);
    return value;
}

/* Values whose contents still belong to the source. */
typedef struct Worklist {
    Json **values;
    size_t count;
    size_t capacity;
} Worklist;

static void worklist_add(Worklist *worklist, Json *value) {
    if (worklist->count == worklist->capacity) {
        worklist->capacity = MAX(worklist->capacity * 2, (size_t)64);
        worklist->values = alloc_again(worklist->values, worklist->capacity * sizeof(Json *));
    }
    worklist->values[worklist->count++] = value;
}

static bool has_text(const Json *value) {
    return value->type == JSON_STRING || (value->type == JSON_NUMBER && !value->is_computed);
}

/* Takes care of one value that was copied by struct: now, if it is a scalar, else soon. */
static void take_over(Arena *arena, Worklist *worklist, Json *value) {
    if (has_text(value))
        value->text = str_copy(arena, str_from(value->text, value->count)).data;
    else if (value->type == JSON_ARRAY || value->type == JSON_OBJECT)
        worklist_add(worklist, value);
}

static void copy_items(Arena *arena, Worklist *worklist, Json *array) {
    Json *items = arena_copy(arena, array->items, array->count * sizeof *items);

    for (uint32_t i = 0; i < array->count; i++)
        take_over(arena, worklist, &items[i]);
    array->items = items;
}

static void copy_members(Arena *arena, Worklist *worklist, Json *object) {
    uint32_t count = object->count;
    JsonMember *members;

    object->is_indexed = count > JSON_KEYS_WALKED;
    members = object->is_indexed ? json_keys_room(arena, count)
                                 : arena_alloc(arena, count * sizeof *members);
    for (uint32_t i = 0; i < count; i++) {
        members[i].key = str_copy(arena, object->members[i].key);
        members[i].value = object->members[i].value;
        take_over(arena, worklist, &members[i].value);
        if (object->is_indexed)
            *json_keys_slot(members, members[i].key) = i + 1;
    }
    object->members = members;
}

Json json_copy(Arena *arena, const Json *value) {
    Worklist worklist = {0};
    Json copy = *value;

    take_over(arena, &worklist, &copy);
    while (worklist.count > 0) {
        Json *container = worklist.values[--worklist.count];

        if (container->type == JSON_ARRAY)
            copy_items(arena, &worklist, container);
        else
            copy_members(arena, &worklist, container);
    }
    alloc_free(worklist.values);
    return copy;
}
