/*
 * What becomes of an attempt that failed: tried again, caught by an edge, or the end.
 *
 * The first answer that fits:
 *   nobody knows whether the call was made, and it must not be made twice   INDETERMINATE
 *   worth another try, attempts and time are left                           RETRIED, then a wait
 *   an error edge catches it                                                FAILED_HANDLED
 *   continueOnError                                                         FAILED_HANDLED, goes on
 *   failFast                                                                the execution ends
 *   otherwise                                                               the branch ends
 */

#include "coordinator/engine/exec_private.h"

ExecFailure exec_failure(const ExecTurn *turn, uint32_t node, StepStatus status, ErrorType type) {
    return (ExecFailure){.row = exec_row(turn, node, status), .type = type};
}

Str exec_error(const ExecTurn *turn, const ExecFailure *failure) {
    ScopeFailure words = {
        .type = failure->type,
        .message = failure->message,
        .step = turn->plan->nodes[failure->row.node].id,
        .attempt = failure->row.attempt,
        .retryable = failure->retryable,
    };

    return scope_error_object(turn->arena, &words);
}

/* Attempts that count: lost ones have a budget of their own. */
static uint32_t charged_count(const ExecStep *step) {
    return step->attempt - step->lost_count + 1;
}

/* The dice of an attempt: the same for ever, different for each. */
static int64_t delay_ms(const ExecTurn *turn, const ExecFailure *failure) {
    const PlanNode *node = &turn->plan->nodes[failure->row.node];
    const ExecStep *step = exec_at(turn->exec, failure->row.node);
    Rand dice;

    rand_seed(&dice, turn->exec->facts.seed ^ ((uint64_t)failure->row.node << 32) ^ step->attempt);
    return retry_delay_ms(&node->retry, charged_count(step), failure->retry_after_ms, &dice);
}

static bool wants_retry(const ExecTurn *turn, const ExecFailure *failure, int64_t due_ms) {
    const PlanNode *node = &turn->plan->nodes[failure->row.node];
    const ExecStep *step = exec_at(turn->exec, failure->row.node);
    int64_t elapsed_ms_max = node->retry.elapsed_ms_max;

    if (!failure->retryable || !retry_wants(&node->retry, failure->type))
        return false;
    if (charged_count(step) >= node->retry.attempts_max)
        return false;
    if (elapsed_ms_max && due_ms - step->opened_ms > elapsed_ms_max)
        return false;
    return node->timeout_ms == 0 || turn->now_ms < step->opened_ms + node->timeout_ms;
}

static int retry(ExecTurn *turn, ExecFailure *failure, int64_t due_ms) {
    failure->row.status = STEP_FAILED;
    failure->row.reason = REASON_RETRIED;
    failure->row.error = failure->error;
    exec_record(turn, failure->row);
    exec_wait(turn, failure->row.node, REASON_RETRY, due_ms);
    return 0;
}

/* An unknown outcome is no error of any type: only an edge that catches everything catches it. */
static uint32_t catch_all_port(const PlanNode *node) {
    for (uint32_t i = 0; i < node->error_count; i++) {
        const PlanMatch *match = &node->error_match[i];

        if (!match->types && !match->user_type_count && !match->status && !match->expr)
            return i;
    }
    return PLAN_NONE;
}

static uint32_t port_for(ExecTurn *turn, const ExecFailure *failure) {
    uint32_t node = failure->row.node;
    Scope scope;

    if (failure->row.status == STEP_INDETERMINATE)
        return catch_all_port(&turn->plan->nodes[node]);
    exec_see(turn, node, &scope);
    return scope_error_port(&scope, node, failure->error, &turn->scratch);
}

static int fail_for_good(ExecTurn *turn, ExecFailure *failure) {
    const PlanNode *node = &turn->plan->nodes[failure->row.node];
    ExecRow row = failure->row;
    uint32_t port = PLAN_NONE;

    row.error = failure->error;
    row.outcome = STR(EXEC_OUTCOME_CLOSED);
    if (turn->exec->ending == ENDING_NONE)
        port = port_for(turn, failure);
    if (port != PLAN_NONE) {
        row.status = STEP_FAILED_HANDLED;
        row.outcome = str_printf(turn->arena, "error%u", port);
    } else if (node->continue_on_error && turn->exec->ending == ENDING_NONE) {
        row.status = STEP_FAILED_HANDLED;
        row.outcome = STR("");
        row.output = str_printf(turn->arena, "{\"error\":%.*s}", STR_ARGS(failure->error));
    } else if (!turn->plan->fail_fast && turn->exec->ending == ENDING_NONE) {
        row.outcome = STR("none");
    }
    exec_record(turn, row);
    return 0;
}

/* What was sent must not be sent again when repeating it counts twice. */
static int doubt(ExecTurn *turn, ExecFailure *failure) {
    bool is_repeatable = true;
    int r = 0;

    if (failure->effect != EFFECT_NOT_SENT)
        r = exec_is_repeatable(turn, failure->row.node, &is_repeatable);
    if (r)
        return fault_pass(r);
    if (is_repeatable)
        return 0;
    failure->retryable = false;
    if (failure->effect == EFFECT_UNKNOWN)
        failure->row.status = STEP_INDETERMINATE;
    return 0;
}

int exec_fail(ExecTurn *turn, ExecFailure *failure) {
    int64_t due_ms;
    int r;

    r = doubt(turn, failure);
    if (r)
        return fault_pass(r);
    if (failure->error.length == 0 || failure->error.length > PAYLOAD_BYTES_MAX)
        failure->error = exec_error(turn, failure);
    due_ms = turn->now_ms + delay_ms(turn, failure);
    if (turn->exec->ending == ENDING_NONE && wants_retry(turn, failure, due_ms))
        return retry(turn, failure, due_ms);
    return fail_for_good(turn, failure);
}

int exec_fail_here(ExecTurn *turn, uint32_t node, ErrorType type, Str message) {
    ExecFailure failure = exec_failure(turn, node, STEP_FAILED, type);

    failure.message = message;
    failure.effect = EFFECT_NOT_SENT;
    return exec_fail(turn, &failure);
}
