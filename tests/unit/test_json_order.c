#include <criterion/criterion.h>
#include <math.h>

#include "common/base/rand.h"
#include "common/json/json.h"

static Arena arena;

static void clear(void) {
    arena_done(&arena);
}

TestSuite(json_order, .fini = clear);

static Json parsed(const char *text) {
    Json value = {0};

    cr_assert_eq(json_parse(&arena, str_of(text), JSON_LIMITS_DEFAULT, &value, NULL), 0, "%s",
                 text);
    return value;
}

/* In the order in which `jq 'sort'` puts them. */
static const char *const ascending[] = {
    "null",
    "false",
    "true",
    "-1e400",
    "-2",
    "-1.5",
    "0",
    "0.1",
    "1",
    "10",
    "1e300",
    "\"\"",
    "\"A\"",
    "\"a\"",
    "\"a\\u0000\"",
    "\"ab\"",
    "\"b\"",
    "\"\xc3\xa9\"",
    "\"\xef\xbf\xbf\"",
    "\"\xf0\x90\x80\x80\"",
    "[]",
    "[null]",
    "[1]",
    "[1,2]",
    "[1,[2]]",
    "[2]",
    "[[]]",
    "[{}]",
    "{}",
    "{\"a\":1}",
    "{\"a\":2}",
    "{\"a\":[1,{}]}",
    "{\"b\":2,\"a\":1}",
    "{\"b\":1,\"a\":2}",
    "{\"a\":0,\"c\":0}",
    "{\"b\":0}",
};

Test(json_order, values_are_ordered_as_jq_orders_them) {
    for (size_t i = 0; i < ARRAY_SIZE(ascending); i++)
        for (size_t j = 0; j < ARRAY_SIZE(ascending); j++) {
            Json a = parsed(ascending[i]), b = parsed(ascending[j]);
            int wanted = (i > j) - (i < j);

            cr_expect_eq(json_compare(&a, &b), wanted, "%s and %s", ascending[i], ascending[j]);
            cr_expect_eq(json_equal(&a, &b), wanted == 0, "%s and %s", ascending[i], ascending[j]);
        }
}

Test(json_order, the_order_of_members_does_not_matter) {
    Json a = parsed("{\"a\":1,\"b\":[{\"x\":1,\"y\":2}]}");
    Json b = parsed("{\"b\":[{\"y\":2,\"x\":1}],\"a\":1}");

    cr_expect(json_equal(&a, &b));
    cr_expect_eq(json_compare(&a, &b), 0);
}

Test(json_order, numbers_are_equal_by_value_not_by_text) {
    Json a = parsed("[1,100,0,9007199254740993]"), b = parsed("[1.0,1e2,-0,9007199254740992]");

    cr_expect(json_equal(&a, &b));
}

Test(json_order, nan_is_less_than_everything_even_itself) {
    Json nan = json_number(NAN), low = json_number(-INFINITY);

    cr_expect_eq(json_compare(&nan, &low), -1);
    cr_expect_eq(json_compare(&low, &nan), 1);
    cr_expect_eq(json_compare(&nan, &nan), -1);
    cr_expect_not(json_equal(&nan, &nan));
}

Test(json_order, sorted_members_stand_in_codepoint_order_and_leave_the_object_alone) {
    Json object =
        parsed("{\"b\":1,\"\xf0\x90\x80\x80\":2,\"\":3,\"\xef\xbf\xbf\":4,\"B\":5,\"ba\":6}");
    static const char *const wanted[] = {"", "B", "b", "ba", "\xef\xbf\xbf", "\xf0\x90\x80\x80"};
    const JsonMember *members = json_sorted(&arena, &object);

    for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
        cr_expect(str_is(members[i].key, wanted[i]), "%zu", i);
    cr_expect_eq(json_real(&members[0].value), 3);
    cr_expect(str_is(object.members[0].key, "b"));
}

Test(json_order, many_members_are_sorted) {
    JsonObject object = {.arena = &arena};
    const JsonMember *members;
    Json value;
    Rand dice;

    rand_seed(&dice, 2);
    for (int i = 0; i < 5000; i++)
        json_add(&object, str_printf(&arena, "%llx", (unsigned long long)rand_next(&dice)),
                 json_null());
    value = json_object_done(&object);
    members = json_sorted(&arena, &value);
    for (uint32_t i = 1; i < value.count; i++)
        cr_assert_lt(str_compare(members[i - 1].key, members[i].key), 0);
}

Test(json_order, an_empty_object_is_sorted) {
    Json object = parsed("{}");

    cr_assert_not_null(json_sorted(&arena, &object));
}
