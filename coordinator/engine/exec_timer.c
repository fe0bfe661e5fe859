/*
 * A timer rang. It says nothing but "look again": what is really due is decided by the state, so
 * that a timer that comes early, twice or long after its step has ended does nothing.
 */

#include "coordinator/engine/exec_private.h"

static int wait_is_over(ExecTurn *turn, uint32_t node) {
    const ExecStep *step = exec_at(turn->exec, node);
    ExecRow row;

    if (step->phase == PHASE_READY) /* its wait was never kept: it is made again */
        return exec_begin(turn, node);
    if (step->reason == REASON_READY)
        return exec_begin_again(turn, node);
    if (step->reason == REASON_RETRY)
        return exec_dispatch(turn, node, step->dispatch_no > 0);
    row = exec_row(turn, node, STEP_COMPLETED);
    row.output = STR("null");
    exec_record(turn, row);
    return 0;
}

/* Where the worker may be at it, its outcome is not known. */
static int time_out(ExecTurn *turn, uint32_t node, Str message, bool retryable) {
    bool in_hand = exec_is_in_hand(exec_at(turn->exec, node));
    ExecFailure failure = exec_failure(turn, node, STEP_TIMED_OUT, ERROR_TIMEOUT);

    failure.message = message;
    failure.retryable = retryable;
    failure.effect = in_hand ? EFFECT_UNKNOWN : EFFECT_NOT_SENT;
    if (in_hand)
        exec_effect(turn, EXEC_EFFECT_REVOKE, node);
    return exec_fail(turn, &failure);
}

static int is_due(ExecTurn *turn, uint32_t node, ExecDue due) {
    ExecStep *step = exec_at(turn->exec, node);

    switch (due) {
    case DUE_NOTHING:
        return 0;
    case DUE_WAIT:
        return wait_is_over(turn, node);
    case DUE_COUNT:
        step->since_ms = turn->now_ms;
        return 0;
    case DUE_STEP_TIMEOUT:
        return time_out(turn, node, STR("the step took longer than its timeoutMs"), false);
    case DUE_QUEUE_TIMEOUT:
        return time_out(turn, node, STR("no worker took the step within its queueTimeoutMs"),
                        false);
    case DUE_ATTEMPT_TIMEOUT:
        return time_out(turn, node, STR("the attempt took longer than its attemptTimeoutMs"), true);
    case DUE_HEARTBEAT_TIMEOUT:
        return exec_lose(turn, node);
    }
    CHECK_UNREACHABLE();
}

static int on_step(ExecTurn *turn, uint32_t node) {
    ExecDeadline deadline = exec_deadline(turn->exec, node);
    int r = 0;

    exec_at(turn->exec, node)->armed_ms = 0;
    if (deadline.due != DUE_NOTHING && deadline.at_ms <= turn->now_ms)
        r = is_due(turn, node, deadline.due);
    if (r)
        return fault_pass(r);
    exec_arm(turn, node);
    return 0;
}

/* The execution's own moment: its timeout, or the end of the patience with an ending. */
static int on_execution(ExecTurn *turn) {
    Exec *exec = turn->exec;
    int64_t due_ms = exec_due_ms(exec);

    exec->armed_ms = 0;
    if (exec->ending != ENDING_NONE && exec->grace_ms == 0)
        exec_close(turn);
    else if (exec->ending != ENDING_NONE && due_ms <= turn->now_ms)
        exec_force(turn);
    else if (due_ms && due_ms <= turn->now_ms)
        exec_end(turn, ENDING_TIMED_OUT, STR("the execution took longer than its timeoutMs"));
    if (exec->open_count > 0)
        exec_arm_execution(turn);
    return 0;
}

int exec_on_timer(ExecTurn *turn) {
    uint32_t node = turn->event->node;

    if (node == PLAN_NONE)
        return on_execution(turn);
    if (node >= turn->plan->node_count)
        return EXEC_E_UNKNOWN_STEP;
    return on_step(turn, node);
}
