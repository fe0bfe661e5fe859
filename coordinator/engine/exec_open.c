/*
 * Working off what was opened, in the order of opening: skipped, decided here, or sent out.
 *
 * What the coordinator does itself ends in the same turn and may open more; the queue is worked off
 * until it is empty. It ends because each step is opened once. A turn whose programs have looked at
 * more than TURN_SEEN_BYTES_MAX postpones the rest to turns of their own: others wait for the lane.
 */

#include "coordinator/engine/exec_private.h"

static int complete(ExecTurn *turn, uint32_t node, Str outcome, Str output) {
    ExecRow row = exec_row(turn, node, STEP_COMPLETED);

    if (!exec_has_room(turn->exec, output.length))
        return exec_fail_here(turn, node, ERROR_PAYLOAD_TOO_LARGE,
                              STR("the execution's state would pass its limit"));
    row.outcome = outcome;
    row.output = output;
    exec_record(turn, row);
    return 0;
}

static Str ports_of_skip(const ExecTurn *turn, StepReason reason) {
    if (turn->exec->ending != ENDING_NONE)
        return STR(EXEC_OUTCOME_CLOSED);
    return reason == REASON_GUARD ? STR("") : STR("none");
}

static int skip(ExecTurn *turn, uint32_t node, StepReason reason) {
    ExecRow row = exec_row(turn, node, STEP_SKIPPED);

    row.reason = reason;
    row.outcome = ports_of_skip(turn, reason);
    exec_record(turn, row);
    return 0;
}

/* A refusal of common/plan's programs is the step's own failure. */
static int refused(ExecTurn *turn, uint32_t node, int r, const ScopeError *error) {
    if (r < 0)
        return fault_pass(r);
    return exec_fail_here(turn, node, error->type, error->message);
}

static int begin_decision(ExecTurn *turn, uint32_t node) {
    ScopeDecision decision;
    ScopeError error;
    Scope scope;
    int r;

    exec_see(turn, node, &scope);
    r = scope_decide(&scope, node, &turn->scratch, &decision, &error);
    if (r)
        return refused(turn, node, r, &error);
    return complete(turn, node, str_copy(turn->arena, decision.outcome), decision.output);
}

static int begin_delay(ExecTurn *turn, uint32_t node) {
    ScopeError error;
    Scope scope;
    int64_t due_ms;
    int r;

    exec_see(turn, node, &scope);
    r = scope_delay(&scope, node, &turn->scratch, &due_ms, &error);
    if (r)
        return refused(turn, node, r, &error);
    if (due_ms <= turn->now_ms)
        return complete(turn, node, STR(""), STR("null"));
    exec_wait(turn, node, REASON_TIMER, due_ms);
    return 0;
}

static int begin_terminate(ExecTurn *turn, uint32_t node) {
    ExecRow row = exec_row(turn, node, STEP_COMPLETED);
    ScopeError error;
    Scope scope;
    ScopeEnd end;
    int r;

    exec_see(turn, node, &scope);
    r = scope_terminate(&scope, node, &turn->scratch, &end, &error);
    if (r)
        return refused(turn, node, r, &error);
    row.output = end.output;
    row.error = end.error;
    row.outcome = STR(EXEC_OUTCOME_CLOSED);
    exec_record(turn, row);
    return 0;
}

static int begin_action(ExecTurn *turn, uint32_t node) {
    ScopeError error;
    Str input;
    int r;

    r = exec_input(turn, node, &input, &error);
    if (r)
        return refused(turn, node, r, &error);
    if (!exec_has_room(turn->exec, 0))
        return exec_fail_here(turn, node, ERROR_PAYLOAD_TOO_LARGE,
                              STR("the execution's state would pass its limit"));
    return exec_dispatch(turn, node, false);
}

static int begin_by_type(ExecTurn *turn, uint32_t node) {
    switch (turn->plan->nodes[node].type) {
    case STEP_ACTION:
        return begin_action(turn, node);
    case STEP_CONDITION:
    case STEP_SWITCH:
    case STEP_TRANSFORM:
        return begin_decision(turn, node);
    case STEP_DELAY:
        return begin_delay(turn, node);
    case STEP_TERMINATE:
        return begin_terminate(turn, node);
    case STEP_LOOP: /* the plan's compiler refuses what follows */
    case STEP_WHILE:
    case STEP_SCOPE:
    case STEP_WAIT_EVENT:
    case STEP_CALLBACK:
    case STEP_APPROVAL:
    case STEP_SUB_WORKFLOW:
    case STEP_EMIT_EVENT:
    case STEP_TASK:
    case _STEP_TYPE_COUNT:
        break;
    }
    CHECK_UNREACHABLE();
}

