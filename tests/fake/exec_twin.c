/* An execution with the little world around it that a coordinator keeps. */

#include "tests/fake/exec_twin.h"

#include <stdio.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/check.h"

static Str keep(ExecTwin *twin, Str text) {
    return text.data ? str_copy(&twin->history, text) : text;
}

void exec_twin_init(ExecTwin *twin, const Plan *plan, const ExecFacts *facts) {
    *twin = (ExecTwin){.plan = plan, .facts = *facts};
    arena_init(&twin->turn, 0);
    arena_init(&twin->history, 0);
    twin->facts.template_id = keep(twin, facts->template_id);
    twin->facts.trigger_text = keep(twin, facts->trigger_text);
    twin->facts.input = keep(twin, facts->input);
    twin->facts.vars = keep(twin, facts->vars);
    twin->waits = alloc_array(plan->node_count, sizeof *twin->waits);
    twin->exec = exec_new(plan, facts);
}

void exec_twin_done(ExecTwin *twin) {
    exec_free(twin->exec);
    alloc_free(twin->waits);
    alloc_free(twin->rows);
    arena_done(&twin->turn);
    arena_done(&twin->history);
}

static void keep_row(ExecTwin *twin, const ExecRow *source) {
    ExecRow *row;

    if (twin->row_count == twin->row_capacity) {
        twin->row_capacity = twin->row_capacity ? twin->row_capacity * 2 : 16;
        twin->rows = alloc_again(twin->rows, twin->row_capacity * sizeof *twin->rows);
    }
    row = &twin->rows[twin->row_count++];
    *row = *source;
    row->outcome = keep(twin, source->outcome);
    row->input = keep(twin, source->input);
    row->output = keep(twin, source->output);
    row->error = keep(twin, source->error);
}

static void keep_status(ExecTwin *twin, const ExecEffect *effect) {
    twin->status = effect->status;
    twin->error = keep(twin, effect->error);
}

static void carry_out(ExecTwin *twin, const ExecEffect *effect) {
    switch (effect->type) {
    case EXEC_EFFECT_RECORD:
        keep_row(twin, &effect->row);
        return;
    case EXEC_EFFECT_WAIT:
        twin->waits[effect->node] = (ExecWait){
            .node = effect->node,
            .attempt = effect->attempt,
            .reason = effect->reason,
            .due_ms = effect->due_ms,
            .opened_ms = effect->opened_ms,
        };
        return;
    case EXEC_EFFECT_WAKE:
        CHECK(twin->waits[effect->node].reason != REASON_NONE);
        twin->waits[effect->node] = (ExecWait){0};
        return;
    case EXEC_EFFECT_STATUS:
        keep_status(twin, effect);
        return;
    case EXEC_EFFECT_FINISH:
        keep_status(twin, effect);
        twin->finish_count++;
        return;
    case EXEC_EFFECT_DISPATCH:
    case EXEC_EFFECT_TIMER:
    case EXEC_EFFECT_REVOKE:
    case EXEC_EFFECT_LATE:
        return;
    }
}

static void complain(ExecTwin *twin, const char *what, uint32_t node) {
    if (twin->complaint[0] == '\0')
        snprintf(twin->complaint, sizeof twin->complaint, "%s (node %u, ord %u)", what, node,
                 exec_ord(twin->exec));
}

Exec *exec_twin_fold(ExecTwin *twin) {
    Exec *exec = exec_new(twin->plan, &twin->facts);

    exec_fold_status(exec, twin->status, twin->error);
    for (uint32_t i = 0; i < twin->row_count; i++) {
        if (exec_fold(exec, &twin->rows[i]))
            complain(twin, "a row of ours does not fit", twin->rows[i].node);
    }
    for (uint32_t node = 0; node < twin->plan->node_count; node++) {
        if (twin->waits[node].reason != REASON_NONE && exec_fold_wait(exec, &twin->waits[node]))
            complain(twin, "a wait of ours does not fit", node);
    }
    return exec;
}

static void compare(ExecTwin *twin) {
    _cleanup_(exec_free_p) Exec *fold = exec_twin_fold(twin);
    _cleanup_(buf_done) Buf memory = {0};
    _cleanup_(buf_done) Buf folded = {0};

    exec_pack(twin->exec, &memory);
    exec_pack(fold, &folded);
    if (!str_equal(buf_str(&memory), buf_str(&folded)))
        complain(twin, "the fold is not what memory is", PLAN_NONE);
}

static bool is_terminal(const ExecStepView *view) {
    return step_status_is_terminal(view->status);
}

/* An open step is in somebody's hands, or something will ring for it. */
static void look_at(ExecTwin *twin, uint32_t node) {
    ExecStepView view = exec_view(twin->exec, node);
    bool waits = twin->waits[node].reason != REASON_NONE;

    if (view.status == STEP_PENDING && view.reason != REASON_NONE && !waits)
        complain(twin, "a step was opened and left alone", node);
    if (waits != (view.status == STEP_WAITING || view.reason == REASON_READY))
        complain(twin, "a wait and its step do not agree", node);
    if (waits && view.due_ms == 0 && exec_status(twin->exec) == EXECUTION_RUNNING)
        complain(twin, "a step waits for nothing", node);
    if (view.status == STEP_RUNNING && view.reason != REASON_QUEUED &&
        view.reason != REASON_RUNNING)
        complain(twin, "a step is out without a reason", node);
}

static void look(ExecTwin *twin) {
    uint32_t open_count = 0;

    for (uint32_t node = 0; node < twin->plan->node_count; node++) {
        ExecStepView view = exec_view(twin->exec, node);

        look_at(twin, node);
        open_count += !is_terminal(&view) && view.reason != REASON_NONE;
    }
    if (open_count != exec_open_count(twin->exec))
        complain(twin, "the count of open steps is wrong", PLAN_NONE);
    if ((open_count == 0) != execution_status_is_terminal(exec_status(twin->exec)))
        complain(twin, "nothing is open and it has not ended, or the other way round", PLAN_NONE);
}

static void begin_turn(ExecTwin *twin) {
    arena_reset(&twin->turn);
    twin->effects = (ExecEffects){.arena = &twin->turn};
}

static void end_turn(ExecTwin *twin) {
    for (uint32_t i = 0; i < twin->effects.count; i++)
        carry_out(twin, &twin->effects.items[i]);
    compare(twin);
    look(twin);
    if (twin->finish_count > 1)
        complain(twin, "it ended twice", PLAN_NONE);
}

int exec_twin_step(ExecTwin *twin, const ExecEvent *event) {
    _cleanup_(buf_done) Buf before = {0};
    _cleanup_(buf_done) Buf after = {0};
    int r;

    begin_turn(twin);
    exec_pack(twin->exec, &before);
    r = exec_step(twin->exec, event, &twin->effects);
    if (r < 0)
        complain(twin, "a fault", event->node);
    if (r == 0 && event->type == EXEC_EVENT_START)
        twin->status = EXECUTION_RUNNING;
    exec_pack(twin->exec, &after);
    if (r > 0 && !str_equal(buf_str(&before), buf_str(&after)))
        complain(twin, "a refusal left a trace", event->node);
    if (r == 0)
        end_turn(twin);
    return r;
}

int exec_twin_resend(ExecTwin *twin, uint32_t node) {
    int r;

    begin_turn(twin);
    r = exec_resend(twin->exec, node, &twin->effects);
    if (r == 0)
        end_turn(twin);
    return r;
}

void exec_twin_evict(ExecTwin *twin) {
    Exec *fold = exec_twin_fold(twin);

    exec_free(twin->exec);
    twin->exec = fold;
}
