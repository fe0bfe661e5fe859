#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/json/json.h"

static Arena arena;
static JsonMistake mistake;

static void clear(void) {
    arena_done(&arena);
}

TestSuite(json_parse, .fini = clear);

static const JsonLimits usual = {.bytes_max = 1u << 20, .depth_max = 128, .nodes_max = 100000};

static Json parsed(Str text) {
    Json value = {0};

    cr_assert_eq(json_parse(&arena, text, usual, &value, &mistake), 0, "%s", mistake.message);
    return value;
}

/* What a text looks like when it is written again. */
static const char *again(const char *text) {
    Json value = parsed(str_of(text));

    return json_text(&arena, &value).data;
}

static void refused(Str text, int refusal, size_t offset, const char *message) {
    static const Json before = {.type = JSON_TRUE, .count = 77};
    Json value = before;

    cr_expect_eq(json_parse(&arena, text, usual, &value, &mistake), refusal, "%s", text.data);
    cr_expect_eq(mistake.offset, offset, "%s: at %zu", text.data, mistake.offset);
    cr_expect(strstr(mistake.message, message), "%s: %s", text.data, mistake.message);
    cr_expect_arr_eq(&value, &before, sizeof value, "a refusal changes nothing");
    cr_expect_eq(json_parse(&arena, text, usual, &value, NULL), refusal);
}

Test(json_parse, every_type_is_read) {
    cr_expect_eq(parsed(STR("null")).type, JSON_NULL);
    cr_expect_eq(parsed(STR("false")).type, JSON_FALSE);
    cr_expect_eq(parsed(STR("true")).type, JSON_TRUE);
    cr_expect_eq(parsed(STR("-1.5e3")).type, JSON_NUMBER);
    cr_expect_eq(parsed(STR("\"\"")).type, JSON_STRING);
    cr_expect_eq(parsed(STR("[]")).type, JSON_ARRAY);
    cr_expect_eq(parsed(STR("{}")).type, JSON_OBJECT);
}

Test(json_parse, documents_keep_their_shape_and_order) {
    cr_expect_str_eq(again("[]"), "[]");
    cr_expect_str_eq(again("[[],{},[[]],{\"a\":{}}]"), "[[],{},[[]],{\"a\":{}}]");
    cr_expect_str_eq(again("{\"z\":1,\"a\":[1,2,{\"b\":null}],\"\":\"\"}"),
                     "{\"z\":1,\"a\":[1,2,{\"b\":null}],\"\":\"\"}");
}

Test(json_parse, white_space_is_allowed_between_tokens) {
    cr_expect_str_eq(again(" \t\r\n { \"a\" : [ 1 , 2 ] , \"b\" : { } } \n"),
                     "{\"a\":[1,2],\"b\":{}}");
    cr_expect_str_eq(again("[ ]"), "[]");
}

Test(json_parse, number_text_is_kept_exactly) {
    static const char *const numbers[] = {
        "0",
        "-0",
        "1.0",
        "1.10",
        "1e5",
        "1E+05",
        "9007199254740993",
        "123456789012345678901234567890",
        "0.1000000000000000055511151231257827",
        "-12.5e-0003",
        "1e999999",
    };

    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
        cr_expect_str_eq(again(numbers[i]), numbers[i]);
}

Test(json_parse, strings_without_escapes_and_numbers_point_into_the_text) {
    Str text = STR("[\"plain\",12]");
    Json value = parsed(text);

    cr_assert_eq(value.items[0].text, text.data + 2);
    cr_assert_eq(value.items[1].text, text.data + 9);
}

Test(json_parse, of_duplicate_keys_the_last_value_wins_at_the_first_place) {
    cr_expect_str_eq(again("{\"a\":1,\"b\":2,\"a\":3}"), "{\"a\":3,\"b\":2}");
    cr_expect_str_eq(again("{\"a\":1,\"a\":2,\"a\":[3]}"), "{\"a\":[3]}");
    cr_expect_str_eq(again("{\"\":1,\"b\":2,\"\":3}"), "{\"\":3,\"b\":2}");
    cr_expect_str_eq(again("{\"a\":1,\"\\u0061\":2}"), "{\"a\":2}");
}

Test(json_parse, keys_of_equal_length_and_ends_are_not_mixed_up) {
    cr_expect_str_eq(again("{\"abcd\":1,\"axxd\":2,\"abxd\":3,\"axxd\":4}"),
                     "{\"abcd\":1,\"axxd\":4,\"abxd\":3}");
}

/* An object of count members in which every key comes twice: k0…, and then k0… again. */
static Str doubled(Buf *buf, int count) {
    buf_add_char(buf, '{');
    for (int i = 0; i < 2 * count; i++)
        buf_printf(buf, "%s\"k%d\":%d", i ? "," : "", i % count, i);
    buf_add_char(buf, '}');
    return buf_str(buf);
}

