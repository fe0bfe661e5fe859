/* Complaining in an order people can follow, and programs that are owned from their first moment.
 */

#include "common/plan/build.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/buf.h"
#include "common/base/check.h"
#include "common/model/limits.h"

#define NEAR_LOOKS_MAX 50u /* times 2,000 ids: some ten milliseconds */
#define MESSAGE_BYTES_SHOWN_MAX 1024
#define MISTAKES_MAX 32u /* of one mapping */

bool build_is_full(const Build *build) {
    return build->problems.count >= PROBLEMS_COLLECTED_MAX;
}

void build_problem(Build *build, PlanProblemCode code, Str pointer, Str message) {
    PlanProblem problem = {.code = code};

    if (build_is_full(build))
        return;
    problem.pointer = str_copy(build->arena, pointer);
    problem.message = str_copy(build->arena, text_storable(build->arena, message));
    plan_problem_add(&build->problems, build->arena, problem);
}

void build_complain(Build *build, PlanProblemCode code, const Place *place, const char *format,
                    ...) {
    char message[MESSAGE_BYTES_SHOWN_MAX];
    va_list arguments;

    if (build_is_full(build))
        return;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    build_problem(build, code, place_pointer(&build->scratch, place), str_of(message));
}

const char *build_near_step(Build *build, Str id) {
    const PlanNode *near = NULL;
    uint32_t best = NEAR_NEVER;

    if (build->suggestions_spent++ >= NEAR_LOOKS_MAX)
        return "";
    for (uint32_t i = 0; i < build->plan->node_count; i++) {
        uint32_t distance = text_distance(id, build->plan->nodes[i].id);

        if (distance > 0 && distance < best) {
            best = distance;
            near = &build->plan->nodes[i];
        }
    }
    if (near == NULL)
        return "";
    return arena_printf(build->arena, " (did you mean `%s`?)", text_shown(build->arena, near->id));
}

/* Where a problem stands, as positions from the root down. */
typedef struct Rank {
    PlanProblem problem;
    uint32_t positions[JSON_DEPTH_MAX + 1];
    uint32_t count;
    uint32_t found; /* the order of finding breaks ties */
} Rank;

static bool token_is(Str token, Str key) {
    size_t i = 0, j = 0;

    while (i < token.length && j < key.length) {
        char c = token.data[i++];

        if (c == '~' && i < token.length)
            c = token.data[i++] == '1' ? '/' : '~';
        if (c != key.data[j++])
            return false;
    }
    return i == token.length && j == key.length;
}

/* The value behind one part of a pointer and its position, or NULL. */
static const Json *step_into(const Json *value, Str token, uint32_t *ret_position) {
    int64_t index;

    if (json_is(value, JSON_ARRAY)) {
        if (!str_to_int64(token, 0, value->count, &index))
            return NULL;
        *ret_position = (uint32_t)index;
        return json_at(value, (size_t)index);
    }
    for (uint32_t i = 0; json_is(value, JSON_OBJECT) && i < value->count; i++) {
        if (token_is(token, value->members[i].key)) {
            *ret_position = i;
            return &value->members[i].value;
        }
    }
    return NULL;
}

static void rank_fill(Rank *rank, const Json *value) {
    Str rest = rank->problem.pointer;

    if (rest.length == 0)
        return;
    str_split(&rest, '/');
    while (rest.data != NULL && value != NULL && rank->count < ARRAY_SIZE(rank->positions)) {
        value = step_into(value, str_split(&rest, '/'), &rank->positions[rank->count]);
        if (value != NULL)
            rank->count++;
    }
}

static int rank_compare(const void *left, const void *right) {
    const Rank *a = left, *b = right;
    uint32_t common = MIN(a->count, b->count);

    for (uint32_t i = 0; i < common; i++) {
        if (a->positions[i] != b->positions[i])
            return a->positions[i] < b->positions[i] ? -1 : 1;
    }
    if (a->count != b->count)
        return a->count < b->count ? -1 : 1;
    return a->found < b->found ? -1 : a->found > b->found;
}

void build_order_problems(Build *build, const Json *root) {
    PlanProblems *problems = &build->problems;
    Rank *ranks = arena_zero(&build->scratch, problems->count * sizeof *ranks);

    for (uint32_t i = 0; i < problems->count; i++) {
        ranks[i].problem = problems->items[i];
        ranks[i].found = i;
        rank_fill(&ranks[i], root);
    }
    if (problems->count > 1)
        qsort(ranks, problems->count, sizeof *ranks, rank_compare);
    problems->count = MIN(problems->count, (uint32_t)PROBLEMS_MAX);
    for (uint32_t i = 0; i < problems->count; i++)
        problems->items[i] = ranks[i].problem;
}

