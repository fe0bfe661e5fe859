/* ACTION: what the built-in actions want, and what an answer means. */

#include "common/base/check.h"
#include "common/plan/scope.h"
#include "worker/step/raw.h"
#include "worker/step/step_private.h"
#include "worker/step/verdict.h"

static StepEnd fail(const StepOrder *order, Arena *arena, ErrorType type, Effect effect,
                    Str message) {
    return step_failed(order,
                       &(StepFailure){
                           .status = STEP_FAILED,
                           .type = type,
                           .effect = effect,
                           .message = message,
                       },
                       arena);
}

/* The raw result is there: outputMappings make the output of it. */
static StepEnd complete(const StepOrder *order, Arena *arena, const Json *raw, Effect effect) {
    ScopeRaw seen = {
        .plan = order->plan,
        .node = order->node,
        .now_ms = order->opened_ms,
        .text = json_text(arena, raw),
    };
    StepEnd end = {.status = STEP_COMPLETED, .effect = effect};
    ScopeError error;

    if (scope_output(&seen, arena, &end.output, &error))
        return fail(order, arena, error.type, effect, error.message);
    return end;
}

/* http.request ------------------------------------------------------------------------------ */

static void http_begin(const StepOrder *order, Arena *arena, StepAsk *ret_ask) {
    StepRequest request;
    Str message;

    if (request_build(order, arena, &request, &message))
        *ret_ask = (StepAsk){
            .type = ASK_NOTHING,
            .end = fail(order, arena, ERROR_VALIDATION, EFFECT_NOT_SENT, message),
        };
    else
        *ret_ask = (StepAsk){.type = ASK_HTTP, .request = request};
}

static bool is_single(const StepOrder *order) {
    return request_is_single(order->plan, order->node, order->input);
}

static Str header_of(const StepAnswer *answer, const char *name) {
    for (uint32_t i = 0; i < answer->header_count; i++) {
        if (str_equal_nocase(answer->headers[i].name, str_of(name)))
            return answer->headers[i].value;
    }
    return STR_NONE;
}

static Str cause_of(const StepAnswer *answer, Arena *arena) {
    JsonMember members[] = {
        {STR("status"), json_integer(arena, answer->status)},
        {STR("body"),   raw_excerpt(answer, arena)         },
    };
    Json cause = json_object(members, ARRAY_SIZE(members));

    return json_text(arena, &cause);
}

static StepEnd refused(const StepOrder *order, const StepAnswer *answer, Arena *arena) {
    Verdict verdict = verdict_of_status(answer->status);
    Json excerpt = raw_excerpt(answer, arena);
    ScopeFailure failure = {
        .type = verdict.type,
        .status = answer->status,
        .message = str_printf(arena, "the target answered with status %u", answer->status),
        .step = order->plan->nodes[order->node].id,
        .scope_path = order->scope,
        .attempt = order->attempt,
        .cause = cause_of(answer, arena),
        .retryable = verdict.retryable && verdict_may_repeat(is_single(order), answer->effect),
    };

    if (excerpt.type != JSON_NULL)
        failure.detail =
            str_printf(arena, "the target answered with status %u: %.*s", answer->status,
                       STR_ARGS(excerpt.type == JSON_STRING ? json_str(&excerpt)
                                                            : json_text(arena, &excerpt)));
    return (StepEnd){
        .status = STEP_FAILED,
        .effect = answer->effect,
        .error = scope_error_object(arena, &failure),
        .retryable = failure.retryable,
        .retry_after_ms = verdict_retry_after_ms(header_of(answer, "retry-after"), answer->now_ms),
    };
}

static StepEnd responded(const StepOrder *order, const StepAnswer *answer, Arena *arena) {
    Json raw;
    Str message;

    if (!request_is_success(order->input, answer->status))
        return refused(order, answer, arena);
    if (raw_of_answer(answer, arena, &raw, &message))
        return fail(order, arena, ERROR_VALIDATION, answer->effect, message);
    return complete(order, arena, &raw, answer->effect);
}

/* What a call that brought no response ends with. */
static const struct {
    StepStatus status;
    ErrorType type;
    bool retryable;
} broken[_ANSWER_TYPE_COUNT] = {
    [ANSWER_UNREACHABLE] = {STEP_FAILED,    ERROR_NETWORK,           true },
    [ANSWER_TIMEOUT] = {STEP_TIMED_OUT, ERROR_TIMEOUT,           true },
    [ANSWER_DENIED] = {STEP_FAILED,    ERROR_EGRESS_DENIED,     false},
    [ANSWER_TOO_LARGE] = {STEP_FAILED,    ERROR_PAYLOAD_TOO_LARGE, false},
    [ANSWER_UNFIT] = {STEP_FAILED,    ERROR_VALIDATION,        false},
};