Test(json_parse, duplicates_are_found_among_any_number_of_members) {
    static const int counts[] = {7, 8, 9, 16, 17, 31, 32, 33, 1000, 30000};

    for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
        _cleanup_(buf_done) Buf buf = {0};
        Json value = parsed(doubled(&buf, counts[i]));

        cr_assert_eq(value.count, counts[i]);
        for (int j = 0; j < counts[i]; j++) {
            char key[16];
            int64_t number;

            snprintf(key, sizeof key, "k%d", j);
            cr_assert(str_is(value.members[j].key, key));
            cr_assert(json_to_int64(&value.members[j].value, &number));
            cr_assert_eq(number, counts[i] + j);
        }
    }
}

Test(json_parse, what_is_no_json_is_refused_at_its_first_wrong_byte) {
    refused(STR(""), JSON_E_SYNTAX, 0, "ends too early");
    refused(STR_NONE, JSON_E_SYNTAX, 0, "ends too early");
    refused(STR("  "), JSON_E_SYNTAX, 2, "ends too early");
    refused(STR("[1,]"), JSON_E_SYNTAX, 3, "a value is expected");
    refused(STR("[,1]"), JSON_E_SYNTAX, 1, "a value is expected");
    refused(STR("[1 2]"), JSON_E_SYNTAX, 3, "a comma or ]");
    refused(STR("[1}"), JSON_E_SYNTAX, 2, "a comma or ]");
    refused(STR("[1"), JSON_E_SYNTAX, 2, "ends too early");
    refused(STR("["), JSON_E_SYNTAX, 1, "ends too early");
    refused(STR("{"), JSON_E_SYNTAX, 1, "ends too early");
    refused(STR("{\"a\":1"), JSON_E_SYNTAX, 6, "ends too early");
    refused(STR("{\"a\":1]"), JSON_E_SYNTAX, 6, "a comma or }");
    refused(STR("{\"a\":1,}"), JSON_E_SYNTAX, 7, "a member name");
    refused(STR("{a:1}"), JSON_E_SYNTAX, 1, "a member name");
    refused(STR("{\"a\" 1}"), JSON_E_SYNTAX, 5, "a colon");
    refused(STR("{\"a\":}"), JSON_E_SYNTAX, 5, "a value is expected");
    refused(STR("1 2"), JSON_E_SYNTAX, 2, "more text behind");
    refused(STR("]"), JSON_E_SYNTAX, 0, "a value is expected");
    refused(STR("\xef\xbb\xbf{}"), JSON_E_SYNTAX, 0, "byte order mark");
    refused(STR("[1]\0"), JSON_E_SYNTAX, 3, "more text behind");
    refused(STR("\0"), JSON_E_SYNTAX, 0, "a value is expected");
}

Test(json_parse, words_are_spelled_exactly) {
    refused(STR("tru"), JSON_E_SYNTAX, 0, "a value is expected");
    refused(STR("True"), JSON_E_SYNTAX, 0, "a value is expected");
    refused(STR("nul"), JSON_E_SYNTAX, 0, "a value is expected");
    refused(STR("nulls"), JSON_E_SYNTAX, 4, "more text behind");
    refused(STR("NaN"), JSON_E_SYNTAX, 0, "a value is expected");
    refused(STR("-Infinity"), JSON_E_SYNTAX, 1, "a digit");
}

Test(json_parse, numbers_are_written_as_the_standard_says) {
    refused(STR("01"), JSON_E_SYNTAX, 1, "begin with 0");
    refused(STR("-01"), JSON_E_SYNTAX, 2, "begin with 0");
    refused(STR("+1"), JSON_E_SYNTAX, 0, "a value is expected");
    refused(STR(".5"), JSON_E_SYNTAX, 0, "a value is expected");
    refused(STR("-"), JSON_E_SYNTAX, 1, "ends too early");
    refused(STR("-x"), JSON_E_SYNTAX, 1, "behind the minus");
    refused(STR("1."), JSON_E_SYNTAX, 2, "ends too early");
    refused(STR("[1.]"), JSON_E_SYNTAX, 3, "behind the decimal point");
    refused(STR("[1e]"), JSON_E_SYNTAX, 3, "in the exponent");
    refused(STR("[1e+]"), JSON_E_SYNTAX, 4, "in the exponent");
    refused(STR("0x10"), JSON_E_SYNTAX, 1, "more text behind");
}

Test(json_parse, a_mistake_tells_line_and_column) {
    Json value;

    cr_assert_eq(json_parse(&arena, STR("{\n  \"a\": 1,\n  b: 2\n}"), usual, &value, &mistake),
                 JSON_E_SYNTAX);
    cr_expect_eq(mistake.offset, 14);
    cr_expect_eq(mistake.line, 3);
    cr_expect_eq(mistake.column, 3);
}

/* depth arrays around nothing. */
static Str nested(Buf *buf, uint32_t depth) {
    buf_clear(buf);
    memset(buf_reserve(buf, depth * 2), '[', depth);
    memset(buf->data + depth, ']', depth);
    buf->length = depth * 2;
    return buf_str(buf);
}

