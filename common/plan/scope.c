/* Evaluating a step's programs in its scope. */

#include "common/plan/scope.h"

#include "common/base/buf.h"
#include "common/base/check.h"
#include "common/json/storable.h"
#include "common/model/limits.h"
#include "common/plan/instant.h"
#include "common/plan/place.h"
#include "common/plan/scope_private.h"

/* One evaluation: what is seen, and where the answer to a mistake goes. */
typedef struct Evaluation {
    Json roots;
    ExprContext context;
    Arena *arena;
    ScopeError *error;
} Evaluation;

static int fail(Evaluation *evaluation, int refusal, Str message) {
    static const ErrorType types[] = {
        [SCOPE_E_EXPRESSION] = ERROR_EXPRESSION,
        [SCOPE_E_VALIDATION] = ERROR_VALIDATION,
        [SCOPE_E_TOO_LARGE] = ERROR_PAYLOAD_TOO_LARGE,
    };

    *evaluation->error = (ScopeError){
        .type = types[refusal],
        .message = text_storable(evaluation->arena, message),
    };
    return refusal;
}

static ExprContext context_at(int64_t now_ms, Arena *arena) {
    return (ExprContext){.now_ms = now_ms, .budget = EXPR_BUDGET_DEFAULT, .arena = arena};
}

static int evaluation_open(Evaluation *evaluation, const Scope *scope, uint32_t node,
                           const PlanReads *reads) {
    evaluation->context = context_at(scope->now_ms, evaluation->arena);
    if (scope_roots(scope, node, reads, evaluation->arena, &evaluation->roots))
        return fail(evaluation, SCOPE_E_VALIDATION, STR("what was recorded is not JSON"));
    return 0;
}

static int evaluate_expr(Evaluation *evaluation, const Expr *expr, const char *place,
                         bool *ret_truth) {
    ExprMistake mistake = {0};
    Json result;
    int r = expr_eval_one(expr, &evaluation->roots, &evaluation->context, &result, &mistake);

    if (r)
        return fail(evaluation, SCOPE_E_EXPRESSION,
                    str_printf(evaluation->arena, "%s: %s", place, mistake.message));
    if (result.type != JSON_TRUE && result.type != JSON_FALSE)
        return fail(evaluation, SCOPE_E_EXPRESSION,
                    str_printf(evaluation->arena, "%s: the answer must be true or false, not %s",
                               place, json_type_name(&result)));
    *ret_truth = result.type == JSON_TRUE;
    return 0;
}

static int evaluate_template(Evaluation *evaluation, const Template *template, const char *place,
                             bool is_late, Json *ret_value) {
    TemplateMistake mistake = {0};
    int r;

    if (is_late)
        r = template_eval_late(template, &evaluation->roots, &evaluation->context, ret_value,
                               &mistake);
    else
        r = template_eval(template, &evaluation->roots, &evaluation->context, ret_value, &mistake);
    if (r)
        return fail(evaluation, SCOPE_E_EXPRESSION,
                    str_printf(evaluation->arena, "%s%s: %s", place, mistake.pointer,
                               mistake.mistake.message));
    return 0;
}

static int check_size(Evaluation *evaluation, const char *place, Str text) {
    if (text.length <= PAYLOAD_BYTES_MAX)
        return 0;
    return fail(evaluation, SCOPE_E_TOO_LARGE,
                str_printf(evaluation->arena, "%s: %zu bytes, at most %u", place, text.length,
                           PAYLOAD_BYTES_MAX));
}

/* The text that is recorded: small enough, and accepted by the database. */
static int write_value(Evaluation *evaluation, const char *place, const Json *value,
                       Str *ret_text) {
    JsonMistake mistake = {.message = ""};
    Str text;
    int r;

    if (json_value_storable(value, &mistake))
        return fail(evaluation, SCOPE_E_VALIDATION,
                    str_printf(evaluation->arena, "%s: the result cannot be stored: %s", place,
                               mistake.message));
    text = json_text(evaluation->arena, value);
    r = check_size(evaluation, place, text);
    if (r)
        return r;
    *ret_text = text;
    return 0;
}

