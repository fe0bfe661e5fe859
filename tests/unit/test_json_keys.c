#include <criterion/criterion.h>
#include <stdio.h>

#include "common/json/json_keys.h"

static Arena arena;

static void clear(void) {
    arena_done(&arena);
}

TestSuite(json_keys, .fini = clear);

static Str key_of(uint32_t number) {
    return str_printf(&arena, "key %u", number);
}

static void put(JsonMember *members, uint32_t number) {
    uint32_t *slot;

    members[number].key = key_of(number);
    slot = json_keys_slot(members, members[number].key);
    cr_assert_eq(*slot, 0);
    *slot = number + 1;
}

Test(json_keys, a_new_index_holds_nothing) {
    JsonMember *members = json_keys_room(&arena, 17);

    cr_assert_eq(json_keys_find(members, 0, STR("a")), -1);
    cr_assert_eq((uintptr_t)members % _Alignof(JsonMember), 0);
}

Test(json_keys, every_key_is_found_at_every_size) {
    static const uint32_t capacities[] = {17, 31, 32, 33, 63, 64, 65, 5000};

    for (size_t i = 0; i < ARRAY_SIZE(capacities); i++) {
        uint32_t count = capacities[i];
        JsonMember *members = json_keys_room(&arena, count);

        for (uint32_t number = 0; number < count; number++)
            put(members, number);
        for (uint32_t number = 0; number < count; number++)
            cr_assert_eq(json_keys_find(members, count, key_of(number)), number);
        cr_assert_eq(json_keys_find(members, count, key_of(count)), -1);
        cr_assert_eq(json_keys_find(members, count, STR_NONE), -1);
    }
}

Test(json_keys, members_behind_the_count_are_not_seen) {
    JsonMember *members = json_keys_room(&arena, 20);

    for (uint32_t number = 0; number < 20; number++)
        put(members, number);
    cr_assert_eq(json_keys_find(members, 19, key_of(18)), 18);
    cr_assert_eq(json_keys_find(members, 19, key_of(19)), -1);
}

Test(json_keys, the_bytes_are_told_before_they_are_taken) {
    size_t before = arena.used_bytes;

    json_keys_room(&arena, 1000);
    cr_assert_eq(arena.used_bytes - before, json_keys_bytes(1000));
}