static void http_resume(const StepOrder *order, const StepAnswer *answer, Arena *arena,
                        StepEnd *ret_end) {
    StepFailure failure = {
        .status = broken[answer->type].status,
        .type = broken[answer->type].type,
        .effect = answer->effect,
        .message = answer->message,
        .retryable =
            broken[answer->type].retryable && verdict_may_repeat(is_single(order), answer->effect),
    };

    if (answer->type == ANSWER_RESPONSE) {
        *ret_end = responded(order, answer, arena);
        return;
    }
    /* Sent once, and nobody knows what became of it. */
    if (is_single(order) && answer->effect == EFFECT_UNKNOWN)
        failure.status = STEP_INDETERMINATE;
    *ret_end = step_failed(order, &failure, arena);
}

/* core.noop --------------------------------------------------------------------------------- */

static void noop_begin(const StepOrder *order, Arena *arena, StepAsk *ret_ask) {
    *ret_ask = (StepAsk){
        .type = ASK_NOTHING,
        .end = complete(order, arena, order->input, EFFECT_NOT_SENT),
    };
}

/* The table --------------------------------------------------------------------------------- */

typedef struct Action {
    const char *integration;
    const char *name;
    void (*begin)(const StepOrder *order, Arena *arena, StepAsk *ret_ask);
    void (*resume)(const StepOrder *order, const StepAnswer *answer, Arena *arena,
                   StepEnd *ret_end); /* NULL: it never asks for anything */
} Action;

static const Action actions[] = {
    {"http", "request", http_begin, http_resume},
    {"core", "noop",    noop_begin, NULL       },
};

static const Action *find_action(const StepOrder *order) {
    const PlanNode *node = &order->plan->nodes[order->node];

    for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
        if (str_is(node->integration, actions[i].integration) &&
            str_is(node->action, actions[i].name))
            return &actions[i];
    }
    return NULL;
}

void step_action_begin(const StepOrder *order, Arena *arena, StepAsk *ret_ask) {
    const PlanNode *node = &order->plan->nodes[order->node];
    const Action *action = find_action(order);

    if (action != NULL) {
        action->begin(order, arena, ret_ask);
        return;
    }
    *ret_ask = (StepAsk){
        .type = ASK_NOTHING,
        .end = fail(order, arena, ERROR_VALIDATION, EFFECT_NOT_SENT,
                    str_printf(arena,
                               "this worker knows no action `%.*s` of an integration "
                               "`%.*s`",
                               STR_ARGS(node->action), STR_ARGS(node->integration))),
    };
}

void step_action_resume(const StepOrder *order, const StepAnswer *answer, Arena *arena,
                        StepEnd *ret_end) {
    const Action *action = find_action(order);

    CHECK(action != NULL && action->resume != NULL);
    action->resume(order, answer, arena, ret_end);
}

/* Simulation -------------------------------------------------------------------------------- */

static StepAnswer answer_of_mock(const Json *response, Arena *arena) {
    const Json *status = json_member(response, STR("status"));
    const Json *headers = json_member(response, STR("headers"));
    const Json *body = json_member(response, STR("body"));
    StepAnswer answer = {.type = ANSWER_RESPONSE, .effect = EFFECT_ANSWERED, .status = 200};
    uint32_t count = json_is(headers, JSON_OBJECT) ? headers->count : 0;
    StepField *fields = arena_alloc(arena, (count + 1) * sizeof *fields);
    int64_t number;

    if (json_is(status, JSON_NUMBER) && json_to_int64(status, &number) && number >= 100 &&
        number <= 599)
        answer.status = (uint32_t)number;
    for (uint32_t i = 0; i < count; i++) {
        const Json *value = &headers->members[i].value;

        fields[i].name = headers->members[i].key;
        fields[i].value = value->type == JSON_STRING ? json_str(value) : json_text(arena, value);
    }
    if (json_is(body, JSON_STRING))
        answer.body = json_str(body);
    else if (body != NULL && body->type != JSON_NULL)
        answer.body = json_text(arena, body);
    answer.headers = fields;
    answer.header_count = count;
    return answer;
}

void step_resume_mock(const StepOrder *order, const Json *response, Arena *arena,
                      StepEnd *ret_end) {
    StepAnswer answer = answer_of_mock(response, arena);
    const Json *body = json_member(response, STR("body"));
    JsonObject raw = {.arena = arena};
    Json told;
    Str message;

    if (!request_is_success(order->input, answer.status)) {
        *ret_end = refused(order, &answer, arena);
        return;
    }
    /* The body of a mock is what a program shall see, whatever the headers say of its type. */
    answer.body = STR_NONE;
    CHECK(raw_of_answer(&answer, arena, &told, &message) == 0);
    for (uint32_t i = 0; i < told.count; i++)
        json_add(&raw, told.members[i].key, told.members[i].value);
    json_add(&raw, STR("body"), body ? *body : json_null());
    told = json_object_done(&raw);
    *ret_end = complete(order, arena, &told, EFFECT_ANSWERED);
}
