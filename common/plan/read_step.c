/* Steps: the keys they have, by their type. */

#include "common/base/check.h"
#include "common/model/limits.h"
#include "common/plan/read.h"

#define OBJECT IS(JSON_OBJECT)
#define ARRAY IS(JSON_ARRAY)
#define STRING IS(JSON_STRING)
#define AT(member) offsetof(PlanNode, member)

#define BODIES (IS(STEP_LOOP) | IS(STEP_WHILE) | IS(STEP_SCOPE))
#define RESERVED_TYPES                                                                             \
    (BODIES | IS(STEP_WAIT_EVENT) | IS(STEP_CALLBACK) | IS(STEP_APPROVAL) |                        \
     IS(STEP_SUB_WORKFLOW) | IS(STEP_EMIT_EVENT) | IS(STEP_TASK))
#define ALL_TYPES (IS(_STEP_TYPE_COUNT) - 1)
#define CALLS (IS(STEP_ACTION) | RESERVED_TYPES)
#define CONFIGURED (IS(STEP_SWITCH) | IS(STEP_DELAY) | IS(STEP_TERMINATE))
#define MAPPED (CALLS | IS(STEP_TRANSFORM))

static const char *type_word(uint32_t kind) {
    return kind < _STEP_TYPE_COUNT ? step_type_word((StepType)kind) : "";
}

static bool is_reserved(const ReadObject *object) {
    return (object->kind & RESERVED_TYPES) != 0;
}

static void read_node_id(Build *build, const Place *place, const Json *value,
                         const ReadObject *object) {
    PlanNode *node = object->into;

    node->id = read_id(build, place, value);
}

static void read_condition(Build *build, const Place *place, const Json *value,
                           const ReadObject *object) {
    PlanNode *node = object->into;

    node->condition = build_expr(build, place, value, object->node, SEES_SCOPE);
}

/* What belongs to a type that does not work yet is not looked into: its words are not settled. */
static void read_input(Build *build, const Place *place, const Json *value,
                       const ReadObject *object) {
    PlanNode *node = object->into;
    ProgramSees sees = node->type == STEP_ACTION ? SEES_SECRETS : SEES_SCOPE;

    if (!is_reserved(object))
        node->input = build_template(build, place, value, object->node, sees);
}

static void read_output(Build *build, const Place *place, const Json *value,
                        const ReadObject *object) {
    PlanNode *node = object->into;

    if (!is_reserved(object))
        node->output = build_template(build, place, value, object->node, SEES_OTHER);
}

static void read_next(Build *build, const Place *place, const Json *value,
                      const ReadObject *object) {
    bool is_condition = object->kind == IS(STEP_CONDITION);

    read_wires(build, place, value,
               (WirePort){.from = object->node, .kind = is_condition ? PORT_TRUE : PORT_NEXT});
}

static void read_else(Build *build, const Place *place, const Json *value,
                      const ReadObject *object) {
    read_wires(build, place, value, (WirePort){.from = object->node, .kind = PORT_FALSE});
}

static void read_node_retry(Build *build, const Place *place, const Json *value,
                            const ReadObject *object) {
    PlanNode *node = object->into;

    read_retry(build, place, value, &node->retry);
}

/* A join as it is read; n can only be judged when the edges are known. */
typedef struct JoinParts {
    PlanNode *node;
    int64_t n;
} JoinParts;

static void read_join_policy(Build *build, const Place *place, const Json *value,
                             const ReadObject *object) {
    static const char *const words[] = {"ALL_DECIDED", "ALL_TAKEN", "ANY", "N_OF_M", "EACH"};
    JoinParts *parts = object->into;
    JoinPolicy policy;
    int word = read_word(build, place, value, words, ARRAY_SIZE(words));

    if (word < 0)
        return;
    CHECK(join_policy_from_word(str_of(words[word]), &policy));
    if (policy == JOIN_EACH) {
        build_complain(build, PROBLEM_UNSUPPORTED_FEATURE, place,
                       "join EACH is reserved and does not work yet");
        return;
    }
    parts->node->join = policy;
}

