/*
 * The state from what was recorded. Rows come from a database: one that does not fit is refused,
 * never trusted.
 */

#include "coordinator/engine/exec_private.h"

/* The turn that wrote the row worked these off: what became of them are other rows, or waits. */
static void forget_fresh(Exec *exec) {
    while (exec->fresh_first < exec->fresh_last)
        exec_at(exec, exec->fresh[exec->fresh_first++])->is_fresh = false;
}

static bool fits(const Exec *exec, const ExecRow *row) {
    const ExecStep *step;
    bool is_last = row->reason != REASON_RETRIED && row->reason != REASON_LOST;

    if (row->node >= exec->plan->node_count || row->ord != exec->ord + 1)
        return false;
    if (row->scope.length > 0 || row->visit != 0 || !step_status_is_terminal(row->status))
        return false;
    step = exec_at(exec, row->node);
    return exec_is_open(step) && row->attempt == step->attempt &&
           (is_last || step->phase != PHASE_READY);
}

int exec_fold(Exec *exec, const ExecRow *row) {
    if (!fits(exec, row))
        return EXEC_E_ROW;

    exec_apply(exec, row);
    forget_fresh(exec);
    exec->now_ms = MAX(exec->now_ms, row->completed_ms);
    if (exec->status == EXECUTION_PENDING)
        exec->status = EXECUTION_RUNNING;
    return 0;
}

static bool wait_is_known(const Exec *exec, const ExecWait *wait) {
    return wait->node < exec->plan->node_count && wait->visit == 0 &&
           exec_is_open(exec_at(exec, wait->node)) &&
           exec_at(exec, wait->node)->attempt == wait->attempt;
}

static bool is_wait(StepReason reason) {
    return reason == REASON_TIMER || reason == REASON_RETRY || reason == REASON_READY;
}

int exec_fold_wait(Exec *exec, const ExecWait *wait) {
    ExecStep *step;

    if (wait->node == PLAN_NONE) /* the execution's own deadline follows from its plan */
        return 0;
    if (!wait_is_known(exec, wait))
        return EXEC_E_ROW;

    forget_fresh(exec);
    step = exec_at(exec, wait->node);
    if (is_wait(wait->reason)) {
        if (step->phase == PHASE_WAITING)
            return EXEC_E_ROW;
        exec_move(exec, wait->node, PHASE_WAITING);
        step->reason = wait->reason;
        step->wait_ms = wait->due_ms;
    } else if (wait->reason == REASON_RUNNING && step->phase == PHASE_QUEUED) {
        exec_move(exec, wait->node, PHASE_RUNNING);
        step->run = wait->run;
    } else if (wait->reason != REASON_QUEUED) {
        return EXEC_E_ROW;
    }
    return 0;
}

static ExecEnding ending_of(Str error) {
    Arena arena;
    ErrorType type;

    arena_init(&arena, 0);
    type = scope_error_type(error, &arena);
    arena_done(&arena);
    return type == ERROR_TIMEOUT ? ENDING_TIMED_OUT : ENDING_CANCELLED;
}

void exec_fold_status(Exec *exec, ExecutionStatus status, Str error) {
    if (status != EXECUTION_PENDING)
        forget_fresh(exec);
    exec->status = status;
    if (status != EXECUTION_CANCELLING)
        return;
    exec->ending = ending_of(error);
    exec_keep(exec, &exec->ending_error, error);
}