static int evaluate_text(Evaluation *evaluation, const Template *template, const char *place,
                         bool is_late, Str *ret_text) {
    Json value;
    int r = evaluate_template(evaluation, template, place, is_late, &value);

    return r ? r : write_value(evaluation, place, &value, ret_text);
}

int scope_condition(const Scope *scope, uint32_t node, Arena *arena, bool *ret_truth,
                    ScopeError *ret_error) {
    const PlanNode *plan_node = &scope->plan->nodes[node];
    Evaluation evaluation = {.arena = arena, .error = ret_error};
    int r = evaluation_open(&evaluation, scope, node, &plan_node->reads);

    CHECK(plan_node->condition != NULL);
    return r ? r : evaluate_expr(&evaluation, plan_node->condition, "condition", ret_truth);
}

int scope_switch(const Scope *scope, uint32_t node, Arena *arena, Str *ret_outcome,
                 ScopeError *ret_error) {
    const PlanNode *plan_node = &scope->plan->nodes[node];
    Evaluation evaluation = {.arena = arena, .error = ret_error};
    _cleanup_(buf_done) Buf outcome = {0};
    bool is_done = false;
    int r = evaluation_open(&evaluation, scope, node, &plan_node->reads);

    CHECK(plan_node->type == STEP_SWITCH);
    for (uint32_t i = 0; r == 0 && i < plan_node->case_count && !is_done; i++) {
        const char *place = arena_printf(arena, "config/cases/%u/when", i);
        bool is_taken = false;

        r = evaluate_expr(&evaluation, plan_node->cases[i].when, place, &is_taken);
        if (r == 0 && is_taken)
            buf_printf(&outcome, "%scase%u", outcome.length ? "," : "", i);
        is_done = is_taken && !plan_node->switch_all;
    }
    if (r)
        return r;
    if (outcome.length == 0)
        buf_add_text(&outcome, plan_node->has_default ? "default" : "none");
    *ret_outcome = str_copy(arena, buf_str(&outcome));
    return 0;
}

int scope_input(const Scope *scope, uint32_t node, Arena *arena, Str *ret_input,
                ScopeError *ret_error) {
    const PlanNode *plan_node = &scope->plan->nodes[node];
    Evaluation evaluation = {.arena = arena, .error = ret_error};
    int r;

    if (plan_node->input == NULL) {
        *ret_input = STR("{}");
        return 0;
    }
    r = evaluation_open(&evaluation, scope, node, &plan_node->reads);
    return r ? r
             : evaluate_text(&evaluation, plan_node->input, "inputMappings",
                             plan_node->type == STEP_ACTION, ret_input);
}

/* A raw result is checked like a computed one: it came from outside. */
static int keep_raw(Evaluation *evaluation, Str raw, Str *ret_output) {
    JsonMistake mistake = {.message = ""};
    int r = check_size(evaluation, "output", raw);

    if (r)
        return r;
    if (json_storable(raw, &mistake))
        return fail(
            evaluation, SCOPE_E_VALIDATION,
            str_printf(evaluation->arena, "output: it cannot be stored: %s", mistake.message));
    *ret_output = raw;
    return 0;
}

int scope_output(const ScopeRaw *raw, Arena *arena, Str *ret_output, ScopeError *ret_error) {
    const PlanNode *plan_node = &raw->plan->nodes[raw->node];
    Evaluation evaluation = {
        .arena = arena,
        .error = ret_error,
        .context = context_at(raw->now_ms, arena),
    };

    CHECK(raw->node < raw->plan->node_count);
    if (plan_node->output == NULL)
        return keep_raw(&evaluation, raw->text, ret_output);
    if (!scope_parse(arena, raw->text, &evaluation.roots))
        return fail(&evaluation, SCOPE_E_VALIDATION, STR("output: the result is not JSON"));
    return evaluate_text(&evaluation, plan_node->output, "outputMappings", false, ret_output);
}

