/*
 * Nobody has heard of a task any more.
 *
 * Where no worker ever began, the task is sent again: a queue that is long is no failure. Where one
 * had begun, the attempt is lost; it is not charged to the step's attempts, but five in a row say
 * that it is the step that kills its workers.
 */

#include "coordinator/engine/exec_private.h"

static int give_up(ExecTurn *turn, uint32_t node, ErrorType type, Str message) {
    ExecFailure failure = exec_failure(turn, node, STEP_FAILED, type);

    failure.message = message;
    failure.effect = EFFECT_UNKNOWN;
    return exec_fail(turn, &failure);
}

int exec_lose(ExecTurn *turn, uint32_t node) {
    const ExecStep *step = exec_at(turn->exec, node);
    ExecFailure failure = exec_failure(turn, node, STEP_FAILED, ERROR_LEASE_LOST);
    bool is_repeatable;
    int r;

    r = exec_is_repeatable(turn, node, &is_repeatable);
    if (r)
        return fault_pass(r);
    if (!is_repeatable || step->lost_count + 1 >= LEASES_LOST_MAX)
        return give_up(turn, node, ERROR_LEASE_LOST, STR("its worker fell silent"));

    failure.message = STR("its worker fell silent");
    failure.retryable = true;
    failure.row.reason = REASON_LOST;
    failure.row.error = exec_error(turn, &failure);
    exec_record(turn, failure.row);
    return exec_dispatch(turn, node, false);
}

static int send_again(ExecTurn *turn, uint32_t node) {
    ExecStep *step = exec_at(turn->exec, node);

    step->silence_count++;
    if (step->silence_count >= DISPATCHES_MAX)
        return give_up(turn, node, ERROR_DISPATCH_LIMIT,
                       STR("the step was handed out again and again and nobody ever answered"));
    return exec_dispatch(turn, node, true);
}

int exec_on_lost(ExecTurn *turn) {
    const ExecEvent *event = turn->event;
    const ExecStep *step;

    if (event->node >= turn->plan->node_count)
        return EXEC_E_UNKNOWN_STEP;
    step = exec_at(turn->exec, event->node);
    if (step->phase == PHASE_UNREACHED)
        return EXEC_E_UNKNOWN_STEP;
    if (!exec_is_in_hand(step) || event->visit != 0 || event->attempt != step->attempt ||
        (event->lost_unstarted && step->phase == PHASE_RUNNING))
        return EXEC_E_LATE;

    if (turn->exec->ending != ENDING_NONE) {
        exec_record_closed(turn, event->node);
        return 0;
    }
    return event->lost_unstarted ? send_again(turn, event->node) : exec_lose(turn, event->node);
}
