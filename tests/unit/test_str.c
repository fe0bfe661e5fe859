#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/rand.h"
#include "common/base/str.h"

static int sign(int order) {
    return (order > 0) - (order < 0);
}

Test(str, text_is_made_of_a_c_string_or_of_nothing) {
    cr_assert(str_is(str_of("abc"), "abc"));
    cr_assert_null(str_of(NULL).data);
    cr_assert_eq(str_of(NULL).length, 0);
}

Test(str, equality_looks_at_every_byte) {
    cr_assert(str_equal(STR("a\0b"), STR("a\0b")));
    cr_assert_not(str_equal(STR("a\0b"), STR("a\0c")));
    cr_assert_not(str_equal(STR("a"), STR("ab")));
    cr_assert(str_equal(STR_NONE, STR("")));
    cr_assert(str_is(STR_NONE, ""));
}

Test(str, order_is_by_bytes_and_then_by_length) {
    cr_assert_eq(sign(str_compare(STR("a"), STR("b"))), -1);
    cr_assert_eq(sign(str_compare(STR("ab"), STR("a"))), 1);
    cr_assert_eq(sign(str_compare(STR("\xc3\xa9"), STR("z"))), 1, "bytes are unsigned");
    cr_assert_eq(str_compare(STR_NONE, STR_NONE), 0);
    cr_assert_eq(sign(str_compare(STR_NONE, STR("a"))), -1);
}

Test(str, case_is_ignored_for_ascii_letters_only) {
    cr_assert(str_equal_nocase(STR("Content-TYPE"), STR("content-type")));
    cr_assert_not(str_equal_nocase(STR("a"), STR("ab")));
    cr_assert_not(str_equal_nocase(STR("@"), STR("`")));
    cr_assert_not(str_equal_nocase(STR("["), STR("{")));
    cr_assert_not(str_equal_nocase(STR("\xc3\x89"), STR("\xc3\xa9")));
}

Test(str, starts_and_ends) {
    cr_assert(str_starts(STR("abc"), STR("ab")));
    cr_assert(str_starts(STR("abc"), STR("")));
    cr_assert_not(str_starts(STR("ab"), STR("abc")));
    cr_assert(str_ends(STR("abc"), STR("bc")));
    cr_assert_not(str_ends(STR("abc"), STR("b")));
    cr_assert_not(str_ends(STR("c"), STR("bc")));
}

Test(str, finding_gives_the_first_place_or_minus_one) {
    cr_assert_eq(str_find(STR("abcabc"), STR("bc")), 1);
    cr_assert_eq(str_find(STR("abc"), STR("")), 0);
    cr_assert_eq(str_find(STR_NONE, STR("")), 0);
    cr_assert_eq(str_find(STR("abc"), STR("abcd")), -1);
    cr_assert_eq(str_find(STR("abc"), STR("x")), -1);
    cr_assert_eq(str_find_char(STR("a.b.c"), '.'), 1);
    cr_assert_eq(str_find_char(STR_NONE, '.'), -1);
}

Test(str, slices_are_clamped) {
    cr_assert(str_is(str_slice(STR("abcdef"), 2, 3), "cde"));
    cr_assert(str_is(str_slice(STR("abcdef"), 4, 100), "ef"));
    cr_assert(str_is(str_slice(STR("abc"), 100, 1), ""));
    cr_assert(str_is(str_slice(STR("abc"), 1, SIZE_MAX), "bc"));
    cr_assert_null(str_slice(STR_NONE, 1, 1).data);
}

Test(str, trimming_takes_white_space_off_both_sides) {
    cr_assert(str_is(str_trim(STR(" \t\n a b \r\v\f")), "a b"));
    cr_assert(str_is(str_trim(STR("   ")), ""));
    cr_assert(str_is(str_trim(STR_NONE), ""));
}

Test(str, splitting_walks_all_parts_empty_ones_too) {
    static const char *const wanted[] = {"a", "", "b", ""};
    Str rest = STR("a,,b,");
    size_t count = 0;

    while (rest.data) {
        Str part = str_split(&rest, ',');

        cr_assert_lt(count, 4);
        cr_assert(str_is(part, wanted[count]));
        count++;
    }
    cr_assert_eq(count, 4);
}

Test(str, splitting_text_without_separator_gives_it_whole) {
    Str rest = STR("abc");

    cr_assert(str_is(str_split(&rest, ','), "abc"));
    cr_assert_null(rest.data);
}

Test(str, whole_numbers_are_read_to_the_last_one) {
    int64_t number = 0;

    cr_assert(str_to_int64(STR("9223372036854775807"), INT64_MIN, INT64_MAX, &number));
    cr_assert_eq(number, INT64_MAX);
    cr_assert(str_to_int64(STR("-9223372036854775808"), INT64_MIN, INT64_MAX, &number));
    cr_assert_eq(number, INT64_MIN);
    cr_assert(str_to_int64(STR("007"), 0, 10, &number));
    cr_assert_eq(number, 7);
}

