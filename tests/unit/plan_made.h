#pragma once

/*
 * Plans for tests: compiled from text in which ' stands for ", so that definitions can be read
 * inside C. A definition with a problem fails the test and shows the problem.
 */

#include <criterion/criterion.h>
#include <stdio.h>

#include "common/base/alloc.h"
#include "common/plan/plan.h"

static inline char *plan_text(const char *quoted) {
    char *text = alloc_copy(quoted, strlen(quoted));

    for (char *c = text; *c; c++) {
        if (*c == '\'')
            *c = '"';
    }
    return text;
}

static inline Plan *plan_made(const char *quoted) {
    _cleanup_(alloc_free_p) char *text = plan_text(quoted);
    _cleanup_(arena_done) Arena arena = {0};
    PlanProblems problems;
    Plan *plan = NULL;
    int r = plan_compile(str_of(text), NULL, &arena, &problems, &plan);

    if (r)
        cr_assert_fail("%s %.*s: %.*s", plan_problem_word(problems.items[0].code),
                       STR_ARGS(problems.items[0].pointer), STR_ARGS(problems.items[0].message));
    return plan;
}