static int due_after(Evaluation *evaluation, const Json *value, int64_t *ret_due_ms) {
    int64_t for_ms;

    if (!json_is(value, JSON_NUMBER) || !json_to_int64(value, &for_ms) || for_ms < 0 ||
        for_ms > DURATION_MS_MAX)
        return fail(evaluation, SCOPE_E_VALIDATION,
                    str_printf(evaluation->arena,
                               "config/forMs: this must be a whole number of milliseconds from 0 "
                               "to %lld",
                               (long long)DURATION_MS_MAX));
    *ret_due_ms = evaluation->context.now_ms + for_ms;
    return 0;
}

/* A moment in the past is over at once. */
static int due_at(Evaluation *evaluation, const Json *value, int64_t *ret_due_ms) {
    int64_t now_ms = evaluation->context.now_ms;
    int64_t due_ms;

    if (!json_is(value, JSON_STRING) || !instant_from_text(json_str(value), &due_ms))
        return fail(evaluation, SCOPE_E_VALIDATION,
                    STR("config/until: this must be a moment with its offset, like "
                        "2026-03-01T08:00:00+01:00"));
    if (due_ms > now_ms + DURATION_MS_MAX)
        return fail(evaluation, SCOPE_E_VALIDATION,
                    STR("config/until: the moment is more than a year away"));
    *ret_due_ms = MAX(due_ms, now_ms);
    return 0;
}

int scope_delay(const Scope *scope, uint32_t node, Arena *arena, int64_t *ret_due_ms,
                ScopeError *ret_error) {
    const PlanNode *plan_node = &scope->plan->nodes[node];
    Evaluation evaluation = {.arena = arena, .error = ret_error};
    bool is_for = plan_node->delay_for != NULL;
    Json value;
    int r = evaluation_open(&evaluation, scope, node, &plan_node->reads);

    CHECK(plan_node->type == STEP_DELAY);
    if (r == 0)
        r = evaluate_template(&evaluation, is_for ? plan_node->delay_for : plan_node->delay_until,
                              is_for ? "config/forMs" : "config/until", false, &value);
    if (r)
        return r;
    return is_for ? due_after(&evaluation, &value, ret_due_ms)
                  : due_at(&evaluation, &value, ret_due_ms);
}

/* TERMINATE --------------------------------------------------------------------------------- */

/* A member that must be text when it is there. */
static bool text_member(const Json *object, const char *key, Str *ret_text) {
    const Json *value = json_member(object, str_of(key));

    if (value == NULL)
        return true;
    *ret_text = json_str(value);
    return json_is(value, JSON_STRING);
}

static bool fill_failure(Arena *arena, const Json *error, ScopeFailure *failure) {
    const Json *status = json_member(error, STR("status"));
    const Json *cause = json_member(error, STR("cause"));
    Str type = STR_NONE;
    int64_t number = 0;

    if (json_is(error, JSON_STRING)) {
        failure->message = json_str(error);
        return true;
    }
    if (!json_is(error, JSON_OBJECT) || !text_member(error, "type", &type) ||
        !text_member(error, "message", &failure->message) ||
        !text_member(error, "title", &failure->title) ||
        !text_member(error, "detail", &failure->detail))
        return false;
    if (status != NULL && (!json_to_int64(status, &number) || number < 0 || number > 999))
        return false;
    failure->status = (uint32_t)number;
    if (cause != NULL)
        failure->cause = json_text(arena, cause);
    if (error_type_from_word(type, &failure->type))
        failure->user_type = STR_NONE;
    else if (str_starts(type, STR("USER:")))
        failure->user_type = type;
    else if (type.length > 0)
        failure->user_type = str_printf(arena, "USER:%.*s", STR_ARGS(type));
    return true;
}

