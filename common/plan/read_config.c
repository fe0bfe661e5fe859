/* What a step's `config` holds, by its type. */

#include "common/base/check.h"
#include "common/model/limits.h"
#include "common/plan/instant.h"
#include "common/plan/read.h"

#define STRING IS(JSON_STRING)
#define ARRAY IS(JSON_ARRAY)
#define ANY_VALUE UINT32_MAX

/* SWITCH ------------------------------------------------------------------------------------ */

typedef struct CaseParts {
    PlanNode *node;
    uint32_t index;
} CaseParts;

static void read_when(Build *build, const Place *place, const Json *value,
                      const ReadObject *object) {
    const CaseParts *parts = object->into;

    parts->node->cases[parts->index].when =
        build_expr(build, place, value, object->node, SEES_SCOPE);
}

static void read_case_next(Build *build, const Place *place, const Json *value,
                           const ReadObject *object) {
    const CaseParts *parts = object->into;

    read_wires(build, place, value,
               (WirePort){.from = object->node, .kind = PORT_CASE, .index = parts->index});
}

static const ReadKey case_keys[] = {
    {.key = "when", .type = READ_PART, .read = read_when, .json = STRING, .required = READ_ALWAYS},
    {.key = "nextSteps", .type = READ_PART, .read = read_case_next, .json = ARRAY},
    {.key = "name", .type = READ_CARRIED},
};

static void read_cases(Build *build, const Place *place, const Json *value,
                       const ReadObject *object) {
    PlanNode *node = object->into;
    uint32_t count = MIN(value->count, (uint32_t)SWITCH_CASES_MAX);

    if (value->count == 0)
        build_complain(build, PROBLEM_INVALID_VALUE, place, "a SWITCH needs at least one case");
    if (value->count > count)
        build_complain(build, PROBLEM_LIMIT_EXCEEDED, place,
                       "a SWITCH has at most %d cases, this has %u", SWITCH_CASES_MAX,
                       value->count);
    node->cases = arena_zero(&build->plan->arena, MAX(count, 1u) * sizeof *node->cases);
    node->case_count = count;
    for (uint32_t i = 0; i < count; i++) {
        CaseParts parts = {.node = node, .index = i};
        Place at = place_index(place, i);
        ReadObject reading = {
            .keys = case_keys,
            .key_count = ARRAY_SIZE(case_keys),
            .name = "a case",
            .into = &parts,
            .node = object->node,
        };

        read_object(build, &at, json_at(value, i), &reading);
    }
}

static void read_default(Build *build, const Place *place, const Json *value,
                         const ReadObject *object) {
    PlanNode *node = object->into;

    node->has_default = true;
    read_wires(build, place, value, (WirePort){.from = object->node, .kind = PORT_DEFAULT});
}

static void read_mode(Build *build, const Place *place, const Json *value,
                      const ReadObject *object) {
    static const char *const words[] = {"FIRST", "ALL"};
    PlanNode *node = object->into;

    node->switch_all = read_word(build, place, value, words, ARRAY_SIZE(words)) == 1;
}

static void read_no_match(Build *build, const Place *place, const Json *value,
                          const ReadObject *object) {
    static const char *const words[] = {"FAIL", "END_BRANCH"};
    PlanNode *node = object->into;

    node->switch_fails = read_word(build, place, value, words, ARRAY_SIZE(words)) != 1;
}

static const ReadKey switch_keys[] = {
    {.key = "cases",
     .type = READ_PART,
     .read = read_cases,
     .json = ARRAY,
     .required = READ_ALWAYS},
    {.key = "defaultSteps", .type = READ_PART, .read = read_default, .json = ARRAY},
    {.key = "mode", .type = READ_PART, .read = read_mode, .json = STRING},
    {.key = "noMatch", .type = READ_PART, .read = read_no_match, .json = STRING},
};

/* DELAY ------------------------------------------------------------------------------------- */

static void read_for(Build *build, const Place *place, const Json *value,
                     const ReadObject *object) {
    static const ReadKey range = {.key = "forMs", .low = 0, .high = DURATION_MS_MAX};
    PlanNode *node = object->into;
    int64_t for_ms;

    if (json_is(value, JSON_NUMBER) && !read_number(build, place, value, &range, &for_ms))
        return;
    node->delay_for = build_template(build, place, value, object->node, SEES_SCOPE);
    if (node->delay_for != NULL && json_is(value, JSON_STRING) &&
        template_is_literal(node->delay_for))
        build_complain(build, PROBLEM_INVALID_VALUE, place,
                       "forMs is a number of milliseconds, or a mapping like "
                       "\"${ .trigger.body.waitMs }\", not the text `%s`",
                       text_shown(build->arena, json_str(value)));
}

