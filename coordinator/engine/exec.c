/* An execution: born, stepped, looked at, freed. */

#include "common/base/alloc.h"
#include "coordinator/engine/exec_private.h"

ExecStep *exec_at(const Exec *exec, uint32_t node) {
    CHECK(node < exec->plan->node_count);
    return &exec->root.steps[node];
}

Str exec_str(const ExecText *text) {
    return (Str){.data = text->data, .length = text->length};
}

void exec_drop(Exec *exec, ExecText *text) {
    exec->bytes -= text->length;
    text->data = alloc_free(text->data);
    text->length = 0;
}

bool exec_keep(Exec *exec, ExecText *text, Str bytes) {
    exec_drop(exec, text);
    if (bytes.data == NULL)
        return false;
    text->data = alloc_copy(bytes.data, bytes.length);
    text->length = bytes.length;
    exec->bytes += bytes.length;
    return true;
}

bool exec_has_room(const Exec *exec, size_t bytes) {
    return exec->bytes + bytes <= EXECUTION_STATE_BYTES_MAX;
}

static Str keep_fact(Exec *exec, Str fact) {
    ExecText text = {0};

    exec_keep(exec, &text, fact);
    return exec_str(&text);
}

Exec *exec_new(const Plan *plan, const ExecFacts *facts) {
    Exec *exec = alloc_zero(sizeof *exec);

    CHECK(plan->node_count > 0);
    CHECK(facts->trigger == PLAN_NONE || facts->trigger < plan->trigger_count);

    exec->plan = plan;
    exec->facts = *facts;
    exec->facts.template_id = keep_fact(exec, facts->template_id);
    exec->facts.trigger_text = keep_fact(exec, facts->trigger_text);
    exec->facts.input = keep_fact(exec, facts->input);
    exec->facts.vars = keep_fact(exec, facts->vars);
    exec->root.steps = alloc_array(plan->node_count, sizeof *exec->root.steps);
    exec->root.edges = alloc_array(plan->edge_count, sizeof *exec->root.edges);
    exec->root.edge_ords = alloc_array(plan->edge_count, sizeof *exec->root.edge_ords);
    exec->fresh = alloc_array(plan->node_count, sizeof *exec->fresh);
    exec->seen = alloc_array(plan->node_count, sizeof *exec->seen);
    exec->bytes += sizeof *exec +
                   plan->node_count * (sizeof(ExecStep) + sizeof(uint32_t) + sizeof(ScopeStep)) +
                   plan->edge_count * (sizeof(uint8_t) + sizeof(uint32_t));
    exec->ending_node = PLAN_NONE;
    exec->failed_node = PLAN_NONE;
    exec->now_ms = facts->started_ms;
    exec_born(exec);
    return exec;
}

static void drop_step_texts(Exec *exec, ExecStep *step) {
    exec_drop(exec, &step->output);
    exec_drop(exec, &step->error);
    exec_drop(exec, &step->input);
}

Exec *exec_free(Exec *exec) {
    if (exec == NULL)
        return NULL;
    for (uint32_t i = 0; i < exec->plan->node_count; i++)
        drop_step_texts(exec, exec_at(exec, i));
    exec_drop(exec, &exec->ending_error);
    alloc_free((char *)exec->facts.template_id.data);
    alloc_free((char *)exec->facts.trigger_text.data);
    alloc_free((char *)exec->facts.input.data);
    alloc_free((char *)exec->facts.vars.data);
    alloc_free(exec->root.steps);
    alloc_free(exec->root.edges);
    alloc_free(exec->root.edge_ords);
    alloc_free(exec->fresh);
    alloc_free(exec->seen);
    return alloc_free(exec);
}

static int dispatch(ExecTurn *turn) {
    switch (turn->event->type) {
    case EXEC_EVENT_START:
        return exec_on_start(turn);
    case EXEC_EVENT_STARTED:
    case EXEC_EVENT_PROGRESS:
        return exec_on_started(turn);
    case EXEC_EVENT_ENDED:
        return exec_on_ended(turn);
    case EXEC_EVENT_RELEASED:
        return exec_on_released(turn);
    case EXEC_EVENT_TIMER:
        return exec_on_timer(turn);
    case EXEC_EVENT_LOST:
        return exec_on_lost(turn);
    case EXEC_EVENT_CANCEL:
        return exec_on_cancel(turn);
    }
    CHECK_UNREACHABLE();
}

/* Until there is nothing that could be done now. */
int exec_settle(ExecTurn *turn) {
    int r;

    r = exec_work_off(turn);
    if (r)
        return fault_pass(r);
    if (turn->exec->open_count == 0)
        return fault_pass(exec_finish(turn));
    return 0;
}

static int step(ExecTurn *turn) {
    int r;

    r = dispatch(turn);
    if (r)
        return r;
    turn->exec->now_ms = turn->now_ms;
    return fault_pass(exec_settle(turn));
}

int exec_step(Exec *exec, const ExecEvent *event, ExecEffects *effects) {
    ExecTurn turn = {
        .exec = exec,
        .plan = exec->plan,
        .event = event,
        .effects = effects,
        .arena = effects->arena,
        .now_ms = MAX(event->now_ms, exec->now_ms),
    };
    int r;

    CHECK(effects->count == 0);

    if (execution_status_is_terminal(exec->status)) {
        exec_tell_late(&turn, "TERMINAL");
        return EXEC_E_FINISHED;
    }
    arena_init(&turn.scratch, 0);
    r = step(&turn);
    arena_done(&turn.scratch);
    return r;
}
