/*
 * One document a line in, one answer a line out, for the tests that ask others about the same
 * lines.
 *
 *   json_probe storable   0, or the number of the refusal of json_parse() or json_storable()
 *   json_probe compute    the document, every number made anew from its double
 *   json_probe pretty     the same in the form for people
 *   json_probe sort       the items of an array in our order, numbers as above
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"
#include "common/json/json.h"
#include "common/json/storable.h"

static Json computed(Arena *arena, const Json *value) {
    JsonArray array = {.arena = arena};
    JsonObject object = {.arena = arena};

    if (json_is(value, JSON_NUMBER))
        return json_number(json_real(value));
    if (json_is(value, JSON_ARRAY)) {
        for (uint32_t i = 0; i < value->count; i++)
            json_push(&array, computed(arena, &value->items[i]));
        return json_array_done(&array);
    }
    if (json_is(value, JSON_OBJECT)) {
        for (uint32_t i = 0; i < value->count; i++)
            json_add(&object, value->members[i].key, computed(arena, &value->members[i].value));
        return json_object_done(&object);
    }
    return *value;
}

static int compare_items(const void *a, const void *b) {
    return json_compare(a, b);
}

static Json sorted(Arena *arena, const Json *array) {
    Json *items = arena_copy(arena, array->items, array->count * sizeof *items);

    qsort(items, array->count, sizeof *items, compare_items);
    return json_array(items, array->count);
}

static void answer(const char *mode, Str line, Buf *buf) {
    _cleanup_(arena_done) Arena arena = {0};
    JsonMistake mistake;
    Json value;
    int r = json_parse(&arena, line, JSON_LIMITS_DEFAULT, &value, &mistake);

    if (strcmp(mode, "storable") == 0) {
        buf_printf(buf, "%d", r ? r : json_storable(line, &mistake));
        return;
    }
    if (r) {
        buf_printf(buf, "refused: %s", mistake.message);
        return;
    }
    value = computed(&arena, &value);
    if (strcmp(mode, "sort") == 0 && json_is(&value, JSON_ARRAY))
        value = sorted(&arena, &value);
    if (strcmp(mode, "pretty") == 0)
        json_write_pretty(buf, &value);
    else
        json_write(buf, &value);
}

int main(int argc, char **argv) {
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;

    CHECK(argc == 2);
    while ((length = getline(&line, &capacity, stdin)) > 0) {
        _cleanup_(buf_done) Buf buf = {0};

        answer(argv[1], str_from(line, (size_t)length - (line[length - 1] == '\n')), &buf);
        puts(buf.data);
    }
    free(line);
    return 0;
}