static void read_until(Build *build, const Place *place, const Json *value,
                       const ReadObject *object) {
    PlanNode *node = object->into;
    int64_t until_ms;

    node->delay_until = build_template(build, place, value, object->node, SEES_SCOPE);
    if (node->delay_until == NULL || !template_is_literal(node->delay_until))
        return;
    if (!instant_from_text(json_str(value), &until_ms))
        build_complain(build, PROBLEM_INVALID_VALUE, place,
                       "`%s` is no moment; write one like 2026-03-01T08:00:00+01:00, with its "
                       "offset, or a mapping",
                       text_shown(build->arena, json_str(value)));
}

static const ReadKey delay_keys[] = {
    {.key = "forMs", .type = READ_PART, .read = read_for, .json = IS(JSON_NUMBER) | STRING},
    {.key = "until", .type = READ_PART, .read = read_until, .json = STRING},
};

static void check_delay(Build *build, const Place *place, const Json *value) {
    bool has_for = json_member(value, STR("forMs")) != NULL;
    bool has_until = json_member(value, STR("until")) != NULL;

    if (has_for && has_until)
        build_complain(build, PROBLEM_INVALID_VALUE, place,
                       "a DELAY has `forMs` or `until`, not both");
    if (!has_for && !has_until)
        build_complain(build, PROBLEM_MISSING_KEY, place, "a DELAY needs `forMs` or `until`");
}

/* TERMINATE --------------------------------------------------------------------------------- */

static void read_status(Build *build, const Place *place, const Json *value,
                        const ReadObject *object) {
    static const char *const words[] = {"COMPLETED", "FAILED", "CANCELLED"};
    static const ExecutionStatus statuses[] = {EXECUTION_COMPLETED, EXECUTION_FAILED,
                                               EXECUTION_CANCELLED};
    PlanNode *node = object->into;
    int word = read_word(build, place, value, words, ARRAY_SIZE(words));

    if (word >= 0)
        node->terminate_status = statuses[word];
}

static void read_terminate_output(Build *build, const Place *place, const Json *value,
                                  const ReadObject *object) {
    PlanNode *node = object->into;

    node->terminate_output = build_template(build, place, value, object->node, SEES_SCOPE);
}

static const ReadKey error_keys[] = {
    {.key = "type", .type = READ_CARRIED},   {.key = "message", .type = READ_CARRIED},
    {.key = "title", .type = READ_CARRIED},  {.key = "detail", .type = READ_CARRIED},
    {.key = "status", .type = READ_CARRIED}, {.key = "cause", .type = READ_CARRIED},
};

static void read_terminate_error(Build *build, const Place *place, const Json *value,
                                 const ReadObject *object) {
    PlanNode *node = object->into;
    ReadObject error = {
        .keys = error_keys,
        .key_count = ARRAY_SIZE(error_keys),
        .name = "the error of a TERMINATE",
        .node = object->node,
        .into = node,
    };

    if (json_is(value, JSON_OBJECT))
        read_object(build, place, value, &error);
    node->terminate_error = build_template(build, place, value, object->node, SEES_SCOPE);
}

static const ReadKey terminate_keys[] = {
    {.key = "status",
     .type = READ_PART,
     .read = read_status,
     .json = STRING,
     .required = READ_ALWAYS},
    {.key = "output", .type = READ_PART, .read = read_terminate_output, .json = ANY_VALUE},
    {.key = "error",
     .type = READ_PART,
     .read = read_terminate_error,
     .json = STRING | IS(JSON_OBJECT)},
};

static void check_terminate(Build *build, const Place *place, const PlanNode *node) {
    if (node->terminate_status == EXECUTION_COMPLETED && node->terminate_error != NULL)
        build_complain(build, PROBLEM_INVALID_VALUE, place,
                       "a TERMINATE with status COMPLETED has no `error`");
}

/* All --------------------------------------------------------------------------------------- */

static const ReadKey no_keys[] = {{.key = "", .type = READ_RESERVED}};

typedef struct ConfigTable {
    const ReadKey *keys;
    size_t key_count;
} ConfigTable;

#define TABLE(keys) {keys, ARRAY_SIZE(keys)}

static const ConfigTable tables[_STEP_TYPE_COUNT] = {
    [STEP_ACTION] = TABLE(no_keys),          [STEP_CONDITION] = TABLE(no_keys),
    [STEP_SWITCH] = TABLE(switch_keys),      [STEP_TRANSFORM] = TABLE(no_keys),
    [STEP_DELAY] = TABLE(delay_keys),        [STEP_TERMINATE] = TABLE(terminate_keys),
};

void read_step_config(Build *build, const Place *place, const Json *value,
                      const ReadObject *object) {
    PlanNode *node = object->into;
    const ConfigTable *table = &tables[node->type];
    ReadObject config = {
        .keys = table->keys,
        .key_count = table->key_count,
        .name = arena_printf(&build->scratch, "the config of a %s step",
                             step_type_word(node->type)),
        .into = node,
        .node = object->node,
    };

    if (object->kind == 0 || table->keys == NULL)
        return;
    read_object(build, place, value, &config);
    if (node->type == STEP_DELAY)
        check_delay(build, place, value);
    if (node->type == STEP_TERMINATE)
        check_terminate(build, place, node);
}