static void read_join_win(Build *build, const Place *place, const Json *value,
                          const ReadObject *object) {
    static const char *const words[] = {"LET_RUN", "CANCEL_OTHERS"};

    (void)object;
    if (read_word(build, place, value, words, ARRAY_SIZE(words)) == 1)
        build_complain(build, PROBLEM_UNSUPPORTED_FEATURE, place,
                       "onWin CANCEL_OTHERS is reserved and does not work yet");
}

static const ReadKey join_keys[] = {
    KEY_PART("policy", READ_ALL, READ_ALWAYS, STRING, read_join_policy),
    KEY_NUMBER("n", READ_ALL, offsetof(JoinParts, n), 1, EDGES_MAX),
    KEY_PART("onWin", READ_ALL, READ_NOBODY, STRING, read_join_win),
};

static void read_join(Build *build, const Place *place, const Json *value,
                      const ReadObject *object) {
    JoinParts parts = {.node = object->into};
    ReadObject join = {
        .keys = join_keys,
        .key_count = ARRAY_SIZE(join_keys),
        .name = "join",
        .into = &parts,
        .node = object->node,
    };

    if (json_is(value, JSON_STRING))
        read_join_policy(build, place, value, &join);
    else
        read_object(build, place, value, &join);
    parts.node->join_n = (uint32_t)parts.n;
    if (parts.node->join == JOIN_N_OF_M && json_member(value, STR("n")) == NULL) {
        build_complain(build, PROBLEM_INVALID_JOIN, place,
                       "N_OF_M needs `n`: {\"policy\": \"N_OF_M\", \"n\": 2}");
        parts.node->join = JOIN_ALL_DECIDED;
    }
}

/* Bodies of loops are read here once they work; until then their type is refused as a whole. */
static void read_body(Build *build, const Place *place, const Json *value,
                      const ReadObject *object) {
    (void)build, (void)place, (void)value, (void)object;
}

static const ReadKey step_keys[] = {
    KEY_PART("id", READ_ALL, READ_ALWAYS, STRING, read_node_id),
    KEY_CARRIED("type", READ_ALL, READ_ALWAYS),
    KEY_TEXT("name", READ_ALL, READ_NOBODY, AT(name)),
    KEY_CARRIED("description", READ_ALL, READ_NOBODY),
    KEY_CARRIED("position", READ_ALL, READ_NOBODY),
    KEY_CARRIED("metadata", READ_ALL, READ_NOBODY),
    KEY_PART("condition", READ_ALL, IS(STEP_CONDITION), STRING, read_condition),
    KEY_TEXT("integrationId", CALLS, IS(STEP_ACTION), AT(integration)),
    KEY_TEXT("integrationActionId", CALLS, IS(STEP_ACTION), AT(action)),
    KEY_RESERVED("connectionId"),
    KEY_PART("inputMappings", MAPPED, READ_NOBODY, OBJECT, read_input),
    KEY_PART_HINT("outputMappings", CALLS, OBJECT, read_output,
                  "only the result of an ACTION is mapped"),
    KEY_PART("config", READ_ALL, CONFIGURED, OBJECT, read_step_config),
    KEY_PART_HINT(
        "nextSteps", ALL_TYPES & ~(IS(STEP_SWITCH) | IS(STEP_TERMINATE)), ARRAY, read_next,
        "a SWITCH leaves through config.cases and config.defaultSteps, a TERMINATE not at all"),
    KEY_PART("elseSteps", IS(STEP_CONDITION), READ_NOBODY, ARRAY, read_else),
    KEY_PART("onErrorSteps", READ_ALL, READ_NOBODY, ARRAY, read_on_error),
    KEY_PART("join", READ_ALL, READ_NOBODY, STRING | OBJECT, read_join),
    KEY_PART("retry", CALLS, READ_NOBODY, OBJECT, read_node_retry),
    KEY_NUMBER("timeoutMs", CALLS | IS(STEP_DELAY), AT(timeout_ms), 1, DURATION_MS_MAX),
    KEY_NUMBER("attemptTimeoutMs", CALLS, AT(attempt_timeout_ms), 1, DURATION_MS_MAX),
    KEY_NUMBER("queueTimeoutMs", CALLS, AT(queue_timeout_ms), 1, DURATION_MS_MAX),
    KEY_NUMBER("heartbeatTimeoutMs", CALLS, AT(heartbeat_timeout_ms), 1, DURATION_MS_MAX),
    KEY_FLAG("continueOnError", AT(continue_on_error)),
    KEY_FLAG("disabled", AT(is_disabled)),
    KEY_PART("steps", BODIES, READ_NOBODY, ARRAY, read_body),
    KEY_CARRIED("rejectedSteps", IS(STEP_APPROVAL), READ_NOBODY),
    KEY_RESERVED("compensateWith"),
    KEY_RESERVED("incidentOnFailure"),
    KEY_RESERVED("back"),
};

