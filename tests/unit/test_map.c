#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/base/map.h"
#include "common/base/rand.h"

static int values[1000];

Test(map, an_empty_map_finds_nothing) {
    Map map;
    Str key;
    void *value;
    size_t position = 0;

    map_init(&map, 7);
    cr_assert_null(map_find(&map, STR("a")));
    cr_assert_null(map_drop(&map, STR("a")));
    cr_assert_not(map_next(&map, &position, &key, &value));
    map_done(&map);
}

Test(map, what_is_set_is_found_and_the_value_before_comes_back) {
    Map map;

    map_init(&map, 7);
    cr_assert_null(map_set(&map, STR("a"), &values[1]));
    cr_assert_eq(map_set(&map, STR("a"), &values[2]), &values[1]);
    cr_assert_eq(map_find(&map, STR("a")), &values[2]);
    cr_assert_eq(map.count, 1);
    map_done(&map);
}

Test(map, keys_are_copied) {
    char key[] = "changing";
    Map map;

    map_init(&map, 7);
    map_set(&map, str_of(key), &values[0]);
    memset(key, 'x', strlen(key));
    cr_assert_eq(map_find(&map, STR("changing")), &values[0]);
    cr_assert_null(map_find(&map, str_of(key)));
    map_done(&map);
}

Test(map, keys_are_bytes_and_may_be_empty) {
    Map map;

    map_init(&map, 7);
    map_set(&map, STR(""), &values[0]);
    map_set(&map, STR("a\0b"), &values[1]);
    map_set(&map, STR("a\0c"), &values[2]);
    cr_assert_eq(map_find(&map, STR_NONE), &values[0]);
    cr_assert_eq(map_find(&map, STR("a\0b")), &values[1]);
    cr_assert_eq(map_find(&map, STR("a\0c")), &values[2]);
    map_done(&map);
}

Test(map, dropping_gives_the_value_back_once) {
    Map map;

    map_init(&map, 7);
    map_set(&map, STR("a"), &values[0]);
    cr_assert_eq(map_drop(&map, STR("a")), &values[0]);
    cr_assert_null(map_drop(&map, STR("a")));
    cr_assert_eq(map.count, 0);
    map_done(&map);
}

Test(map, no_value_is_a_bug_of_the_caller, .signal = SIGABRT) {
    Map map;

    map_init(&map, 7);
    map_set(&map, STR("a"), NULL);
}

static Str key_of(char *text, uint64_t number) {
    snprintf(text, 16, "key-%llu", (unsigned long long)number);
    return str_of(text);
}

static size_t count_by_walking(const Map *map) {
    size_t position = 0, count = 0;
    Str key;
    void *value;

    while (map_next(map, &position, &key, &value)) {
        cr_assert_eq(map_find(map, key), value);
        count++;
    }
    return count;
}

Test(map, it_behaves_like_an_array_of_values_under_any_changes) {
    const void *expected[300] = {0};
    size_t expected_count = 0;
    char text[16];
    Rand dice;
    Map map;

    rand_seed(&dice, 11);
    map_init(&map, 5);
    for (int turn = 0; turn < 20000; turn++) {
        size_t i = rand_below(&dice, 300);
        Str key = key_of(text, i);
        void *value = &values[rand_below(&dice, 1000)];

        cr_assert_eq(map_find(&map, key), expected[i]);
        if (rand_below(&dice, 2)) {
            cr_assert_eq(map_set(&map, key, value), expected[i]);
            expected_count += expected[i] == NULL;
            expected[i] = value;
        } else {
            cr_assert_eq(map_drop(&map, key), expected[i]);
            expected_count -= expected[i] != NULL;
            expected[i] = NULL;
        }
        cr_assert_eq(map.count, expected_count);
    }
    cr_assert_eq(count_by_walking(&map), expected_count);
    map_done(&map);
}
