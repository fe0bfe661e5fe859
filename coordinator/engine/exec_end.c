/*
 * How executions end.
 *
 * An ending closes the execution: what only waits is cancelled at once, what is in hand is revoked
 * and has some seconds to come in; its outcome is recorded as what happened and opens nothing. The
 * execution ends when nothing is open any more.
 */

#include "coordinator/engine/exec_private.h"

void exec_record_closed(ExecTurn *turn, uint32_t node) {
    ExecRow row = exec_row(turn, node, STEP_CANCELLED);

    row.outcome = STR(EXEC_OUTCOME_CLOSED);
    exec_record(turn, row);
}

/* What was opened in this turn is closed when its time comes in the queue. */
void exec_close(ExecTurn *turn) {
    Exec *exec = turn->exec;

    exec->grace_ms = turn->now_ms + ENDING_GRACE_MS;
    for (uint32_t node = 0; node < turn->plan->node_count; node++) {
        const ExecStep *step = exec_at(exec, node);

        if (exec_is_in_hand(step))
            exec_effect(turn, EXEC_EFFECT_REVOKE, node);
        else if (exec_is_open(step) && !step->is_fresh)
            exec_record_closed(turn, node);
    }
    if (exec->open_count > 0)
        exec_arm_execution(turn);
}

/* Nobody answered in time. What the worker may still report will be late. */
void exec_force(ExecTurn *turn) {
    for (uint32_t node = 0; node < turn->plan->node_count; node++) {
        if (exec_is_open(exec_at(turn->exec, node)))
            exec_record_closed(turn, node);
    }
}

static ErrorType error_type_of(ExecEnding ending) {
    return ending == ENDING_TIMED_OUT ? ERROR_TIMEOUT : ERROR_CANCELLED;
}

/* An ending from outside: it is kept in the execution's own row, no row of a step tells it. */
void exec_end(ExecTurn *turn, ExecEnding ending, Str message) {
    Exec *exec = turn->exec;
    ScopeFailure words = {.type = error_type_of(ending), .message = message};
    ExecEffect *effect;

    exec->ending = ending;
    exec->status = EXECUTION_CANCELLING;
    exec_keep(exec, &exec->ending_error, scope_error_object(turn->arena, &words));
    effect = exec_effect(turn, EXEC_EFFECT_STATUS, PLAN_NONE);
    effect->status = exec->status;
    effect->error = exec_str(&exec->ending_error);
    exec_close(turn);
}

typedef struct ExecEnd {
    ExecutionStatus status;
    Str output;
    Str error;
} ExecEnd;

static int end_in_peace(ExecTurn *turn, ExecEnd *ret_end) {
    ScopeError mistake;
    Scope scope;
    int r;

    exec_see_all(turn, &scope);
    r = scope_final(&scope, &turn->scratch, &ret_end->output, &mistake);
    if (r < 0)
        return fault_pass(r);
    ret_end->status = r ? EXECUTION_FAILED : EXECUTION_COMPLETED;
    ret_end->output = str_copy(turn->arena, ret_end->output);
    if (r) {
        ScopeFailure words = {.type = mistake.type, .message = mistake.message};

        ret_end->output = STR_NONE;
        ret_end->error = scope_error_object(turn->arena, &words);
    }
    return 0;
}

static int end_as_failed(ExecTurn *turn, ExecEnd *ret_end) {
    const ExecStep *step = exec_at(turn->exec, turn->exec->failed_node);

    *ret_end = (ExecEnd){.status = EXECUTION_FAILED, .error = exec_str(&step->error)};
    return 0;
}

static int end_as_told(ExecTurn *turn, ExecEnd *ret_end) {
    uint32_t node = turn->exec->ending_node;
    const ExecStep *step = exec_at(turn->exec, node);

    *ret_end = (ExecEnd){
        .status = turn->plan->nodes[node].terminate_status,
        .output = exec_str(&step->output),
        .error = exec_str(&step->error),
    };
    return 0;
}

static int find_end(ExecTurn *turn, ExecEnd *ret_end) {
    Exec *exec = turn->exec;

    switch (exec->ending) {
    case ENDING_NONE:
        return exec->failed_node == PLAN_NONE ? end_in_peace(turn, ret_end)
                                              : end_as_failed(turn, ret_end);
    case ENDING_FAILED:
        return end_as_failed(turn, ret_end);
    case ENDING_TERMINATED:
        return end_as_told(turn, ret_end);
    case ENDING_CANCELLED:
    case ENDING_TIMED_OUT:
        ret_end->status =
            exec->ending == ENDING_CANCELLED ? EXECUTION_CANCELLED : EXECUTION_TIMED_OUT;
        ret_end->error = exec_str(&exec->ending_error);
        return 0;
    }
    CHECK_UNREACHABLE();
}

int exec_finish(ExecTurn *turn) {
    ExecEnd end = {0};
    ExecEffect *effect;
    int r;

    r = find_end(turn, &end);
    if (r)
        return fault_pass(r);
    turn->exec->status = end.status;
    effect = exec_effect(turn, EXEC_EFFECT_FINISH, PLAN_NONE);
    effect->status = end.status;
    effect->output = end.output;
    effect->error = end.error;
    effect->completed_ms = turn->now_ms;
    return 0;
}