/* One bit, or 0 when the type is missing or unknown; then it is told. */
static uint32_t read_type(Build *build, const Place *step, const Json *value, StepType *ret_type) {
    const Json *type = json_member(value, STR("type"));
    Place place = place_key(step, STR("type"));
    StepType found;

    if (type == NULL || !read_is(build, &place, type, STRING))
        return 0;
    if (!step_type_from_word(json_str(type), &found)) {
        build_complain(build, PROBLEM_UNKNOWN_STEP_TYPE, &place,
                       "`%s` is no step type; there are ACTION, CONDITION, SWITCH, TRANSFORM, "
                       "DELAY and TERMINATE",
                       text_shown(build->arena, json_str(type)));
        return 0;
    }
    *ret_type = found;
    if (IS(found) & RESERVED_TYPES)
        build_complain(build, PROBLEM_UNSUPPORTED_STEP_TYPE, &place,
                       "%s is reserved and does not work yet", step_type_word(found));
    return IS(found);
}

static void read_step(Build *build, const Place *place, const Json *value, uint32_t index) {
    PlanNode *node = &build->plan->nodes[index];
    ReadObject step = {
        .keys = step_keys,
        .key_count = ARRAY_SIZE(step_keys),
        .name = "a step",
        .kind_word = type_word,
        .into = node,
        .node = index,
    };

    node->parent = PLAN_ROOT;
    node->terminate_status = EXECUTION_COMPLETED;
    node->switch_fails = true;
    build->pointers[index] = place_pointer(&build->scratch, place);
    if (!read_is(build, place, value, OBJECT))
        return;
    step.kind = read_type(build, place, value, &node->type);
    if (step.kind != 0)
        step.name = arena_printf(&build->scratch, "a step of type %s", step_type_word(node->type));
    if (step.kind == IS(STEP_ACTION))
        build_action(build, place, value, node);
    read_object(build, place, value, &step);
    if (node->name.length == 0)
        node->name = node->id;
}

void read_steps(Build *build, const Place *place, const Json *value, const ReadObject *object) {
    Plan *plan = object->into;
    uint32_t count = MIN(value->count, (uint32_t)STEPS_MAX);

    if (value->count == 0)
        build_complain(build, PROBLEM_NO_STEPS, place, "a definition needs at least one step");
    plan->nodes = arena_zero(&plan->arena, MAX(count, 1u) * sizeof *plan->nodes);
    build->pointers = arena_zero(&build->scratch, MAX(count, 1u) * sizeof *build->pointers);
    plan->node_count = count;
    for (uint32_t i = 0; i < value->count; i++) {
        Place at = place_index(place, i);

        if (i == STEPS_MAX) {
            build_complain(build, PROBLEM_LIMIT_EXCEEDED, &at,
                           "a definition has at most %d steps, this has %u", STEPS_MAX,
                           value->count);
            return;
        }
        read_step(build, &at, json_at(value, i), i);
    }
}
