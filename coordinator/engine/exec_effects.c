/* The way out: the only file that makes effects. */

#include "coordinator/engine/exec_private.h"

ExecEffect *exec_effect(ExecTurn *turn, ExecEffectType type, uint32_t node) {
    ExecEffects *effects = turn->effects;
    ExecEffect *effect;

    if (effects->count == effects->capacity) {
        uint32_t capacity = effects->capacity ? effects->capacity * 2 : 8;

        effects->items =
            arena_grow(effects->arena, effects->items, effects->capacity * sizeof *effects->items,
                       capacity * sizeof *effects->items);
        effects->capacity = capacity;
    }
    effect = &effects->items[effects->count++];
    *effect = (ExecEffect){
        .type = type,
        .node = node,
        .attempt = node == PLAN_NONE ? 0 : exec_at(turn->exec, node)->attempt,
    };
    return effect;
}

/* Whether a worker may know of the step. */
static bool has_been_sent(const ExecStep *step) {
    return exec_is_in_hand(step) || (step->phase == PHASE_WAITING && step->reason == REASON_RETRY);
}

/* The row of the current attempt, ended here and now. */
ExecRow exec_row(const ExecTurn *turn, uint32_t node, StepStatus status) {
    const ExecStep *step = exec_at(turn->exec, node);

    return (ExecRow){
        .node = node,
        .attempt = step->attempt,
        .status = status,
        .chain = has_been_sent(step) ? step->chain : 0,
        .run = step->run,
        .opened_ms = step->opened_ms,
        .completed_ms = turn->now_ms,
    };
}

static void forget_wait(ExecTurn *turn, uint32_t node) {
    if (exec_at(turn->exec, node)->phase == PHASE_WAITING)
        exec_effect(turn, EXEC_EFFECT_WAKE, node);
}

void exec_record(ExecTurn *turn, ExecRow row) {
    Exec *exec = turn->exec;
    bool was_ending = exec->ending != ENDING_NONE;
    uint32_t effect;

    forget_wait(turn, row.node);
    row.ord = exec->ord + 1;
    exec_effect(turn, EXEC_EFFECT_RECORD, row.node)->row = row;
    effect = turn->effects->count - 1;
    exec_apply(exec, &row);
    if (exec_at(exec, row.node)->phase == PHASE_ENDED) {
        turn->effects->items[effect].row.output = exec_str(&exec_at(exec, row.node)->output);
        turn->effects->items[effect].row.error = exec_str(&exec_at(exec, row.node)->error);
    }
    if (!was_ending && exec->ending != ENDING_NONE)
        exec_close(turn);
}

/* An outcome that changes nothing is kept for whoever asks whether the call was made after all. */
void exec_tell_late(ExecTurn *turn, const char *why) {
    const ExecEvent *event = turn->event;
    ExecEffect *effect;

    if (event->type != EXEC_EVENT_ENDED || event->node >= turn->plan->node_count)
        return;
    effect = exec_effect(turn, EXEC_EFFECT_LATE, event->node);
    effect->attempt = event->attempt;
    effect->why = why;
    effect->row = (ExecRow){
        .node = event->node,
        .visit = event->visit,
        .attempt = event->attempt,
        .status = event->outcome.status,
        .reason = REASON_LATE,
        .outcome = event->outcome.outcome,
        .run = event->outcome.run,
        .continues = event->outcome.continues,
        .started_ms = event->outcome.started_ms,
        .completed_ms = event->outcome.ended_ms,
        .input = event->outcome.input,
        .output = event->outcome.output,
        .error = event->outcome.error,
    };
}

void exec_wait(ExecTurn *turn, uint32_t node, StepReason reason, int64_t due_ms) {
    ExecStep *step = exec_at(turn->exec, node);
    ExecEffect *effect;

    exec_move(turn->exec, node, PHASE_WAITING);
    step->reason = reason;
    step->wait_ms = due_ms;
    effect = exec_effect(turn, EXEC_EFFECT_WAIT, node);
    effect->reason = reason;
    effect->due_ms = due_ms;
    effect->opened_ms = step->opened_ms;
    exec_arm(turn, node);
}

void exec_arm(ExecTurn *turn, uint32_t node) {
    ExecStep *step = exec_at(turn->exec, node);
    ExecDeadline deadline = exec_deadline(turn->exec, node);

    if (deadline.due == DUE_NOTHING || deadline.at_ms == step->armed_ms)
        return;
    step->armed_ms = deadline.at_ms;
    exec_effect(turn, EXEC_EFFECT_TIMER, node)->due_ms = deadline.at_ms;
}

void exec_arm_execution(ExecTurn *turn) {
    int64_t due_ms = exec_due_ms(turn->exec);

    if (due_ms == 0 || due_ms == turn->exec->armed_ms)
        return;
    turn->exec->armed_ms = due_ms;
    exec_effect(turn, EXEC_EFFECT_TIMER, PLAN_NONE)->due_ms = due_ms;
}
