/* Problems: their words, and a list of them. */

#include "common/plan/problem.h"

#include "common/base/check.h"

#define PROBLEM_WORD(name, text) [PROBLEM_##name] = #name,
#define PROBLEM_MEANING(name, text) [PROBLEM_##name] = text,

static const char *const words[_PLAN_PROBLEM_COUNT] = {PLAN_PROBLEMS(PROBLEM_WORD)};
static const char *const meanings[_PLAN_PROBLEM_COUNT] = {PLAN_PROBLEMS(PROBLEM_MEANING)};

#define CAPACITY_FIRST 16u

const char *plan_problem_word(PlanProblemCode code) {
    CHECK(code < _PLAN_PROBLEM_COUNT);
    return words[code];
}

const char *plan_problem_meaning(PlanProblemCode code) {
    CHECK(code < _PLAN_PROBLEM_COUNT);
    return meanings[code];
}

void plan_problem_add(PlanProblems *problems, Arena *arena, PlanProblem problem) {
    CHECK(problem.code < _PLAN_PROBLEM_COUNT);
    if (problems->count == PROBLEMS_COLLECTED_MAX)
        return;
    if (problems->count == problems->capacity) {
        uint32_t capacity = problems->capacity ? problems->capacity * 2 : CAPACITY_FIRST;

        problems->items = arena_grow(arena, problems->items, problems->count * sizeof problem,
                                     capacity * sizeof problem);
        problems->capacity = capacity;
    }
    problems->items[problems->count++] = problem;
}
