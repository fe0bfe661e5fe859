/* A request's JSON, read by a table of its members. */

#include <criterion/criterion.h>

#include "trigger-gateway/api/body.h"
#include "trigger-gateway/api/route.h"

typedef struct Thing {
    const Json *name;
    const Json *count;
    const Json *tags;
} Thing;

static const BodyField fields[] = {
    {"name",  BODY_TEXT,               offsetof(Thing, name),  true,  5},
    {"count", BODY_NUMBER | BODY_NULL, offsetof(Thing, count), false, 0},
    {"tags",  BODY_ARRAY,              offsetof(Thing, tags),  false, 2},
};

static ApiCall call;
static Thing thing;

static void forget(void) {
    arena_done(&call.arena);
    buf_done(&call.answer);
    call = (ApiCall){0};
    thing = (Thing){0};
}

TestSuite(body, .fini = forget);

static int reading(const char *text) {
    forget();
    call.route = route_find(STR("POST"), STR("/v1/templates")).route;
    call.body = str_of(text);
    return body_read(&call, fields, ARRAY_SIZE(fields), &thing);
}

static void expect_problem(uint32_t index, PlanProblemCode code, const char *pointer) {
    cr_assert(index < call.problems.count, "%u problems", call.problems.count);
    cr_expect_str_eq(plan_problem_word(call.problems.items[index].code), plan_problem_word(code));
    cr_expect(str_is(call.problems.items[index].pointer, pointer), "%.*s",
              STR_ARGS(call.problems.items[index].pointer));
}

Test(body, members_are_given_and_those_left_out_are_null) {
    cr_assert_eq(reading("{\"name\": \"abc\", \"tags\": [1]}"), 0);
    cr_expect_eq(call.problems.count, 0);
    cr_expect(str_is(json_str(thing.name), "abc"));
    cr_expect_eq(thing.tags->count, 1);
    cr_expect_null(thing.count);
    cr_expect_eq(call_check_problems(&call), 0);
}

Test(body, a_null_is_there_only_where_it_may_be) {
    cr_assert_eq(reading("{\"name\": \"a\", \"count\": null}"), 0);
    cr_expect(json_is(thing.count, JSON_NULL));
    cr_assert_eq(reading("{\"name\": null}"), 0);
    cr_expect_null(thing.name);
    expect_problem(0, PROBLEM_TYPE_MISMATCH, "/name");
}

Test(body, all_complaints_are_told_at_once_and_refused_together) {
    cr_assert_eq(reading("{\"nmae\": 1, \"a/b~\": 2, \"count\": \"3\", \"tags\": [1,2,3]}"), 0);
    cr_assert_eq(call.problems.count, 5);
    expect_problem(0, PROBLEM_UNKNOWN_KEY, "/nmae");
    expect_problem(1, PROBLEM_UNKNOWN_KEY, "/a~1b~0");
    expect_problem(2, PROBLEM_TYPE_MISMATCH, "/count");
    expect_problem(3, PROBLEM_LIMIT_EXCEEDED, "/tags");
    expect_problem(4, PROBLEM_MISSING_KEY, "");
    cr_expect_eq(call_check_problems(&call), CALL_REFUSED);
    cr_expect_eq(call.status, 422);
    cr_expect(call.is_problem);
}

Test(body, a_text_longer_than_allowed_is_left_out) {
    cr_assert_eq(reading("{\"name\": \"abcdef\"}"), 0);
    cr_expect_null(thing.name);
    expect_problem(0, PROBLEM_LIMIT_EXCEEDED, "/name");
}

Test(body, an_empty_body_is_an_object_without_members) {
    cr_assert_eq(reading(""), 0);
    cr_assert_eq(call.problems.count, 1);
    expect_problem(0, PROBLEM_MISSING_KEY, "");
}

Test(body, what_is_no_json_or_no_object_is_refused_at_once) {
    static const struct {
        const char *text;
        uint32_t status;
    } bodies[] = {
        {"{",                       400},
        {"{\"name\": \"\\u0000\"}", 400},
        {"{\"name\": 1e999}",       400},
        {"nul",                     400},
        {"[]",                      422},
        {"null",                    422},
        {"\"{}\"",                  422},
    };

    for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
        cr_expect_eq(reading(bodies[i].text), CALL_REFUSED, "%s", bodies[i].text);
        cr_expect_eq(call.status, bodies[i].status, "%s", bodies[i].text);
        cr_expect_null(thing.name);
    }
}

Test(body, another_content_type_is_refused_and_parameters_are_fine) {
    static const struct {
        const char *type;
        int r;
    } types[] = {
        {"application/json",                  0           },
        {"Application/JSON; charset=utf-8",   0           },
        {"application/merge-patch+json",      0           },
        {"application/x-www-form-urlencoded", CALL_REFUSED},
        {"text/plain",                        CALL_REFUSED},
        {"application/json5",                 CALL_REFUSED},
    };

    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        forget();
        call.route = route_find(STR("POST"), STR("/v1/templates")).route;
        call.body = STR("{\"name\": \"a\"}");
        call.content_type = str_of(types[i].type);
        cr_expect_eq(body_read(&call, fields, ARRAY_SIZE(fields), &thing), types[i].r, "%s",
                     types[i].type);
    }
}

Test(body, elements_that_are_no_texts_are_complained_about) {
    cr_assert_eq(reading("{\"name\": \"a\", \"tags\": [\"ok\", \"\"]}"), 0);
    body_check_texts(&call, "tags", thing.tags, 2);
    cr_assert_eq(call.problems.count, 1);
    expect_problem(0, PROBLEM_INVALID_VALUE, "/tags/1");
    cr_assert_eq(reading("{\"name\": \"a\", \"tags\": [3, \"abc\"]}"), 0);
    body_check_texts(&call, "tags", thing.tags, 2);
    cr_expect_eq(call.problems.count, 2);
}
