#pragma once

/*
 * Problem: one thing wrong with a definition. Codes are stable; people and programs match on them.
 * The pointer is RFC 6901 into the definition ("/steps/3/inputMappings/url").
 */

#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/str.h"

#define PLAN_PROBLEMS(X)                                                                           \
    X(JSON_SYNTAX, "the text is not JSON")                                                         \
    X(JSON_NOT_STORABLE, "the text holds something PostgreSQL cannot store")                       \
    X(TYPE_MISMATCH, "a value has the wrong JSON type")                                            \
    X(UNKNOWN_KEY, "the key means nothing here")                                                   \
    X(MISSING_KEY, "a required key is missing")                                                    \
    X(INVALID_VALUE, "the value is not one of those allowed")                                      \
    X(INVALID_ID, "an id must be 1 to 128 letters, digits, '_' or '-'")                            \
    X(DUPLICATE_ID, "the id is used twice")                                                        \
    X(UNKNOWN_STEP_TYPE, "no such step type")                                                      \
    X(UNSUPPORTED_STEP_TYPE, "the step type is reserved and does not work yet")                    \
    X(UNSUPPORTED_FEATURE, "the key is reserved and does not work yet")                            \
    X(UNKNOWN_TRIGGER_TYPE, "no such trigger type")                                                \
    X(UNSUPPORTED_TRIGGER_TYPE, "the trigger type is reserved and does not work yet")              \
    X(DANGLING_REFERENCE, "an edge names a step that does not exist")                              \
    X(DUPLICATE_EDGE, "the same edge is written twice")                                            \
    X(ILLEGAL_CYCLE, "steps lead back to themselves")                                              \
    X(UNREACHABLE_STEP, "no trigger or entry leads to the step")                                   \
    X(NO_STEPS, "a definition needs at least one step")                                            \
    X(BAD_EXPRESSION, "the expression does not compile")                                           \
    X(UNKNOWN_ROOT, "an expression reads a name that nothing defines")                             \
    X(UNKNOWN_STEP_REFERENCE, "an expression reads a step that does not exist")                    \
    X(IMPOSSIBLE_STEP_REFERENCE, "an expression reads a step that can never have run before")      \
    X(MISPLACED_SECRET, "`.secrets` is only seen by an ACTION's inputMappings")                    \
    X(MISPLACED_ERROR, "`.error` is only seen by direct targets of error edges")                   \
    X(UNKNOWN_INTEGRATION, "no such integration or action")                                        \
    X(INVALID_JOIN, "the join policy does not fit the step")                                       \
    X(INVALID_CRON, "the cron expression does not parse")                                          \
    X(INVALID_TIMEZONE, "no such time zone")                                                       \
    X(LIMIT_EXCEEDED, "a limit of the product is passed")

#define PROBLEM_VALUE(name, text) PROBLEM_##name,
typedef enum PlanProblemCode { PLAN_PROBLEMS(PROBLEM_VALUE) _PLAN_PROBLEM_COUNT } PlanProblemCode;

typedef struct PlanProblem {
    PlanProblemCode code;
    Str pointer;
    Str message; /* a sentence that names what was found and what would be right */
} PlanProblem;

/*
 * Problems are found pass by pass and shown in the order of their place, so more are collected than
 * are shown; a text that is nothing but mistakes still costs little. Those beyond are dropped.
 */
#define PROBLEMS_COLLECTED_MAX 2000u

typedef struct PlanProblems {
    PlanProblem *items;
    uint32_t count;
    uint32_t capacity;
} PlanProblems;

const char *plan_problem_word(PlanProblemCode code);    /* "DANGLING_REFERENCE" */
const char *plan_problem_meaning(PlanProblemCode code); /* the sentence above */

void plan_problem_add(PlanProblems *problems, Arena *arena, PlanProblem problem);
