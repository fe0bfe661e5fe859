#include <criterion/criterion.h>
#include <string.h>

#include "common/model/limits.h"
#include "common/plan/problem.h"

Test(problem, every_code_has_a_word_and_a_meaning_of_its_own) {
    for (int i = 0; i < _PLAN_PROBLEM_COUNT; i++) {
        cr_assert_gt(strlen(plan_problem_word((PlanProblemCode)i)), 0);
        cr_assert_gt(strlen(plan_problem_meaning((PlanProblemCode)i)), 0);
        for (int j = 0; j < i; j++)
            cr_assert_str_neq(plan_problem_word((PlanProblemCode)i),
                              plan_problem_word((PlanProblemCode)j));
    }
    cr_expect_str_eq(plan_problem_word(PROBLEM_DANGLING_REFERENCE), "DANGLING_REFERENCE");
}

Test(problem, problems_are_kept_in_the_order_of_their_finding) {
    _cleanup_(arena_done) Arena arena = {0};
    PlanProblems problems = {0};

    for (uint32_t i = 0; i < PROBLEMS_MAX; i++)
        plan_problem_add(&problems, &arena,
                         (PlanProblem){.code = (PlanProblemCode)(i % _PLAN_PROBLEM_COUNT)});
    cr_assert_eq(problems.count, PROBLEMS_MAX);
    for (uint32_t i = 0; i < problems.count; i++)
        cr_expect_eq(problems.items[i].code, i % _PLAN_PROBLEM_COUNT);
}

Test(problem, there_are_never_endlessly_many) {
    _cleanup_(arena_done) Arena arena = {0};
    PlanProblems problems = {0};

    for (uint32_t i = 0; i < 100000; i++)
        plan_problem_add(&problems, &arena, (PlanProblem){.code = PROBLEM_UNKNOWN_KEY});
    cr_expect_eq(problems.count, PROBLEMS_COLLECTED_MAX);
    cr_expect_gt(PROBLEMS_COLLECTED_MAX, PROBLEMS_MAX);
}
