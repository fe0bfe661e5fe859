/*
 * A worker has reported on one attempt.
 *
 * Its word counts when the step is open, the attempt is the current one and the run is the one that
 * holds it, whichever copy of the task it came from. Everything else is late and changes nothing.
 */

#include "coordinator/engine/exec_private.h"

static int reach(const ExecTurn *turn) {
    const ExecEvent *event = turn->event;

    if (event->node >= turn->plan->node_count ||
        exec_at(turn->exec, event->node)->phase == PHASE_UNREACHED)
        return EXEC_E_UNKNOWN_STEP;
    return 0;
}

static bool is_current(const ExecTurn *turn) {
    const ExecEvent *event = turn->event;
    const ExecStep *step = exec_at(turn->exec, event->node);

    if (event->visit != 0 || event->attempt != step->attempt)
        return false;
    if (step->released_run && step->released_run == event->outcome.run)
        return false;
    return step->run == 0 || step->run == event->outcome.run;
}

/*
 * A task that was given back may have a copy in other hands: what comes of it counts too, while the
 * step waits to be sent again.
 */
static bool is_awaited(const ExecStep *step) {
    return exec_is_in_hand(step) || (step->phase == PHASE_WAITING && step->reason == REASON_RETRY);
}

static int accept_outcome(ExecTurn *turn) {
    const ExecStep *step;
    int r = reach(turn);

    if (r) {
        exec_tell_late(turn);
        return r;
    }
    step = exec_at(turn->exec, turn->event->node);
    if (is_awaited(step) && is_current(turn) && turn->event->outcome.index == step->index)
        return 0;
    exec_tell_late(turn);
    return EXEC_E_LATE;
}

static int64_t clamp_ms(int64_t low, int64_t value, int64_t high) {
    return MIN(MAX(value, low), high);
}

/* Workers' clocks are not ours: what they say is bent into what can be. */
static void tell_times(const ExecTurn *turn, ExecRow *row) {
    const ExecOutcome *outcome = &turn->event->outcome;

    row->run = outcome->run;
    if (outcome->ended_ms)
        row->completed_ms = clamp_ms(row->opened_ms, outcome->ended_ms, turn->now_ms);
    if (outcome->started_ms)
        row->started_ms = clamp_ms(row->opened_ms, outcome->started_ms, row->completed_ms);
}

/* The input as it was sent; the worker only tells it when it differs from what was asked for. */
static Str input_of(ExecTurn *turn) {
    ScopeError error;
    Str input;

    if (turn->event->outcome.input.data)
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
    row.output = turn->event->outcome.output.data ? turn->event->outcome.output : STR("null");
    if (row.output.length > PAYLOAD_BYTES_MAX)
        return too_large(turn, &row, STR("the output is larger than a payload may be"));
    if (!exec_has_room(turn->exec, row.output.length))
        return too_large(turn, &row, STR("the execution's state would pass its limit"));
    row.outcome = ports_of(turn, node);
    row.continues = turn->event->outcome.continues && turn->exec->ending == ENDING_NONE;
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
    failure.message = message_of(status);
    if (outcome->error.data)
        failure.type = scope_error_type(outcome->error, turn->arena);
    else if (status == STEP_CANCELLED)
        failure.type = ERROR_CANCELLED;
    failure.retryable = outcome->retryable && status != STEP_INDETERMINATE;
    failure.effect = outcome->effect;
    failure.retry_after_ms = outcome->retry_after_ms;
    return exec_fail(turn, &failure);
}

int exec_on_ended(ExecTurn *turn) {
    bool is_ending = turn->exec->ending != ENDING_NONE;
    int r = accept_outcome(turn);

    if (r)
        return r;
    switch (turn->event->outcome.status) {
    case STEP_COMPLETED:
        return complete(turn);
    case STEP_TIMED_OUT:
    case STEP_INDETERMINATE:
        return fail(turn, turn->event->outcome.status);
    case STEP_CANCELLED: /* as it was asked to; on its own account it is a failure */
        return fail(turn, is_ending ? STEP_CANCELLED : STEP_FAILED);
    case STEP_PENDING: /* a worker cannot mean these */
    case STEP_RUNNING:
    case STEP_WAITING:
    case STEP_FAILED_HANDLED:
    case STEP_SKIPPED:
    case STEP_FAILED:
    case _STEP_STATUS_COUNT:
        return fail(turn, STEP_FAILED);
    }
    return fail(turn, STEP_FAILED);
}

int exec_on_started(ExecTurn *turn) {
    ExecStep *step;
    int r = reach(turn);

    if (r)
        return r;
    step = exec_at(turn->exec, turn->event->node);
    if (!exec_is_in_hand(step) || !is_current(turn))
        return EXEC_E_LATE;

    if (step->phase == PHASE_QUEUED) {
        exec_move(turn->exec, turn->event->node, PHASE_RUNNING);
        step->since_ms = turn->now_ms;
    }
    step->run = turn->event->outcome.run;
    step->heard_ms = turn->now_ms;
    step->silence_count = 0;
    exec_arm(turn, turn->event->node);
    return 0;
}

/* Whether asking again at once would only get the same answer. */
static bool wants_pause(Released why) {
    switch (why) {
    case RELEASED_HOLD:
    case RELEASED_PLAN:
    case RELEASED_REV:
    case RELEASED_CANCEL:
        return true;
    case RELEASED_DRAIN:
    case RELEASED_EXPIRED:
    case RELEASED_BUDGET:
    case RELEASED_LEASE:
    case _RELEASED_COUNT:
        return false;
    }
    return false;
}

int exec_on_released(ExecTurn *turn) {
    uint32_t node = turn->event->node;
    ExecStep *step;
    int r = accept_outcome(turn);

    if (r)
        return r;
    step = exec_at(turn->exec, node);
    if (turn->exec->ending != ENDING_NONE) {
        exec_record_closed(turn, node);
        return 0;
    }
    if (!exec_is_in_hand(step)) /* a second copy was given back as well */
        return EXEC_E_LATE;
    step->released_run = turn->event->outcome.run;
    step->silence_count = 0;
    if (!wants_pause(turn->event->outcome.released))
        return exec_dispatch(turn, node, true);
    step->run = 0;
    step->index = 0;
    exec_wait(turn, node, REASON_RETRY, turn->now_ms + RELEASED_PAUSE_MS);
    return 0;
}
