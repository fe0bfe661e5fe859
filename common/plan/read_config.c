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
    KEY_PART("when", READ_ALL, READ_ALWAYS, STRING, read_when),
    KEY_PART("nextSteps", READ_ALL, READ_NOBODY, ARRAY, read_case_next),
    KEY_CARRIED("name", READ_ALL, READ_NOBODY),
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
    KEY_PART("cases", READ_ALL, READ_ALWAYS, ARRAY, read_cases),
    KEY_PART("defaultSteps", READ_ALL, READ_NOBODY, ARRAY, read_default),
    KEY_PART("mode", READ_ALL, READ_NOBODY, STRING, read_mode),
    KEY_PART("noMatch", READ_ALL, READ_NOBODY, STRING, read_no_match),
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
    KEY_PART("forMs", READ_ALL, READ_NOBODY, IS(JSON_NUMBER) | STRING, read_for),
    KEY_PART("until", READ_ALL, READ_NOBODY, STRING, read_until),
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
    KEY_CARRIED("type", READ_ALL, READ_NOBODY),   KEY_CARRIED("message", READ_ALL, READ_NOBODY),
    KEY_CARRIED("title", READ_ALL, READ_NOBODY),  KEY_CARRIED("detail", READ_ALL, READ_NOBODY),
    KEY_CARRIED("status", READ_ALL, READ_NOBODY), KEY_CARRIED("cause", READ_ALL, READ_NOBODY),
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
    KEY_PART("status", READ_ALL, READ_ALWAYS, STRING, read_status),
    KEY_PART("output", READ_ALL, READ_NOBODY, ANY_VALUE, read_terminate_output),
    KEY_PART("error", READ_ALL, READ_NOBODY, STRING | IS(JSON_OBJECT), read_terminate_error),
};

static void check_terminate(Build *build, const Place *place, const PlanNode *node) {
    if (node->terminate_status == EXECUTION_COMPLETED && node->terminate_error != NULL)
        build_complain(build, PROBLEM_INVALID_VALUE, place,
                       "a TERMINATE with status COMPLETED has no `error`");
}

/* All --------------------------------------------------------------------------------------- */

static const ReadKey no_keys[1];

typedef struct ConfigTable {
    const ReadKey *keys;
    size_t key_count;
} ConfigTable;

#define NO_KEYS                                                                                    \
    { no_keys, 0 }
#define TABLE(keys)                                                                                \
    { keys, ARRAY_SIZE(keys) }

static const ConfigTable tables[_STEP_TYPE_COUNT] = {
    [STEP_ACTION] = NO_KEYS,
    [STEP_CONDITION] = NO_KEYS,
    [STEP_SWITCH] = TABLE(switch_keys),
    [STEP_TRANSFORM] = NO_KEYS,
    [STEP_DELAY] = TABLE(delay_keys),
    [STEP_TERMINATE] = TABLE(terminate_keys),
};

void read_step_config(Build *build, const Place *place, const Json *value,
                      const ReadObject *object) {
    PlanNode *node = object->into;
    const ConfigTable *table = &tables[node->type];
    ReadObject config = {
        .keys = table->keys,
        .key_count = table->key_count,
        .name = arena_printf(&build->scratch, "the config of a step of type %s",
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
