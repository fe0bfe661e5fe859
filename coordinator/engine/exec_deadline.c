/*
 * The next moment that matters to an open step. One at a time: when it has come, the step has moved
 * and has another one.
 *
 * A step that a fold brought back does not know since when it is in hand; what must be counted is
 * counted from the moment somebody looks.
 */

#include "coordinator/engine/exec_private.h"

/* On a tie the first one wins: a wait that is over is not a timeout. */
static void consider(ExecDeadline *deadline, ExecDue due, int64_t at_ms) {
    if (deadline->due == DUE_NOTHING || at_ms < deadline->at_ms)
        *deadline = (ExecDeadline){.due = due, .at_ms = at_ms};
}

static void consider_since(ExecDeadline *deadline, const ExecStep *step, ExecDue due,
                           int64_t span_ms) {
    if (step->since_ms == 0)
        consider(deadline, DUE_COUNT, step->opened_ms);
    else
        consider(deadline, due, step->since_ms + span_ms);
}

static void consider_running(ExecDeadline *deadline, const PlanNode *node, const ExecStep *step) {
    if (node->attempt_timeout_ms)
        consider_since(deadline, step, DUE_ATTEMPT_TIMEOUT,
                       node->attempt_timeout_ms + ATTEMPT_GRACE_MS);
    if (node->heartbeat_timeout_ms && step->heard_ms)
        consider(deadline, DUE_HEARTBEAT_TIMEOUT, step->heard_ms + node->heartbeat_timeout_ms);
}

ExecDeadline exec_deadline(const Exec *exec, uint32_t node) {
    const PlanNode *plan_node = &exec->plan->nodes[node];
    const ExecStep *step = exec_at(exec, node);
    ExecDeadline deadline = {.due = DUE_NOTHING};

    if (exec->ending != ENDING_NONE || !exec_is_open(step))
        return deadline;
    if (step->phase == PHASE_READY)
        consider(&deadline, DUE_WAIT, step->opened_ms);
    if (step->phase == PHASE_WAITING)
        consider(&deadline, DUE_WAIT, step->wait_ms);
    if (plan_node->timeout_ms)
        consider(&deadline, DUE_STEP_TIMEOUT, step->opened_ms + plan_node->timeout_ms);
    if (step->phase == PHASE_QUEUED && plan_node->queue_timeout_ms)
        consider_since(&deadline, step, DUE_QUEUE_TIMEOUT, plan_node->queue_timeout_ms);
    if (step->phase == PHASE_RUNNING)
        consider_running(&deadline, plan_node, step);
    return deadline;
}

int64_t exec_due_ms(const Exec *exec) {
    if (execution_status_is_terminal(exec->status))
        return 0;
    if (exec->ending != ENDING_NONE)
        return exec->grace_ms ? exec->grace_ms : exec->facts.started_ms;
    return exec->plan->timeout_ms ? exec->facts.started_ms + exec->plan->timeout_ms : 0;
}