static void keep_program(Build *build, PlanProgram program) {
    PlanProgram *kept = arena_copy(&build->plan->arena, &program, sizeof program);

    if (build->last_program != NULL)
        build->last_program->next = kept;
    else
        build->plan->programs = kept;
    build->last_program = kept;
}

static void tell_mistake(Build *build, Str pointer, const ExprMistake *mistake) {
    PlanProblemCode code =
        mistake->code == EXPR_E_TOO_LARGE ? PROBLEM_LIMIT_EXCEEDED : PROBLEM_BAD_EXPRESSION;

    build_problem(build, code, pointer,
                  str_printf(&build->scratch, "line %u, column %u: %s", mistake->line,
                             mistake->column, mistake->message));
}

/* How many programs a mapping may hold; what only looks like one counts too. */
static uint32_t count_programs(const Json *value) {
    uint32_t count = 0;

    if (json_is(value, JSON_STRING)) {
        Str rest = json_str(value);

        for (ptrdiff_t at; (at = str_find(rest, STR("${"))) >= 0; count++)
            rest = str_slice(rest, (size_t)at + 2, rest.length);
        return count;
    }
    for (uint32_t i = 0; json_is(value, JSON_ARRAY) && i < value->count; i++)
        count += count_programs(&value->items[i]);
    for (uint32_t i = 0; json_is(value, JSON_OBJECT) && i < value->count; i++)
        count += count_programs(&value->members[i].value);
    return count;
}

static bool has_room(Build *build, const Place *place, uint32_t count) {
    if (count <= PROGRAMS_MAX - build->program_count) {
        build->program_count += count;
        return true;
    }
    if (!build->is_program_full)
        build_complain(build, PROBLEM_LIMIT_EXCEEDED, place,
                       "a definition has at most %d expressions; these are too many", PROGRAMS_MAX);
    build->is_program_full = true;
    return false;
}

Expr *build_expr(Build *build, const Place *place, const Json *value, uint32_t node,
                 ProgramSees sees) {
    PlanProgram program = {.node = node, .sees = sees};
    Str source = json_str(value);
    ExprMistake mistake = {0};

    CHECK(json_is(value, JSON_STRING));
    program.pointer = place_pointer(&build->plan->arena, place);
    if (str_starts(str_trim(source), STR("${"))) {
        build_complain(build, PROBLEM_BAD_EXPRESSION, place,
                       "line 1, column 1: an expression stands here bare, without `${` and `}`");
        return NULL;
    }
    if (!has_room(build, place, 1))
        return NULL;
    if (expr_compile(source, NULL, 0, &program.expr, &mistake)) {
        tell_mistake(build, program.pointer, &mistake);
        return NULL;
    }
    keep_program(build, program);
    return program.expr;
}

/* One string, or a whole mapping; its mistakes are told unless they were already. */
static Template *compile_mapping(Build *build, const Place *place, const Json *value,
                                 PlanProgram program, bool is_telling) {
    size_t count;

    if (build->mistakes == NULL)
        build->mistakes = arena_alloc(&build->scratch, MISTAKES_MAX * sizeof *build->mistakes);
    program.pointer = place_pointer(&build->plan->arena, place);
    count = template_compile(value, build->mistakes, MISTAKES_MAX, &program.template);
    for (size_t i = 0; is_telling && i < MIN(count, (size_t)MISTAKES_MAX); i++) {
        const TemplateMistake *at = &build->mistakes[i];

        tell_mistake(build,
                     str_printf(&build->scratch, "%.*s%s", STR_ARGS(program.pointer), at->pointer),
                     &at->mistake);
    }
    if (count == 0)
        keep_program(build, program);
    return program.template;
}

/*
 * A mapping with a mistake is looked at string by string, so that what the good ones read is
 * checked too.
 */
static void compile_strings(Build *build, const Place *place, const Json *value,
                            PlanProgram program) {
    if (json_is(value, JSON_STRING))
        compile_mapping(build, place, value, program, true);
    for (uint32_t i = 0; json_is(value, JSON_ARRAY) && i < value->count; i++) {
        Place at = place_index(place, i);

        compile_strings(build, &at, &value->items[i], program);
    }
    for (uint32_t i = 0; json_is(value, JSON_OBJECT) && i < value->count; i++) {
        Place at = place_key(place, value->members[i].key);

        compile_strings(build, &at, &value->members[i].value, program);
    }
}

Template *build_template(Build *build, const Place *place, const Json *value, uint32_t node,
                         ProgramSees sees) {
    PlanProgram program = {.node = node, .sees = sees};
    uint32_t problems = build->problems.count;
    Template *template;

    if (!has_room(build, place, count_programs(value)))
        return NULL;
    template = compile_mapping(build, place, value, program, false);
    if (template != NULL)
        return template;
    compile_strings(build, place, value, program);
    if (build->problems.count == problems)
        compile_mapping(build, place, value, program, true);
    return NULL;
}
