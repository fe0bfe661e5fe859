/* The definitions of plan_cases/, and what is wrong with each. */

#include <criterion/criterion.h>
#include <stdio.h>

#include "common/base/alloc.h"
#include "common/base/buf.h"
#include "common/plan/plan.h"

#define FOLDER "tests/unit/plan_cases/"

static Json cases_of(Arena *arena, const char *name) {
    Str path = str_printf(arena, FOLDER "%s.json", name);
    _cleanup_(buf_done) Buf text = {0};
    JsonMistake mistake = {.message = ""};
    FILE *file = fopen(path.data, "r");
    Json cases = json_null();
    size_t got;

    cr_assert(file != NULL, "%s cannot be read", path.data);
    while ((got = fread(buf_reserve(&text, 4096), 1, 4096, file)) > 0)
        text.length += got;
    fclose(file);
    cr_assert_eq(
        json_parse(arena, str_copy(arena, buf_str(&text)), JSON_LIMITS_DEFAULT, &cases, &mistake),
        0, "%s:%u: %s", path.data, mistake.line, mistake.message);
    cr_assert_gt(cases.count, 0);
    return cases;
}

static Str member(const Json *object, const char *key) {
    return json_str(json_member(object, str_of(key)));
}

static bool is_expected(const PlanProblem *found, const Json *expected) {
    return str_is(member(expected, "code"), plan_problem_word(found->code)) &&
           str_equal(member(expected, "pointer"), found->pointer) &&
           str_find(found->message, member(expected, "says")) >= 0;
}

static void compare(Str about, const PlanProblems *found, const Json *expected) {
    for (uint32_t i = 0; i < MAX(found->count, expected->count); i++) {
        const Json *wanted = json_at(expected, i);

        if (i >= found->count)
            cr_expect_fail("%.*s: missing %.*s %.*s", STR_ARGS(about),
                           STR_ARGS(member(wanted, "code")), STR_ARGS(member(wanted, "pointer")));
        else if (wanted == NULL || !is_expected(&found->items[i], wanted))
            cr_expect_fail("%.*s: %u: %s %.*s: %.*s", STR_ARGS(about), i,
                           plan_problem_word(found->items[i].code),
                           STR_ARGS(found->items[i].pointer), STR_ARGS(found->items[i].message));
    }
}

static void check_case(const Json *one) {
    _cleanup_(arena_done) Arena arena = {0};
    _cleanup_(plan_free_p) Plan *plan = NULL;
    const Json *expected = json_member(one, STR("problems"));
    Str text = json_text(&arena, json_member(one, STR("definition")));
    PlanProblems problems;
    int r = plan_compile(text, NULL, &arena, &problems, &plan);

    cr_expect_eq(r, expected->count ? PLAN_E_INVALID : 0, "%.*s", STR_ARGS(member(one, "about")));
    cr_expect_eq(plan == NULL, expected->count > 0);
    compare(member(one, "about"), &problems, expected);
}

static void check_cases(const char *name) {
    _cleanup_(arena_done) Arena arena = {0};
    Json cases = cases_of(&arena, name);

    for (uint32_t i = 0; i < cases.count; i++)
        check_case(json_at(&cases, i));
}

static const char *const names[] = {"config", "edges", "expressions", "retry",
                                    "shape",  "steps", "triggers"};

Test(plan_cases, config) {
    check_cases("config");
}

Test(plan_cases, edges) {
    check_cases("edges");
}

Test(plan_cases, expressions) {
    check_cases("expressions");
}

Test(plan_cases, retry) {
    check_cases("retry");
}

Test(plan_cases, shape) {
    check_cases("shape");
}

Test(plan_cases, steps) {
    check_cases("steps");
}

Test(plan_cases, triggers) {
    check_cases("triggers");
}

static void mark_codes(const Json *cases, bool *seen) {
    for (uint32_t i = 0; i < cases->count; i++) {
        const Json *problems = json_member(json_at(cases, i), STR("problems"));

        for (uint32_t j = 0; j < problems->count; j++) {
            for (int code = 0; code < _PLAN_PROBLEM_COUNT; code++)
                seen[code] |= str_is(member(json_at(problems, j), "code"),
                                     plan_problem_word((PlanProblemCode)code));
        }
    }
}

Test(plan_cases, every_code_has_a_case_here_or_a_reason) {
    /* Texts that are no definition, and what only a catalog knows, are in test_plan.c. */
    bool seen[_PLAN_PROBLEM_COUNT] = {
        [PROBLEM_JSON_SYNTAX] = true,
        [PROBLEM_JSON_NOT_STORABLE] = true,
        [PROBLEM_INVALID_TIMEZONE] = true,
    };
    _cleanup_(arena_done) Arena arena = {0};

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        Json cases = cases_of(&arena, names[i]);

        mark_codes(&cases, seen);
    }
    for (int code = 0; code < _PLAN_PROBLEM_COUNT; code++)
        cr_expect(seen[code], "no case for %s", plan_problem_word((PlanProblemCode)code));
}