static int terminate_error(Evaluation *evaluation, const PlanNode *node, Str *ret_error_object) {
    bool is_cancelled = node->terminate_status == EXECUTION_CANCELLED;
    ScopeFailure failure = {
        .type = is_cancelled ? ERROR_CANCELLED : ERROR_USER,
        .user_type = is_cancelled ? STR_NONE : STR("USER:TERMINATED"),
        .message =
            str_printf(evaluation->arena, "the step %.*s ended the execution", STR_ARGS(node->id)),
        .step = node->id,
    };
    Json error;
    int r;

    if (node->terminate_error != NULL) {
        r = evaluate_template(evaluation, node->terminate_error, "config/error", false, &error);
        if (r)
            return r;
        if (json_value_storable(&error, NULL) || !fill_failure(evaluation->arena, &error, &failure))
            return fail(evaluation, SCOPE_E_VALIDATION,
                        STR("config/error: this must be a text, or an object with type, message, "
                            "title and detail as text, status as number, and cause"));
    }
    *ret_error_object = scope_error_object(evaluation->arena, &failure);
    return check_size(evaluation, "config/error", *ret_error_object);
}

int scope_terminate(const Scope *scope, uint32_t node, Arena *arena, ScopeEnd *ret_end,
                    ScopeError *ret_error) {
    const PlanNode *plan_node = &scope->plan->nodes[node];
    Evaluation evaluation = {.arena = arena, .error = ret_error};
    ScopeEnd end = {.output = STR("null")};
    int r = evaluation_open(&evaluation, scope, node, &plan_node->reads);

    CHECK(plan_node->type == STEP_TERMINATE);
    if (r == 0 && plan_node->terminate_output != NULL)
        r = evaluate_text(&evaluation, plan_node->terminate_output, "config/output", false,
                          &end.output);
    if (r == 0 && plan_node->terminate_status != EXECUTION_COMPLETED)
        r = terminate_error(&evaluation, plan_node, &end.error);
    if (r == 0)
        *ret_end = end;
    return r;
}

/* Output of an execution -------------------------------------------------------------------- */

static bool ended_branch(const Scope *scope, uint32_t node) {
    const PlanNode *plan_node = &scope->plan->nodes[node];
    StepStatus status = scope->steps[node].status;

    if (status != STEP_COMPLETED && status != STEP_FAILED_HANDLED)
        return false;
    for (uint32_t i = plan_node->out_first; i < plan_node->out_first + plan_node->out_count; i++) {
        if (scope->edges == NULL || scope->edges[i] == EDGE_TAKEN)
            return false;
    }
    return true;
}

static void add_outputs(const Scope *scope, Buf *buf) {
    buf_add_char(buf, '{');
    for (uint32_t i = 0; i < scope->plan->node_count; i++) {
        Str output = scope->steps[i].output;

        if (!ended_branch(scope, i))
            continue;
        if (buf->length > 1)
            buf_add_char(buf, ',');
        json_write_string(buf, scope->plan->nodes[i].id);
        buf_add_char(buf, ':');
        buf_add_str(buf, output.length > 0 ? output : STR("null"));
    }
    buf_add_char(buf, '}');
}

int scope_final(const Scope *scope, Arena *arena, Str *ret_output, ScopeError *ret_error) {
    Evaluation evaluation = {.arena = arena, .error = ret_error};
    _cleanup_(buf_done) Buf outputs = {0};
    int r;

    if (scope->plan->output != NULL) {
        r = evaluation_open(&evaluation, scope, PLAN_NONE, &scope->plan->output_reads);
        return r ? r : evaluate_text(&evaluation, scope->plan->output, "output", false, ret_output);
    }
    add_outputs(scope, &outputs);
    r = check_size(&evaluation, "output", buf_str(&outputs));
    if (r)
        return r;
    *ret_output = str_copy(arena, buf_str(&outputs));
    return 0;
}
