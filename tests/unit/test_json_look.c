#include <criterion/criterion.h>
#include <float.h>
#include <math.h>

#include "common/json/json.h"

static Arena arena;

static void clear(void) {
    arena_done(&arena);
}

TestSuite(json_look, .fini = clear);

static Json parsed(const char *text) {
    Json value = {0};
    JsonMistake mistake = {0};

    cr_assert_eq(json_parse(&arena, str_of(text), JSON_LIMITS_DEFAULT, &value, &mistake), 0,
                 "%s: %s", text, mistake.message);
    return value;
}

Test(json_look, members_are_found_by_their_whole_key) {
    Json object = parsed("{\"a\":1,\"ab\":2,\"\":3,\"b\\u0000\":4}");

    cr_expect_eq(json_member(&object, STR("a")), &object.members[0].value);
    cr_expect_eq(json_member(&object, STR("ab")), &object.members[1].value);
    cr_expect_eq(json_member(&object, STR_NONE), &object.members[2].value);
    cr_expect_eq(json_member(&object, STR("b\0")), &object.members[3].value);
    cr_expect_null(json_member(&object, STR("b")));
    cr_expect_null(json_member(&object, STR("bb")));
}

Test(json_look, what_is_not_there_is_null) {
    Json array = parsed("[1,2]"), object = parsed("{}"), number = parsed("1");

    cr_expect_null(json_member(NULL, STR("a")));
    cr_expect_null(json_member(&array, STR("a")));
    cr_expect_null(json_member(&object, STR("a")));
    cr_expect_null(json_member(&number, STR("a")));
    cr_expect_null(json_at(NULL, 0));
    cr_expect_null(json_at(&object, 0));
    cr_expect_null(json_at(&array, 2));
    cr_expect_null(json_at(&array, SIZE_MAX));
    cr_expect_eq(json_at(&array, 1), &array.items[1]);
}

Test(json_look, looks_can_be_chained_without_asking) {
    Json value = parsed("{\"a\":[{\"b\":\"found\"}]}");

    cr_expect(str_is(json_str(json_member(json_at(json_member(&value, STR("a")), 0), STR("b"))),
                     "found"));
    cr_expect_null(json_str(json_member(json_at(json_member(&value, STR("x")), 0), STR("b"))).data);
}

/* The examples of RFC 6901. */
Test(json_look, pointers_are_those_of_the_standard) {
    static const struct {
        const char *pointer;
        int64_t number;
    } cases[] = {
        {"/foo/1", 20},
        {"/",      0 },
        {"/a~1b",  1 },
        {"/c%d",   2 },
        {"/e^f",   3 },
        {"/g|h",   4 },
        {"/i\\j",  5 },
        {"/k\"l",  6 },
        {"/ ",     7 },
        {"/m~0n",  8 },
        {"/o~01p", 9 },
        {"/foo/0", 10}
    };
    Json value = parsed("{\"foo\":[10,20],\"\":0,\"a/b\":1,\"c%d\":2,\"e^f\":3,\"g|h\":4,"
                        "\"i\\\\j\":5,\"k\\\"l\":6,\" \":7,\"m~n\":8,\"o~1p\":9}");

    cr_expect_eq(json_pointer(&value, STR("")), &value);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        int64_t number = -1;

        cr_expect(json_to_int64(json_pointer(&value, str_of(cases[i].pointer)), &number), "%s",
                  cases[i].pointer);
        cr_expect_eq(number, cases[i].number, "%s", cases[i].pointer);
    }
}

Test(json_look, pointers_into_nowhere_are_null) {
    static const char *const pointers[] = {
        "foo",
        "/x",
        "/foo/2",
        "/foo/-",
        "/foo/-0",
        "/foo/00",
        "/foo/01",
        "/foo/1x",
        "/foo/",
        "/foo/+1",
        "/m~n",
        "/m~",
        "/foo/4294967296",
        "/foo/0/x",
        "/foo/0/0",
        "/foo/18446744073709551616",
    };
    Json value = parsed("{\"foo\":[10,20],\"m~n\":8,\"m~\":9}");

    for (size_t i = 0; i < ARRAY_SIZE(pointers); i++)
        cr_expect_null(json_pointer(&value, str_of(pointers[i])), "%s", pointers[i]);
    cr_expect_null(json_pointer(NULL, STR("/foo")));
}

Test(json_look, text_comes_from_strings_only) {
    Json string = parsed("\"abc\""), empty = parsed("\"\""), number = parsed("12");

    cr_expect(str_is(json_str(&string), "abc"));
    cr_expect_not_null(json_str(&empty).data, "an empty string is not nothing");
    cr_expect_null(json_str(&number).data);
    cr_expect_null(json_str(NULL).data);
}

Test(json_look, numbers_are_doubles_within_their_range) {
    Json number = parsed("-12.5"), huge = parsed("1e400"), string = parsed("\"1\"");
    Json computed = json_number(0.25);

    cr_expect_eq(json_real(&number), -12.5);
    cr_expect_eq(json_real(&huge), DBL_MAX);
    cr_expect_eq(json_real(&computed), 0.25);
    cr_expect_eq(json_real(&string), 0);
    cr_expect_eq(json_real(NULL), 0);
}

static bool whole(double real, int64_t wanted) {
    Json number = json_number(real);
    int64_t result;

    return json_to_int64(&number, &result) && result == wanted;
}

Test(json_look, computed_whole_numbers_are_whole) {
    cr_expect(whole(0, 0));
    cr_expect(whole(-0.0, 0));
    cr_expect(whole(-3, -3));
    cr_expect(whole(9007199254740992., 9007199254740992));
    cr_expect(whole(-0x1p63, INT64_MIN));
}

Test(json_look, what_is_no_whole_number_is_refused_and_changes_nothing) {
    Json others[] = {
        json_number(0.5),      json_number(0x1p63), json_number(-0x1.0000000000001p63),
        json_number(INFINITY), json_number(NAN),    parsed("1.5"),
        parsed("\"1\""),       parsed("null"),      parsed("[1]"),
    };
    int64_t number = 42;

    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        cr_expect_not(json_to_int64(&others[i], &number), "case %zu", i);
    cr_expect_not(json_to_int64(NULL, &number));
    cr_expect_eq(number, 42);
}

Test(json_look, types_have_the_names_of_jq) {
    static const struct {
        const char *text, *name;
    } cases[] = {
        {"null",  "null"   },
        {"true",  "boolean"},
        {"false", "boolean"},
        {"1",     "number" },
        {"\"\"",  "string" },
        {"[]",    "array"  },
        {"{}",    "object" }
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        Json value = parsed(cases[i].text);

        cr_expect_str_eq(json_type_name(&value), cases[i].name);
        cr_expect(json_is(&value, (JsonType)value.type));
    }
    cr_expect_not(json_is(NULL, JSON_NULL));
    cr_expect_str_eq(json_type_name(NULL), "null");
}