Test(json_parse, the_depth_is_allowed_up_to_its_limit) {
    _cleanup_(buf_done) Buf buf = {0};
    JsonLimits limits = usual;
    Json value;

    for (limits.depth_max = 0; limits.depth_max < 20; limits.depth_max++) {
        cr_expect_eq(
            json_parse(&arena, nested(&buf, limits.depth_max + 1), limits, &value, &mistake),
            JSON_E_DEPTH);
        cr_expect_eq(mistake.offset, limits.depth_max);
        if (limits.depth_max > 0)
            cr_expect_eq(json_parse(&arena, nested(&buf, limits.depth_max), limits, &value, NULL),
                         0);
    }
    limits.depth_max = 0;
    cr_expect_eq(json_parse(&arena, STR("7"), limits, &value, NULL), 0, "a scalar has depth 0");
    cr_expect_eq(json_parse(&arena, STR("{}"), limits, &value, NULL), JSON_E_DEPTH);
}

Test(json_parse, great_depth_needs_no_stack) {
    _cleanup_(buf_done) Buf buf = {0};
    JsonLimits limits = {.bytes_max = 1u << 24, .depth_max = 1000000, .nodes_max = 2000000};
    Json value, copy;
    Str text;

    cr_assert_eq(json_parse(&arena, nested(&buf, 1000000), limits, &value, NULL), 0);
    copy = json_copy(&arena, &value);
    cr_assert(json_equal(&copy, &value));
    text = json_text(&arena, &copy);
    cr_assert(str_equal(text, buf_str(&buf)));
}

Test(json_parse, siblings_do_not_add_up_to_depth) {
    JsonLimits limits = usual;
    Json value;

    limits.depth_max = 2;
    cr_assert_eq(json_parse(&arena, STR("[[],{},[],{\"a\":1}]"), limits, &value, NULL), 0);
}

Test(json_parse, values_are_counted_up_to_the_limit) {
    JsonLimits limits = usual;
    Json value;

    limits.nodes_max = 5;
    cr_expect_eq(json_parse(&arena, STR("[1,{\"a\":2,\"b\":3}]"), limits, &value, NULL), 0);
    limits.nodes_max = 4;
    cr_expect_eq(json_parse(&arena, STR("[1,{\"a\":2,\"b\":3}]"), limits, &value, &mistake),
                 JSON_E_NODES);
    cr_expect_eq(mistake.offset, 14);
}

Test(json_parse, bytes_are_allowed_up_to_the_limit) {
    JsonLimits limits = usual;
    Json value;

    limits.bytes_max = 5;
    cr_expect_eq(json_parse(&arena, STR("12345"), limits, &value, NULL), 0);
    cr_expect_eq(json_parse(&arena, STR("12345 "), limits, &value, &mistake), JSON_E_BYTES);
}

Test(json_parse, the_budget_of_the_arena_is_kept) {
    _cleanup_(arena_done) Arena small;
    Json value;

    arena_init(&small, 64);
    cr_expect_eq(json_parse(&small, STR("[1,2,3,4]"), usual, &value, NULL), 0, "64 bytes");
    cr_expect_eq(json_parse(&small, STR("[1]"), usual, &value, &mistake), JSON_E_BYTES);
    cr_expect_eq(json_parse(&small, STR("{\"a\":1}"), usual, &value, &mistake), JSON_E_BYTES);
    cr_expect_eq(json_parse(&small, STR("\"\\n\""), usual, &value, &mistake), JSON_E_BYTES);
    cr_expect_eq(json_parse(&small, STR("[]"), usual, &value, NULL), 0, "nothing is needed");
    cr_expect(small.used_bytes <= 64);
}

Test(json_parse, a_large_object_keeps_within_the_budget, .timeout = 20) {
    _cleanup_(buf_done) Buf buf = {0};
    _cleanup_(arena_done) Arena small;
    Json value;

    arena_init(&small, 1000);
    cr_expect_eq(json_parse(&small, doubled(&buf, 17), usual, &value, &mistake), JSON_E_BYTES);
    cr_expect_eq(small.used_bytes, 0);
}

Test(json_parse, a_text_cut_anywhere_is_refused) {
    static const char whole[] =
        "{\"a\":[1.5e3,-0.25,true,false,null,\"\\u00e9\\n\xc3\xa9\"],\"b\":{}}";
    Json value;

    for (size_t length = 0; length < sizeof whole - 1; length++) {
        /* A copy of exactly this length lets the address sanitizer see any byte too far. */
        char *part = malloc(length ? length : 1);

        memcpy(part, whole, length);
        cr_expect_eq(json_parse(&arena, str_from(part, length), usual, &value, &mistake),
                     JSON_E_SYNTAX, "%zu bytes", length);
        cr_expect_leq(mistake.offset, length);
        free(part);
    }
    cr_expect_eq(json_parse(&arena, str_of(whole), usual, &value, NULL), 0);
}
