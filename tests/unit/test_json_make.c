#include <criterion/criterion.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/json/json.h"

static Arena arena;

static void clear(void) {
    arena_done(&arena);
}

TestSuite(json_make, .fini = clear);

static const char *text_of(Json value) {
    return json_text(&arena, &value).data;
}

Test(json_make, scalars) {
    cr_expect_str_eq(text_of(json_null()), "null");
    cr_expect_str_eq(text_of(json_bool(true)), "true");
    cr_expect_str_eq(text_of(json_bool(false)), "false");
    cr_expect_str_eq(text_of(json_integer(&arena, 0)), "0");
    cr_expect_str_eq(text_of(json_integer(&arena, INT64_MAX)), "9223372036854775807");
    cr_expect_str_eq(text_of(json_number(2.5)), "2.5");
    cr_expect_str_eq(text_of(json_string(STR("x"))), "\"x\"");
    cr_expect_str_eq(text_of(json_array(NULL, 0)), "[]");
    cr_expect_str_eq(text_of(json_object(NULL, 0)), "{}");
}

Test(json_make, a_copied_string_does_not_look_back) {
    char text[] = "before";
    Json shared = json_string(str_of(text));
    Json copied = json_string_copy(&arena, str_of(text));

    memcpy(text, "after!", 6);
    cr_expect_str_eq(text_of(shared), "\"after!\"");
    cr_expect_str_eq(text_of(copied), "\"before\"");
}

Test(json_make, arrays_grow_item_by_item) {
    JsonArray array = {.arena = &arena};
    Json value;

    cr_expect_str_eq(text_of(json_array_done(&array)), "[]");
    for (int i = 0; i < 1000; i++) {
        json_push(&array, json_number(i));
        arena_alloc(&arena, (size_t)(i % 3)); /* so that it cannot always grow in place */
    }
    value = json_array_done(&array);
    cr_assert_eq(value.count, 1000);
    for (int i = 0; i < 1000; i++)
        cr_assert_eq(json_real(json_at(&value, (size_t)i)), i);
}

Test(json_make, adding_a_key_again_replaces_its_value_in_place) {
    JsonObject object = {.arena = &arena};

    cr_expect_str_eq(text_of(json_object_done(&object)), "{}");
    json_add(&object, STR("a"), json_number(1));
    json_add(&object, STR("b"), json_number(2));
    json_add(&object, STR("a"), json_number(3));
    cr_expect_str_eq(text_of(json_object_done(&object)), "{\"a\":3,\"b\":2}");
}

Test(json_make, large_objects_find_every_key_while_and_after_they_grow, .timeout = 30) {
    enum { COUNT = 50000 };
    JsonObject object = {.arena = &arena};
    Json value;

    for (int i = 0; i < 2 * COUNT; i++) {
        Str key = str_printf(&arena, "key%d", i % COUNT);

        json_add(&object, key, json_number(i));
    }
    value = json_object_done(&object);
    cr_assert_eq(value.count, COUNT);
    for (int i = 0; i < COUNT; i++) {
        char key[20];

        snprintf(key, sizeof key, "key%d", i);
        cr_assert_eq(json_real(json_member(&value, str_of(key))), i + COUNT);
    }
    cr_assert_null(json_member(&value, STR("key50000")));
}

Test(json_make, an_object_taken_early_does_not_show_what_came_later) {
    JsonObject object = {.arena = &arena};
    Json early;

    for (int i = 0; i < 20; i++)
        json_add(&object, str_printf(&arena, "k%d", i), json_null());
    early = json_object_done(&object);
    json_add(&object, STR("late"), json_null());
    cr_expect_null(json_member(&early, STR("late")));
    cr_expect_not_null(json_member(&early, STR("k19")));
}

static Json parsed(const char *text) {
    Json value = {0};

    cr_assert_eq(json_parse(&arena, str_of(text), JSON_LIMITS_DEFAULT, &value, NULL), 0, "%s",
                 text);
    return value;
}

Test(json_make, a_copy_survives_its_source) {
    static const char whole[] =
        "{\"a\":[1.50,\"x\\ny\",{\"b\":[]}],\"c\":{},\"d\":true,\"e\":null,\"f\":\"plain\"}";
    _cleanup_(arena_done) Arena target = {0};
    char *text = strdup(whole);
    Json computed[2], copy;

    computed[0] = parsed(text);
    computed[1] = json_number(0.5);
    copy = json_array(computed, 2);
    copy = json_copy(&target, &copy);
    memset(text, '?', strlen(text));
    memset(computed, 0xff, sizeof computed);
    free(text);
    arena_done(&arena);
    cr_assert_str_eq(json_text(&target, &copy).data,
                     "[{\"a\":[1.50,\"x\\ny\",{\"b\":[]}],\"c\":{},\"d\":true,\"e\":null,"
                     "\"f\":\"plain\"},0.5]");
}

Test(json_make, a_copied_large_object_finds_its_keys) {
    _cleanup_(arena_done) Arena target = {0};
    JsonObject object = {.arena = &arena};
    Json copy;

    for (int i = 0; i < 100; i++)
        json_add(&object, str_printf(&arena, "k%d", i), json_number(i));
    copy = json_object_done(&object);
    copy = json_copy(&target, &copy);
    arena_done(&arena);
    cr_assert_eq(json_real(json_member(&copy, STR("k77"))), 77);
    cr_assert_null(json_member(&copy, STR("k100")));
}

Test(json_make, a_shared_list_of_members_works_without_an_index) {
    JsonMember members[40];
    Json value;

    for (int i = 0; i < 40; i++)
        members[i] = (JsonMember){str_printf(&arena, "k%d", i), json_number(i)};
    value = json_object(members, 40);
    cr_expect_eq(json_real(json_member(&value, STR("k39"))), 39);
    value = json_copy(&arena, &value);
    cr_expect_eq(json_real(json_member(&value, STR("k39"))), 39);
}

Test(json_make, scalars_are_copied_too) {
    Json value = parsed("\"a\\tb\"");
    Json copy = json_copy(&arena, &value);

    cr_assert_neq(copy.text, value.text);
    cr_assert_str_eq(text_of(copy), "\"a\\tb\"");
    value = json_null();
    cr_assert_eq(json_copy(&arena, &value).type, JSON_NULL);
}
