#include <criterion/criterion.h>
#include <string.h>

#include "common/plan/place.h"

Test(place, the_root_has_the_empty_pointer) {
    _cleanup_(arena_done) Arena arena = {0};
    Place root = place_root();

    cr_expect(str_is(place_pointer(&arena, &root), ""));
}

Test(place, a_pointer_names_keys_and_indexes_from_the_root) {
    _cleanup_(arena_done) Arena arena = {0};
    Place root = place_root();
    Place steps = place_key(&root, STR("steps"));
    Place third = place_index(&steps, 2);
    Place odd = place_key(&third, STR("a/b~c"));
    Place empty = place_key(&odd, STR_NONE);

    cr_expect(str_is(place_pointer(&arena, &third), "/steps/2"));
    cr_expect(str_is(place_pointer(&arena, &odd), "/steps/2/a~1b~0c"));
    cr_expect(str_is(place_pointer(&arena, &empty), "/steps/2/a~1b~0c/"), "an empty key is a key");
}

Test(place, what_is_shown_is_short_and_printable) {
    _cleanup_(arena_done) Arena arena = {0};
    const char *shown;

    cr_expect_str_eq(text_shown(&arena, STR("plain")), "plain");
    cr_expect_str_eq(text_shown(&arena, STR_NONE), "");
    cr_expect_str_eq(text_shown(&arena, STR("a\x1b[31m\n\x7f")), "a?[31m??");
    shown = text_shown(&arena, STR("0123456789012345678901234567890123456789"
                                   "0123456789012345678901234567890123456789"));
    cr_expect_eq(strlen(shown), 67);
    cr_expect_str_eq(shown + 64, "...");
}

Test(place, a_letter_is_never_cut_in_two) {
    _cleanup_(arena_done) Arena arena = {0};
    char text[] = "012345678901234567890123456789012345678901234567890123456789012\xc3\xa4xyz";

    cr_expect(str_is_utf8(str_of(text_shown(&arena, str_of(text)))));
}

Test(place, near_words_differ_in_at_most_two_letters_and_in_less_than_half) {
    cr_expect_eq(text_distance(STR("steps"), STR("steps")), 0);
    cr_expect_eq(text_distance(STR("step"), STR("steps")), 1);
    cr_expect_eq(text_distance(STR("setps"), STR("steps")), 2);
    cr_expect_eq(text_distance(STR("custmer"), STR("customer")), 1);
    cr_expect_eq(text_distance(STR("nextSteps"), STR("elseSteps")), NEAR_NEVER);
    cr_expect_eq(text_distance(STR("a"), STR("b")), NEAR_NEVER);
    cr_expect_eq(text_distance(STR("ab"), STR("ac")), NEAR_NEVER);
    cr_expect_eq(text_distance(STR(""), STR("")), NEAR_NEVER);
    cr_expect_eq(text_distance(STR("short"), STR("muchlonger")), NEAR_NEVER);
}

Test(place, very_long_words_are_never_near) {
    cr_expect_eq(text_distance(STR("0123456789012345678901234567890123456789"),
                               STR("0123456789012345678901234567890123456789")),
                 NEAR_NEVER);
}

Test(place, only_what_can_be_stored_stays) {
    _cleanup_(arena_done) Arena arena = {0};
    Str good = STR("a\xc3\xa4\n");

    cr_expect_eq(text_storable(&arena, good).data, good.data, "a good text is not even copied");
    cr_expect(
        str_equal(text_storable(&arena, str_from("a\0\xc3\xa4\xe2\x82", 6)), STR("a?\xc3\xa4??")));
    cr_expect_eq(text_storable(&arena, STR_NONE).length, 0);
}
