#include <criterion/criterion.h>
#include <string.h>

#include "common/base/rand.h"
#include "common/json/json.h"

static Arena arena;

static void clear(void) {
    arena_done(&arena);
}

TestSuite(json_write, .fini = clear);

static Json parsed(const char *text) {
    Json value = {0};
    JsonMistake mistake = {0};

    cr_assert_eq(json_parse(&arena, str_of(text), JSON_LIMITS_DEFAULT, &value, &mistake), 0,
                 "%s: %s", text, mistake.message);
    return value;
}

static const char *pretty(const char *text) {
    _cleanup_(buf_done) Buf buf = {0};
    Json value = parsed(text);

    json_write_pretty(&buf, &value);
    return str_copy(&arena, buf_str(&buf)).data;
}

static const char *string(Str text) {
    Json value = json_string(text);

    return json_text(&arena, &value).data;
}

Test(json_write, writing_adds_to_what_is_there) {
    _cleanup_(buf_done) Buf buf = {0};
    Json value = parsed("[1]");

    buf_add_text(&buf, "x=");
    json_write(&buf, &value);
    cr_assert_str_eq(buf.data, "x=[1]");
}

Test(json_write, the_pretty_form_is_that_of_jq) {
    cr_expect_str_eq(pretty("{\"a\":[1,{}],\"b\":[],\"c\":{\"d\":null}}"), "{\n"
                                                                           "  \"a\": [\n"
                                                                           "    1,\n"
                                                                           "    {}\n"
                                                                           "  ],\n"
                                                                           "  \"b\": [],\n"
                                                                           "  \"c\": {\n"
                                                                           "    \"d\": null\n"
                                                                           "  }\n"
                                                                           "}");
    cr_expect_str_eq(pretty("[]"), "[]");
    cr_expect_str_eq(pretty("7"), "7");
}

Test(json_write, escapes_are_those_of_jq) {
    cr_expect_str_eq(string(STR("\"\\/")), "\"\\\"\\\\/\"");
    cr_expect_str_eq(string(STR("\b\f\n\r\t")), "\"\\b\\f\\n\\r\\t\"");
    cr_expect_str_eq(string(STR("\0\x01\x1f\x7f")), "\"\\u0000\\u0001\\u001f\\u007f\"");
    cr_expect_str_eq(string(STR("\xe2\x80\xa8<>&'\xf0\x9f\x98\x80")),
                     "\"\xe2\x80\xa8<>&'\xf0\x9f\x98\x80\"");
    cr_expect_str_eq(string(STR_NONE), "\"\"");
}

Test(json_write, keys_are_escaped_too) {
    JsonObject object = {.arena = &arena};
    Json value;

    json_add(&object, STR("a\nb"), json_null());
    value = json_object_done(&object);
    cr_assert_str_eq(json_text(&arena, &value).data, "{\"a\\nb\":null}");
}

Test(json_write, an_escape_is_found_at_every_place) {
    for (size_t at = 0; at < 40; at++) {
        char text[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
        Json value, again;

        text[at] = "\"\\\n\x7f"[at % 4];
        value = json_string(str_of(text));
        again = parsed(json_text(&arena, &value).data);
        cr_assert(str_is(json_str(&again), text));
    }
}

/* Strings that were made, not parsed, may hold anything. */
Test(json_write, what_is_no_utf8_gets_out_as_the_replacement_character) {
    cr_expect_str_eq(string(STR("a\xff"
                                "b")),
                     "\"a\xef\xbf\xbd"
                     "b\"");
    cr_expect_str_eq(string(STR("\xc3")), "\"\xef\xbf\xbd\"");
    cr_expect_str_eq(string(STR("\xed\xa0\x80")), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

Test(json_write, any_bytes_make_a_document_that_parses) {
    Rand dice;

    rand_seed(&dice, 9);
    for (int i = 0; i < 5000; i++) {
        char bytes[40];
        size_t length = rand_below(&dice, sizeof bytes);
        Json value, again;

        for (size_t j = 0; j < length; j++)
            bytes[j] = (char)rand_next(&dice);
        value = json_string(str_from(bytes, length));
        again = parsed(json_text(&arena, &value).data);
        if (str_is_utf8(json_str(&value)))
            cr_assert(str_equal(json_str(&again), json_str(&value)));
        arena_reset(&arena);
    }
}

Test(json_write, carried_numbers_keep_their_text_and_computed_ones_get_one) {
    Json items[] = {parsed("1.50"), json_number(1.5), json_integer(&arena, INT64_MIN),
                    parsed("100000000000000000000000001")};
    Json value = json_array(items, 4);

    cr_assert_str_eq(json_text(&arena, &value).data,
                     "[1.50,1.5,-9223372036854775808,100000000000000000000000001]");
}

Test(json_write, text_in_the_arena_has_a_nul_behind_it_and_a_length) {
    Json value = parsed("{\"a\":true,\"b\":false}");
    Str text = json_text(&arena, &value);

    cr_assert_eq(text.length, strlen(text.data));
    cr_assert_str_eq(text.data, "{\"a\":true,\"b\":false}");
}