Test(str, what_is_no_whole_number_in_range_is_refused_and_changes_nothing) {
    static const char *const wrong[] = {
        "",
        "-",
        "+1",
        " 1",
        "1 ",
        "1.0",
        "1e3",
        "0x1",
        "9223372036854775808",
        "-9223372036854775809",
        "99999999999999999999999",
        "11",
        "-1",
        "--1",
    };
    int64_t number = 42;

    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        cr_expect_not(str_to_int64(str_of(wrong[i]), 0, 10, &number), "\"%s\"", wrong[i]);
        cr_expect_eq(number, 42);
    }
    cr_assert_not(str_to_int64(STR("9223372036854775808"), INT64_MIN, INT64_MAX, &number));
}

Test(str, the_limits_belong_to_the_range) {
    int64_t number;

    cr_assert(str_to_int64(STR("5"), 5, 5, &number));
    cr_assert_not(str_to_int64(STR("4"), 5, 5, &number));
    cr_assert_not(str_to_int64(STR("6"), 5, 5, &number));
}

Test(str, copies_have_a_nul_behind_them) {
    Arena arena = {0};
    char *copy = str_dup(str_slice(STR("abcdef"), 0, 3));

    cr_assert_str_eq(copy, "abc");
    cr_assert_str_eq(str_c(&arena, str_slice(STR("abcdef"), 3, 2)), "de");
    cr_assert(str_is(str_copy(&arena, STR_NONE), ""));
    cr_assert(str_is(str_printf(&arena, "%s/%d", "a", 1), "a/1"));
    alloc_free(copy);
    arena_done(&arena);
}

Test(str, hashes_depend_on_every_byte_and_on_the_seed) {
    cr_assert_eq(str_hash(STR("abc"), 1), str_hash(STR("abc"), 1));
    cr_assert_neq(str_hash(STR("abc"), 1), str_hash(STR("abc"), 2));
    cr_assert_neq(str_hash(STR("abc"), 1), str_hash(STR("abd"), 1));
    cr_assert_neq(str_hash(STR("a"), 1), str_hash(STR("a\0"), 1));
}

Test(str, strict_utf8_is_accepted) {
    static const char *const right[] = {
        "",
        "ascii",
        "\xc2\x80",
        "\xdf\xbf",
        "\xe0\xa0\x80",
        "\xed\x9f\xbf",
        "\xee\x80\x80",
        "\xef\xbf\xbf",
        "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf",
        "gr\xc3\xbc\xc3\x9f",
    };

    for (size_t i = 0; i < ARRAY_SIZE(right); i++)
        cr_expect(str_is_utf8(str_of(right[i])), "case %zu", i);
    cr_expect(str_is_utf8(STR("a\0b")));
    cr_expect(str_is_utf8(STR_NONE));
}

Test(str, everything_else_is_not_utf8) {
    static const char *const wrong[] = {
        "\x80",             /* a continuation alone */
        "\xc3",             /* cut */
        "\xe2\x82",         /* cut */
        "\xf0\x9f\x98",     /* cut */
        "\xc0\xaf",         /* overlong, two bytes */
        "\xc1\xbf",         /* overlong */
        "\xe0\x9f\xbf",     /* overlong, three bytes */
        "\xf0\x8f\xbf\xbf", /* overlong, four bytes */
        "\xed\xa0\x80",     /* a surrogate */
        "\xed\xbf\xbf",     /* a surrogate */
        "\xf4\x90\x80\x80", /* beyond U+10FFFF */
        "\xf5\x80\x80\x80",
        "\xff",
        "\xfe",
        "a\xc3(",
        "\xf8\x88\x80\x80\x80",
    };

    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
        cr_expect_not(str_is_utf8(str_of(wrong[i])), "case %zu", i);
}

/* The definition of UTF-8, the slow way: decode, and ask whether that point is written like this.
 */
static size_t sequence_by_definition(const unsigned char *s, size_t left) {
    static const uint32_t lowest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = s[0] < 0x80 ? 1 : s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    uint32_t point;

    if (length == 1)
        return 1;
    if (s[0] < 0xc0 || s[0] > 0xf7 || left < length)
        return 0;
    point = s[0] & (0xffu >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        point = point << 6 | (s[i] & 0x3f);
    }
    if (point < lowest[length] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
        return 0;
    return length;
}

/* All first and second bytes; the third and fourth are taken from the borders. */
static const unsigned char borders[] = {0x00, 0x7f, 0x80, 0xbf, 0xc0};

Test(str, sequences_are_those_of_the_definition) {
    for (uint32_t i = 0; i < 65536 * 25; i++) {
        const unsigned char bytes[4] = {(unsigned char)(i / 25 >> 8), (unsigned char)(i / 25),
                                        borders[i % 25 / 5], borders[i % 5]};

        for (size_t left = 1; left <= 4; left++)
            if (str_sequence((const char *)bytes, left) != sequence_by_definition(bytes, left))
                cr_assert_fail("%02x %02x %02x %02x of %zu", bytes[0], bytes[1], bytes[2], bytes[3],
                               left);
    }
}
