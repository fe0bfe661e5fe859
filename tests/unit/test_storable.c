#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json/storable.h"

static Arena arena;
static JsonMistake mistake;

static void clear(void) {
    arena_done(&arena);
}

TestSuite(storable, .fini = clear);

static void accepted(const char *text) {
    Json value;

    cr_expect_eq(json_storable(str_of(text), &mistake), 0, "%s: %s", text, mistake.message);
    cr_assert_eq(json_parse(&arena, str_of(text), JSON_LIMITS_DEFAULT, &value, NULL), 0, "%s",
                 text);
    cr_expect_eq(json_value_storable(&value, &mistake), 0, "%s: %s", text, mistake.message);
}

static void refused(const char *text, int refusal, size_t offset) {
    cr_expect_eq(json_storable(str_of(text), &mistake), refusal, "%s", text);
    cr_expect_eq(mistake.offset, offset, "%s: at %zu", text, mistake.offset);
    cr_expect_not_null(mistake.message);
    cr_expect_eq(json_storable(str_of(text), NULL), refusal);
}

/* What can be said of the tree as well. */
static void refused_as_value(const char *text, int refusal) {
    Json value;

    cr_assert_eq(json_parse(&arena, str_of(text), JSON_LIMITS_DEFAULT, &value, NULL), 0, "%s",
                 text);
    cr_expect_eq(json_value_storable(&value, &mistake), refusal, "%s", text);
    cr_expect_eq(json_value_storable(&value, NULL), refusal);
}

Test(storable, ordinary_documents_are) {
    accepted("null");
    accepted("{\"a\":[1,2.5,-3e10,true,\"text\",{\"b\":null}],\"\":\"\"}");
    accepted("\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80 \\u00e9 \\\\u0000 \\\"\"");
    accepted(" [ ] ");
}

Test(storable, a_nul_is_refused_in_values_and_keys) {
    refused("\"\\u0000\"", JSON_E_NUL, 1);
    refused("{\"a\":\"x\\u0000y\"}", JSON_E_NUL, 7);
    refused("{\"a\\u0000\":1}", JSON_E_NUL, 3);
    refused("[\"\\\\\\u0000\"]", JSON_E_NUL, 4);
    refused_as_value("{\"a\":\"x\\u0000y\"}", JSON_E_NUL);
    refused_as_value("{\"a\\u0000\":1}", JSON_E_NUL);
}

Test(storable, an_escaped_backslash_before_u0000_is_no_nul) {
    accepted("\"\\\\u0000\"");
    accepted("\"\\\\\\\\u0000\"");
}

Test(storable, half_a_surrogate_pair_is_refused) {
    refused("\"\\ud800\"", JSON_E_SURROGATE, 1);
    refused("\"a\\uDC00\"", JSON_E_SURROGATE, 2);
    refused("\"\\ud800\\u0041\"", JSON_E_SURROGATE, 1);
    refused("\"\\ud800\\ud800\\udc00\"", JSON_E_SURROGATE, 1);
    refused("\"\\udc00\\ud800\"", JSON_E_SURROGATE, 1);
    refused("\"\\ud800\\udbff\"", JSON_E_SURROGATE, 1);
    refused("\"\\ud800\\ue000\"", JSON_E_SURROGATE, 1);
    refused("\"\\ud800\\n\"", JSON_E_SURROGATE, 1);
    refused("\"\\ud800udc00\"", JSON_E_SURROGATE, 1);
    refused("\"\\ud800\\u0000\"", JSON_E_SURROGATE, 1);
}

Test(storable, whole_pairs_are_fine) {
    accepted("\"\\ud800\\udc00\\udbff\\uDFFF\"");
    accepted("\"\\ud7ff\\ue000\"");
}

Test(storable, the_exponent_is_allowed_up_to_308) {
    accepted("1e308");
    accepted("1E+308");
    accepted("9.9e308");
    accepted("1e-308");
    accepted("0e308");
    accepted("[100e306]");
    accepted("0.001e308");
    refused("1e309", JSON_E_NUMBER, 0);
    refused("[1,-1e309]", JSON_E_NUMBER, 3);
    refused("1e-309", JSON_E_NUMBER, 0);
    refused("10e308", JSON_E_NUMBER, 0);
    refused("[0.1e-308]", JSON_E_NUMBER, 1);
    refused("0e309", JSON_E_NUMBER, 0);
    refused("1e99999999999999999999999999", JSON_E_NUMBER, 0);
    refused("1e-99999999999999999999999999", JSON_E_NUMBER, 0);
    refused_as_value("[1e309]", JSON_E_NUMBER);
}

/* A whole number or a fraction of so many digits. */
static const char *digits(size_t count, bool is_fraction) {
    char *text = arena_alloc(&arena, count + 3);

    memset(text, '7', count + 2);
    text[count] = '\0';
    if (is_fraction) {
        text[count] = '7';
        text[1] = '.';
        text[count + 1] = '\0';
    }
    return text;
}

Test(storable, a_thousand_digits_are_allowed) {
    accepted(digits(1000, false));
    accepted(digits(1000, true));
    refused(digits(1001, false), JSON_E_NUMBER, 0);
    refused(digits(1001, true), JSON_E_NUMBER, 0);
    refused_as_value(digits(1001, true), JSON_E_NUMBER);
}

static const char *nested(size_t depth) {
    char *text = arena_zero(&arena, depth * 2 + 1);

    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    return text;
}

Test(storable, the_depth_is_allowed_up_to_64) {
    accepted(nested(64));
    refused(nested(65), JSON_E_DEEP, 64);
    refused_as_value(nested(65), JSON_E_DEEP);
    accepted("[[],[],{\"a\":[]}]");
}

Test(storable, brackets_in_strings_are_no_depth) {
    char text[103] = {0};

    memset(text, '[', 102);
    text[0] = '"';
    text[101] = '"';
    accepted(text);
}

Test(storable, computed_numbers_are_looked_at_as_they_are_written) {
    Json tiny = json_number(5e-324), large = json_number(1.7976931348623157e308);

    cr_expect_eq(json_value_storable(&tiny, &mistake), JSON_E_NUMBER);
    cr_expect_eq(json_value_storable(&large, &mistake), 0);
}

Test(storable, a_mistake_tells_line_and_column) {
    cr_assert_eq(json_storable(STR("{\n \"a\": 1,\n \"b\": 1e999\n}"), &mistake), JSON_E_NUMBER);
    cr_expect_eq(mistake.line, 3);
    cr_expect_eq(mistake.column, 7);
}

/* It may run before the parser: then the text can be anything. */
Test(storable, a_text_that_is_no_json_does_not_lead_it_astray) {
    static const char whole[] = "]{\"\\u00e9\\ud800\\udc00\\n\":-1.5e+3,[\"\\";

    for (size_t length = 0; length < sizeof whole; length++) {
        /* A copy of exactly this length lets the address sanitizer see any byte too far. */
        char *part = malloc(length ? length : 1);

        memcpy(part, whole, length);
        json_storable(str_from(part, length), &mistake);
        free(part);
    }
    cr_expect_eq(json_storable(STR_NONE, &mistake), 0);
}
