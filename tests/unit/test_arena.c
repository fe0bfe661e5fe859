#include <criterion/criterion.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>

#include "common/base/arena.h"
#include "common/base/rand.h"

Test(arena, an_arena_never_used_costs_nothing) {
    Arena arena;

    arena_init(&arena, 0);
    cr_assert_null(arena.block);
    arena_done(&arena);
}

Test(arena, everything_is_aligned_for_every_type) {
    Arena arena = {0};

    for (size_t bytes = 0; bytes < 200; bytes++)
        cr_assert_eq((uintptr_t)arena_alloc(&arena, bytes) % _Alignof(max_align_t), 0);
    arena_done(&arena);
}

Test(arena, no_two_allocations_overlap) {
    Arena arena = {0};
    char *parts[500];
    size_t lengths[500];
    Rand dice;

    rand_seed(&dice, 1);
    for (int i = 0; i < 500; i++) {
        lengths[i] = rand_below(&dice, i % 50 == 0 ? 100000 : 300);
        parts[i] = arena_alloc(&arena, lengths[i]);
        memset(parts[i], i & 0xff, lengths[i]);
    }
    for (int i = 0; i < 500; i++)
        for (size_t j = 0; j < lengths[i]; j++)
            cr_assert_eq((unsigned char)parts[i][j], i & 0xff);
    arena_done(&arena);
}

Test(arena, zeroed_memory_is_zero_also_after_a_reset) {
    static const char zeros[300];
    Arena arena = {0};

    memset(arena_alloc(&arena, 300), 0xff, 300);
    arena_reset(&arena);
    cr_assert_arr_eq((char *)arena_zero(&arena, 300), zeros, 300);
    arena_done(&arena);
}

Test(arena, a_reset_keeps_one_block_for_the_next_turn) {
    Arena arena = {0};
    void *first = arena_alloc(&arena, 100);

    arena_reset(&arena);
    cr_assert_eq(arena.used_bytes, 0);
    cr_assert_eq(arena_alloc(&arena, 100), first);
    arena_done(&arena);
}

Test(arena, a_huge_block_is_given_back_at_the_reset) {
    Arena arena = {0};

    arena_alloc(&arena, 8u << 20);
    arena_reset(&arena);
    cr_assert_null(arena.spare);
    arena_done(&arena);
}

Test(arena, a_spare_block_that_is_too_small_waits_for_its_turn) {
    Arena arena = {0};

    arena_alloc(&arena, 10);
    arena_reset(&arena);
    arena_alloc(&arena, 100000);
    cr_assert_not_null(arena.spare);
    arena_done(&arena);
}

Test(arena, the_budget_is_met_exactly) {
    Arena arena;

    arena_init(&arena, 160);
    cr_assert(arena_room(&arena, 160));
    cr_assert_not(arena_room(&arena, 161));
    arena_alloc(&arena, 32);
    cr_assert(arena_room(&arena, 128));
    cr_assert_not(arena_room(&arena, 129));
    cr_assert_not(arena_room(&arena, SIZE_MAX));
    arena_done(&arena);
}

Test(arena, going_over_the_budget_works_and_then_nothing_more_fits) {
    Arena arena;

    arena_init(&arena, 16);
    cr_assert_not_null(arena_alloc(&arena, 1000));
    cr_assert_not(arena_room(&arena, 0));
    arena_done(&arena);
    cr_assert(arena_room(&arena, 16), "the budget survives arena_done");
}

Test(arena, without_a_budget_everything_fits) {
    Arena arena = {0};

    cr_assert(arena_room(&arena, SIZE_MAX));
}

Test(arena, the_newest_allocation_grows_in_place) {
    Arena arena = {0};
    char *text = arena_copy(&arena, "abc", 4);
    char *grown = arena_grow(&arena, text, 4, 200);

    cr_assert_eq(grown, text);
    cr_assert_str_eq(grown, "abc");
    cr_assert_geq((char *)arena_alloc(&arena, 1), grown + 200);
    arena_done(&arena);
}

Test(arena, an_older_allocation_grows_by_moving) {
    Arena arena = {0};
    char *text = arena_copy(&arena, "abc", 4);
    char *grown;

    arena_alloc(&arena, 1);
    grown = arena_grow(&arena, text, 4, 200);
    cr_assert_neq(grown, text);
    cr_assert_str_eq(grown, "abc");
    arena_done(&arena);
}

Test(arena, growing_within_the_rounding_stays_where_it_is) {
    Arena arena = {0};
    char *text = arena_alloc(&arena, 1);

    arena_alloc(&arena, 1);
    cr_assert_eq(arena_grow(&arena, text, 1, 16), text);
    arena_done(&arena);
}

Test(arena, growing_nothing_is_an_allocation) {
    Arena arena = {0};

    cr_assert_not_null(arena_grow(&arena, NULL, 0, 10));
    arena_done(&arena);
}

Test(arena, a_copy_of_nothing_may_come_from_nowhere) {
    Arena arena = {0};

    cr_assert_not_null(arena_copy(&arena, NULL, 0));
    arena_done(&arena);
}

Test(arena, printing_makes_text_of_any_length) {
    Arena arena = {0};

    cr_assert_str_eq(arena_printf(&arena, "%s-%d", "step", 7), "step-7");
    cr_assert_eq(strlen(arena_printf(&arena, "%*d", 10000, 1)), 10000);
    arena_done(&arena);
}

Test(arena, a_size_that_cannot_be_ends_the_process, .signal = SIGABRT) {
    Arena arena = {0};

    arena_alloc(&arena, SIZE_MAX - 3);
}
