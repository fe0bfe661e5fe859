/* What mocks say, and what a worker would report. */

#include <errno.h>

#include "common/plan/scope.h"
#include "coordinator/simulation/simulation_private.h"

static int refuse(Simulation *simulation, int refusal, Str message) {
    simulation->message = message;
    return refusal;
}

static int complain(Simulation *simulation, Str step, const char *what) {
    return refuse(
        simulation, SIMULATION_E_MOCKS,
        str_printf(simulation->arena, "the mocks of step `%.*s`: %s", STR_ARGS(step), what));
}

/* Checking ------------------------------------------------------------------------------------ */

static bool is_only_one_of(const Json *mock) {
    return json_is(mock, JSON_OBJECT) && mock->count == 1 &&
           (json_member(mock, STR("output")) || json_member(mock, STR("error")) ||
            json_member(mock, STR("response")));
}

static bool error_type_of(const Json *error, ErrorType *ret_type) {
    Str type = json_str(json_member(error, STR("type")));

    if (str_starts(type, STR("USER:"))) {
        *ret_type = ERROR_USER;
        return true;
    }
    return error_type_from_word(type, ret_type);
}

static const char *error_mistake(const Json *error) {
    const Json *retryable = json_member(error, STR("retryable"));
    const Json *message = json_member(error, STR("message"));
    ErrorType type;

    if (!json_is(error, JSON_OBJECT))
        return "an error must be an object {type, message, retryable}";
    if (!error_type_of(error, &type))
        return "an error's type must be one of the error types, or USER:code";
    if (message && message->type != JSON_STRING)
        return "an error's message must be a string";
    if (retryable && retryable->type != JSON_TRUE && retryable->type != JSON_FALSE)
        return "an error's retryable must be true or false";
    return NULL;
}

static const char *mock_mistake(const Json *mock) {
    const Json *error = json_member(mock, STR("error"));
    const Json *response = json_member(mock, STR("response"));

    if (!is_only_one_of(mock))
        return "each must be an object with one member: output, error or response";
    if (response && response->type != JSON_OBJECT)
        return "a response must be an object {status, headers, body}";
    return error ? error_mistake(error) : NULL;
}

static int check_step(Simulation *simulation, Str step, const Json *mocks) {
    uint32_t node = plan_find_node(simulation->plan, step);

    if (node == PLAN_NONE)
        return complain(simulation, step, "the definition has no such step");
    if (simulation->plan->nodes[node].type != STEP_ACTION)
        return complain(simulation, step, "only an ACTION is answered by mocks");
    if (!json_is(mocks, JSON_ARRAY) || mocks->count == 0)
        return complain(simulation, step, "they must be a list with at least one entry");
    for (uint32_t i = 0; i < mocks->count; i++) {
        const char *mistake = mock_mistake(json_at(mocks, i));

        if (mistake)
            return complain(simulation, step, mistake);
    }
    return 0;
}

int simulation_check_mocks(Simulation *simulation) {
    const Json *mocks = simulation->order->mocks;

    if (mocks == NULL)
        return 0;
    if (mocks->type != JSON_OBJECT)
        return refuse(simulation, SIMULATION_E_MOCKS,
                      STR("mocks must be an object: step id to list of answers"));
    for (uint32_t i = 0; i < mocks->count; i++) {
        int r = check_step(simulation, mocks->members[i].key, &mocks->members[i].value);

        if (r)
            return r;
    }
    return 0;
}

/* Secrets ------------------------------------------------------------------------------------- */

typedef struct SecretKeys {
    Arena *arena;
    JsonObject object;
} SecretKeys;

static bool add_secret(void *context, Str pointer, const ExprRef *ref) {
    SecretKeys *keys = context;

    (void)pointer;
    if (ref->name_count >= 2 && str_is(ref->names[0], "secrets"))
        json_add(&keys->object, ref->names[1],
                 json_string(str_printf(keys->arena, "[secret %.*s]", STR_ARGS(ref->names[1]))));
    return true;
}

/* Every key that the plan names, standing for itself. */
Json simulation_secrets(const Simulation *simulation) {
    SecretKeys keys = {.arena = simulation->arena, .object = {.arena = simulation->arena}};

    for (uint32_t i = 0; i < simulation->plan->node_count; i++) {
        if (simulation->plan->nodes[i].input)
            template_refs(simulation->plan->nodes[i].input, add_secret, &keys);
    }
    return json_object_done(&keys.object);
}

