#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/json/json.h"

static Arena arena;
static JsonMistake mistake;

static void clear(void) {
    arena_done(&arena);
}

TestSuite(json_string, .fini = clear);

/* The string that stands between quotes in the text. */
static Str content(Str between) {
    _cleanup_(buf_done) Buf text = {0};
    Json value = {0};

    buf_add_char(&text, '"');
    buf_add_str(&text, between);
    buf_add_char(&text, '"');
    cr_assert_eq(
        json_parse(&arena, str_copy(&arena, buf_str(&text)), JSON_LIMITS_DEFAULT, &value, &mistake),
        0, "%s: %s", text.data, mistake.message);
    return json_str(&value);
}

static void refused(Str text, size_t offset, const char *message) {
    Json value;

    cr_expect_eq(json_parse(&arena, text, JSON_LIMITS_DEFAULT, &value, &mistake), JSON_E_SYNTAX);
    cr_expect_eq(mistake.offset, offset, "%s: at %zu", text.data, mistake.offset);
    cr_expect(strstr(mistake.message, message), "%s: %s", text.data, mistake.message);
}

Test(json_string, the_short_escapes) {
    cr_assert(str_is(content(STR("\\\"\\\\\\/\\b\\f\\n\\r\\t")), "\"\\/\b\f\n\r\t"));
    cr_assert(str_is(content(STR("a\\tb")), "a\tb"));
}

Test(json_string, the_numbered_escapes_of_every_length_of_utf8) {
    cr_expect(str_is(content(STR("\\u0041\\u007f")), "A\x7f"));
    cr_expect(str_is(content(STR("\\u0080\\u07fF")), "\xc2\x80\xdf\xbf"));
    cr_expect(str_is(content(STR("\\u0800\\uFFFF")), "\xe0\xa0\x80\xef\xbf\xbf"));
    cr_expect(
        str_is(content(STR("\\uD800\\uDC00\\udbff\\udfff")), "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"));
}

Test(json_string, a_nul_is_a_byte_like_others) {
    cr_assert(str_equal(content(STR("a\\u0000b")), STR("a\0b")));
}

Test(json_string, half_a_pair_becomes_the_replacement_character) {
    cr_expect(str_is(content(STR("\\ud800")), "\xef\xbf\xbd"));
    cr_expect(str_is(content(STR("\\udc00x")), "\xef\xbf\xbdx"));
    cr_expect(str_is(content(STR("\\ud800\\u0041")), "\xef\xbf\xbd"
                                                     "A"));
    cr_expect(str_is(content(STR("\\ud800\\ud800\\udc00")), "\xef\xbf\xbd\xf0\x90\x80\x80"));
    cr_expect(str_is(content(STR("\\ud800\\n")), "\xef\xbf\xbd\n"));
    cr_expect(str_is(content(STR("\\ud800u0041")), "\xef\xbf\xbdu0041"));
}

Test(json_string, utf8_is_taken_as_it_is) {
    cr_assert(str_is(content(STR("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80 \x7f")),
                     "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80 \x7f"));
}

Test(json_string, keys_are_strings_too) {
    Json value;

    cr_assert_eq(json_parse(&arena, STR("{\"a\\u0062\":1}"), JSON_LIMITS_DEFAULT, &value, NULL), 0);
    cr_assert_not_null(json_member(&value, STR("ab")));
}

Test(json_string, broken_strings_are_refused_at_the_place) {
    refused(STR("\"abc"), 4, "ends too early");
    refused(STR("\"abc\\"), 5, "ends too early");
    refused(STR("\"abc\\\""), 6, "ends too early");
    refused(STR("\"a\\x41\""), 2, "no such escape");
    refused(STR("\"a\\'\""), 2, "no such escape");
    refused(STR("\"a\\u12\""), 2, "four hexadecimal digits");
    refused(STR("\"a\\u12g4\""), 2, "four hexadecimal digits");
    refused(STR("\"a\\U0041\""), 2, "no such escape");
    refused(STR("\"a\nb\""), 2, "control character");
    refused(STR("\"a\0b\""), 2, "control character");
    refused(STR("\"a\x1f\""), 2, "control character");
    refused(STR("{\"a\tb\":1}"), 3, "control character");
}

Test(json_string, what_is_not_utf8_is_refused) {
    refused(STR("\"a\x80\""), 2, "not UTF-8");
    refused(STR("\"\xc3\xa9\xc3\""), 3, "not UTF-8");
    refused(STR("\"\xc0\xaf\""), 1, "not UTF-8");
    refused(STR("\"\xed\xa0\x80\""), 1, "not UTF-8");
    refused(STR("\"\xf4\x90\x80\x80\""), 1, "not UTF-8");
    refused(STR("\"\xff\""), 1, "not UTF-8");
    refused(STR("\"\xe2\x82"), 1, "not UTF-8");
    refused(STR("[\xff]"), 1, "a value is expected");
}

/* A special byte is found at every place of the eight that are looked at together. */
Test(json_string, no_place_is_overlooked) {
    static const struct {
        const char *in, *out;
    } specials[] = {
        {"\\n",      "\n"      },
        {"\xc3\xa9", "\xc3\xa9"},
        {"\\u00e9",  "\xc3\xa9"}
    };

    for (size_t special = 0; special < ARRAY_SIZE(specials); special++)
        for (int before = 0; before < 20; before++)
            for (int after = 0; after < 20; after++) {
                char in[64], out[64];

                snprintf(in, sizeof in, "%.*s%s%.*s", before, "abcdefghijklmnopqrst",
                         specials[special].in, after, "ABCDEFGHIJKLMNOPQRST");
                snprintf(out, sizeof out, "%.*s%s%.*s", before, "abcdefghijklmnopqrst",
                         specials[special].out, after, "ABCDEFGHIJKLMNOPQRST");
                cr_assert(str_is(content(str_of(in)), out), "%s", in);
            }
}

Test(json_string, every_control_character_is_found_at_every_place) {
    for (size_t at = 1; at < 30; at++)
        for (char c = 0; c < 0x20; c++) {
            char text[] = "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"";

            text[at] = c;
            refused(str_from(text, sizeof text - 1), at, "control character");
        }
}
