/* A worker has reported how an attempt ended: it succeeded, or something becomes of the failure. */

#include "coordinator/engine/exec_private.h"

static int64_t clamp_ms(int64_t low, int64_t value, int64_t high) {
    return MIN(MAX(value, low), high);
}

/* What the coordinator decides itself when no chain does it: nobody started it, it has no input. */
static bool is_action(const ExecTurn *turn) {
    return turn->plan->nodes[turn->event->node].type == STEP_ACTION;
}

/* Workers' clocks are not ours: what they say is bent into what can be. */
static void tell_times(const ExecTurn *turn, ExecRow *row) {
    const ExecOutcome *outcome = &turn->event->outcome;

    row->run = outcome->run;
    if (outcome->ended_ms)
        row->completed_ms = clamp_ms(row->opened_ms, outcome->ended_ms, turn->now_ms);
    if (outcome->started_ms && is_action(turn))
        row->started_ms = clamp_ms(row->opened_ms, outcome->started_ms, row->completed_ms);
}

/* The input as it was sent; the worker only tells it when it differs from what was asked for. */
static Str input_of(ExecTurn *turn) {
    ScopeError error;
    Str input;

    if (!is_action(turn))
        return STR_NONE;
    if (turn->event->outcome.input.length > 0)
        return turn->event->outcome.input;
    if (exec_input(turn, turn->event->node, &input, &error))
        return STR_NONE;
    return str_copy(turn->arena, input);
}

static Str ports_of(const ExecTurn *turn, uint32_t node) {
    StepType type = turn->plan->nodes[node].type;

    if (turn->exec->ending != ENDING_NONE)
        return STR(EXEC_OUTCOME_CLOSED);
    if (type == STEP_CONDITION || type == STEP_SWITCH)
        return turn->event->outcome.outcome;
    return STR("");
}

static int too_large(ExecTurn *turn, const ExecRow *row, Str message) {
    ExecFailure failure = {
        .row = *row,
        .type = ERROR_PAYLOAD_TOO_LARGE,
        .message = message,
        .effect = EFFECT_ANSWERED,
    };

    failure.row.status = STEP_FAILED;
    failure.row.output = STR_NONE;
    return exec_fail(turn, &failure);
}

static int complete(ExecTurn *turn) {
    uint32_t node = turn->event->node;
    ExecRow row = exec_row(turn, node, STEP_COMPLETED);

    tell_times(turn, &row);
    row.input = input_of(turn);
    row.output = turn->event->outcome.output;
    if (row.output.length == 0)
        row.output = STR("null");
    if (row.output.length > PAYLOAD_BYTES_MAX)
        return too_large(turn, &row, STR("the output is larger than a payload may be"));
    if (!exec_has_room(turn->exec, row.output.length))
        return too_large(turn, &row, STR("the execution's state would pass its limit"));
    row.outcome = ports_of(turn, node);
    row.continues = turn->event->outcome.continues;
    exec_record(turn, row);
    return 0;
}

static Str message_of(StepStatus status) {
    if (status == STEP_INDETERMINATE)
        return STR("outcome unknown");
    return status == STEP_CANCELLED ? STR("cancelled") : STR("the worker gave no reason");
}

static int fail(ExecTurn *turn, StepStatus status) {
    const ExecOutcome *outcome = &turn->event->outcome;
    uint32_t node = turn->event->node;
    ExecFailure failure = exec_failure(turn, node, status, ERROR_INTERNAL);

    tell_times(turn, &failure.row);
    failure.row.input = input_of(turn);
    failure.error = outcome->error;
    failure.message = message_of(outcome->status);
    if (outcome->error.length > 0)
        failure.type = scope_error_type(outcome->error, turn->arena);
    else if (outcome->status == STEP_CANCELLED)
        failure.type = ERROR_CANCELLED;
    failure.retryable = outcome->retryable && status != STEP_INDETERMINATE;
    failure.effect = outcome->effect;
    failure.retry_after_ms = outcome->retry_after_ms;
    return exec_fail(turn, &failure);
}

int exec_on_ended(ExecTurn *turn) {
    bool is_ending = turn->exec->ending != ENDING_NONE;
    StepStatus status = turn->event->outcome.status;
    int r = exec_accept(turn);

    if (r)
        return r;
    switch (status) {
    case STEP_COMPLETED:
        return complete(turn);
    case STEP_FAILED:
    case STEP_TIMED_OUT:
    case STEP_INDETERMINATE:
        return fail(turn, status);
    case STEP_CANCELLED: /* as it was asked to; on its own account it is a failure */
        return fail(turn, is_ending ? STEP_CANCELLED : STEP_FAILED);
    case STEP_PENDING: /* no end at all: the worker is wrong, the step must not wait for ever */
    case STEP_RUNNING:
    case STEP_WAITING:
    case STEP_FAILED_HANDLED:
    case STEP_SKIPPED:
    case _STEP_STATUS_COUNT:
        break;
    }
    return fail(turn, STEP_FAILED);
}