/* A guard that is false lets the flow pass the step by. */
static int begin_guarded(ExecTurn *turn, uint32_t node) {
    const PlanNode *plan_node = &turn->plan->nodes[node];
    bool truth = true;
    ScopeError error;
    Scope scope;
    int r = 0;

    if (plan_node->condition && plan_node->type != STEP_CONDITION) {
        exec_see(turn, node, &scope);
        r = scope_condition(&scope, node, &turn->scratch, &truth, &error);
    }
    if (r)
        return refused(turn, node, r, &error);
    return truth ? begin_by_type(turn, node) : skip(turn, node, REASON_GUARD);
}

static bool is_on_dead_path(const ExecTurn *turn, uint32_t node) {
    uint32_t in_count = turn->plan->nodes[node].in_count;

    if (in_count == 0)
        return !exec_starts_entries(turn->exec);
    return exec_at(turn->exec, node)->dead_count == in_count;
}

/* Why the step is skipped without asking any program; NONE: it is not. */
static StepReason skip_reason(const ExecTurn *turn, uint32_t node) {
    const PlanNode *plan_node = &turn->plan->nodes[node];

    if (is_on_dead_path(turn, node))
        return REASON_DEAD_PATH;
    if (!exec_join_is_satisfied(plan_node, exec_at(turn->exec, node)))
        return REASON_JOIN_UNSATISFIED;
    return plan_node->is_disabled ? REASON_GUARD : REASON_NONE;
}

int exec_begin(ExecTurn *turn, uint32_t node) {
    StepReason reason = skip_reason(turn, node);

    return reason == REASON_NONE ? begin_guarded(turn, node) : skip(turn, node, reason);
}

/* It was postponed, or the chain that had it was cut: the coordinator looks at it now. */
int exec_begin_again(ExecTurn *turn, uint32_t node) {
    ExecStep *step = exec_at(turn->exec, node);
    bool for_worker = turn->plan->nodes[node].type == STEP_ACTION;
    int r;

    if (step->phase == PHASE_WAITING)
        exec_effect(turn, EXEC_EFFECT_WAKE, node);
    exec_move(turn->exec, node, for_worker ? PHASE_QUEUED : PHASE_READY);
    step->run = 0;
    step->index = 0;
    step->is_fresh = true;
    r = exec_begin(turn, node);
    step->is_fresh = false;
    return fault_pass(r);
}

static void postpone(ExecTurn *turn, uint32_t node) {
    exec_at(turn->exec, node)->is_fresh = false;
    exec_wait(turn, node, REASON_READY, turn->now_ms);
}

/* A worker is at it already. */
static void leave_in_hand(ExecTurn *turn, uint32_t node) {
    ExecStep *step = exec_at(turn->exec, node);

    step->is_fresh = false;
    step->since_ms = turn->now_ms;
    exec_arm(turn, node);
}

static int work_off(ExecTurn *turn, uint32_t node) {
    StepReason reason = skip_reason(turn, node);

    if (reason != REASON_NONE)
        return skip(turn, node, reason);
    if (turn->exec->ending != ENDING_NONE)
        exec_record_closed(turn, node);
    else if (exec_at(turn->exec, node)->run)
        leave_in_hand(turn, node);
    else if (turn->seen_bytes > TURN_SEEN_BYTES_MAX)
        postpone(turn, node);
    else
        return begin_guarded(turn, node);
    return 0;
}

int exec_work_off(ExecTurn *turn) {
    Exec *exec = turn->exec;

    while (exec->fresh_first < exec->fresh_last) {
        uint32_t node = exec->fresh[exec->fresh_first++];
        int r = work_off(turn, node);

        if (r)
            return fault_pass(r);
        exec_at(exec, node)->is_fresh = false;
        arena_reset(&turn->scratch);
    }
    return 0;
}