static int open_input(Simulation *simulation, const ExecEffect *task, Json *ret_input) {
    ExprContext context = {
        .now_ms = task->opened_ms, .budget = EXPR_BUDGET_DEFAULT, .arena = simulation->arena};
    TemplateMistake mistake;
    TemplateOpened opened;
    Json input;

    if (json_parse(simulation->arena, task->input, JSON_LIMITS_DEFAULT, &input, NULL))
        return fault_raise(-EPROTO);
    /* A place that fails to open stays what it is. */
    if (template_open(&input, &simulation->secrets, &context, &opened, &mistake))
        opened.value = input;
    *ret_input = opened.value;
    return 0;
}

/* Answers ------------------------------------------------------------------------------------- */

static const Json *next_mock(Simulation *simulation, uint32_t node) {
    const Json *mocks = simulation->order->mocks;
    const Json *list = mocks ? json_member(mocks, simulation->plan->nodes[node].id) : NULL;
    uint32_t call_no = simulation->steps[node].call_count++;

    return list ? json_at(list, MIN(call_no, list->count - 1)) : NULL;
}

static bool is_retryable(const Json *error, ErrorType type) {
    const Json *retryable = json_member(error, STR("retryable"));
    RetryPolicy policy = retry_policy_default();

    return retryable ? retryable->type == JSON_TRUE : retry_wants(&policy, type);
}

static void answer_error(const Simulation *simulation, const StepOrder *step, const Json *error,
                         ExecOutcome *outcome) {
    ScopeFailure words = {
        .message = json_str(json_member(error, STR("message"))),
        .step = simulation->plan->nodes[step->node].id,
        .attempt = step->attempt,
    };
    const Json *status = json_member(error, STR("status"));
    int64_t number = 0;

    CHECK(error_type_of(error, &words.type)); /* it was checked before the start */
    if (words.type == ERROR_USER)
        words.user_type = json_str(json_member(error, STR("type")));
    if (json_is(status, JSON_NUMBER) && json_to_int64(status, &number))
        words.status = (uint32_t)number;
    words.retryable = is_retryable(error, words.type);
    outcome->status = STEP_FAILED;
    outcome->effect = EFFECT_ANSWERED;
    outcome->retryable = words.retryable;
    outcome->error = scope_error_object(simulation->arena, &words);
}

static void answer_end(const StepEnd *end, ExecOutcome *outcome) {
    outcome->status = end->status;
    outcome->effect = end->effect;
    outcome->output = end->output;
    outcome->error = end->error;
    outcome->retryable = end->retryable;
    outcome->retry_after_ms = end->retry_after_ms;
}

/* Without a mock a step does what needs nobody else. */
static int answer_itself(Simulation *simulation, const StepOrder *step, ExecOutcome *outcome) {
    StepAsk ask;

    step_begin(step, simulation->arena, &ask);
    if (ask.type == ASK_NOTHING) {
        answer_end(&ask.end, outcome);
        return 0;
    }
    return refuse(simulation, SIMULATION_E_NO_MOCK,
                  str_printf(simulation->arena, "step `%.*s` would call %.*s %.*s: give it mocks",
                             STR_ARGS(simulation->plan->nodes[step->node].id),
                             STR_ARGS(ask.request.method), STR_ARGS(ask.request.url)));
}

static int answer(Simulation *simulation, const StepOrder *step, ExecOutcome *outcome) {
    const Json *mock = next_mock(simulation, step->node);
    const Json *output = mock ? json_member(mock, STR("output")) : NULL;
    const Json *error = mock ? json_member(mock, STR("error")) : NULL;
    StepEnd end;

    if (mock == NULL)
        return answer_itself(simulation, step, outcome);
    if (output) {
        outcome->status = STEP_COMPLETED;
        outcome->effect = EFFECT_ANSWERED;
        outcome->output = json_text(simulation->arena, output);
    } else if (error) {
        answer_error(simulation, step, error, outcome);
    } else {
        step_resume_mock(step, json_member(mock, STR("response")), simulation->arena, &end);
        answer_end(&end, outcome);
    }
    return 0;
}

int simulation_answer(Simulation *simulation, const ExecEffect *task, ExecOutcome *ret_outcome) {
    const PlanNode *node = &simulation->plan->nodes[task->node];
    Json input;
    StepOrder step = {
        .plan = simulation->plan,
        .node = task->node,
        .execution = exec_facts(simulation->exec)->id,
        .scope = STR(""),
        .attempt = task->attempt,
        .opened_ms = task->opened_ms,
        .timeout_ms = node->attempt_timeout_ms,
        .traceparent = STR(""),
        .input = &input,
    };
    int r;

    r = open_input(simulation, task, &input);
    if (r)
        return fault_pass(r);
    r = answer(simulation, &step, ret_outcome);
    if (r)
        return r;
    ret_outcome->input = json_text(simulation->arena, &input);
    return 0;
}
