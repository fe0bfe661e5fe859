/*
 * What a row does to the state: the attempt ends, edges are decided, steps are opened.
 *
 * Only integers are looked at and no program runs, so that a fold repeats it exactly. What was
 * opened is put into a queue: the live turn works it off, a fold forgets it.
 */

#include "coordinator/engine/exec_private.h"

/* A chain that goes on: the next step is in the hands of the run that ended this one. */
static void hand_on(Exec *exec, ExecStep *next, const ExecRow *row) {
    const ExecStep *step = exec_at(exec, row->node);

    next->chain = step->chain;
    next->run = row->run;
    next->index = step->index + 1;
}

static bool is_handed_on(const Exec *exec, uint32_t node, const ExecRow *row) {
    return row->continues && plan_chain_next(exec->plan, row->node, row->outcome) == node;
}

static void open_step(Exec *exec, uint32_t node, const ExecRow *row) {
    ExecStep *step = exec_at(exec, node);
    bool handed_on = row->ord > 0 && is_handed_on(exec, node, row);
    bool for_worker = handed_on || exec->plan->nodes[node].type == STEP_ACTION;

    exec_move(exec, node, for_worker ? PHASE_QUEUED : PHASE_READY);
    step->opened_ord = row->ord;
    step->opened_ms = row->completed_ms;
    step->chain = ++exec->opening_count;
    if (handed_on)
        hand_on(exec, step, row);
    step->is_fresh = true;
    exec->fresh[exec->fresh_last++] = node;
}

static void decide_edge(Exec *exec, uint32_t edge, bool is_taken, const ExecRow *row) {
    uint32_t node = exec->plan->edges[edge].to;
    ExecStep *step = exec_at(exec, node);

    CHECK(exec->root.edges[edge] == EDGE_UNDECIDED);

    exec->root.edges[edge] = is_taken ? EDGE_TAKEN : EDGE_DEAD;
    exec->root.edge_ords[edge] = row->ord;
    step->taken_count += is_taken;
    step->dead_count += !is_taken;
    if (step->phase == PHASE_UNREACHED && exec_join_is_decided(&exec->plan->nodes[node], step))
        open_step(exec, node, row);
}

static void leave(Exec *exec, const ExecRow *row) {
    const PlanNode *node = &exec->plan->nodes[row->node];

    for (uint32_t i = 0; i < node->out_count; i++) {
        uint32_t edge = node->out_first + i;

        decide_edge(exec, edge, plan_edge_is_taken(&exec->plan->edges[edge], row->outcome), row);
    }
}

/* A trigger with edges of its own takes only those; by hand, as by any other, the entries start. */
bool exec_starts_entries(const Exec *exec) {
    uint32_t trigger = exec->facts.trigger;

    return trigger == PLAN_NONE || exec->plan->triggers[trigger].out_count == 0;
}

/* By hand, where nothing but triggers leads into the plan, all of them have fired. */
static bool has_fired(const Exec *exec, uint32_t trigger) {
    if (exec->facts.trigger == PLAN_NONE)
        return exec->plan->entry_count == 0;
    return exec->facts.trigger == trigger;
}

/*
 * The start is like a row before all others: it decides the edges of the triggers. Entries are
 * opened in any case: those that are not started are skipped, so that nothing waits for them.
 */
void exec_born(Exec *exec) {
    const Plan *plan = exec->plan;
    ExecRow start = {.completed_ms = exec->facts.started_ms};

    for (uint32_t i = 0; i < plan->entry_count; i++)
        open_step(exec, plan->entries[i], &start);
    for (uint32_t edge = plan->step_edge_count; edge < plan->edge_count; edge++) {
        decide_edge(exec, edge, has_fired(exec, plan->edges[edge].from), &start);
    }
}

static void try_again(Exec *exec, const ExecRow *row) {
    ExecStep *step = exec_at(exec, row->node);

    exec_move(exec, row->node, PHASE_QUEUED);
    step->attempt++;
    step->lost_count += row->reason == REASON_LOST;
    step->run = 0;
    step->index = 0;
    step->dispatch_no = 0;
    step->silence_count = 0;
}

static bool is_failure(StepStatus status) {
    return status == STEP_FAILED || status == STEP_TIMED_OUT || status == STEP_INDETERMINATE;
}

static void end_step(Exec *exec, const ExecRow *row) {
    ExecStep *step = exec_at(exec, row->node);

    exec_move(exec, row->node, PHASE_ENDED);
    step->status = row->status;
    step->reason = row->reason;
    step->ended_ord = row->ord;
    exec_keep(exec, &step->output, row->output);
    exec_keep(exec, &step->error, row->error);
    exec_drop(exec, &step->input);
    if (is_failure(row->status) && exec->failed_node == PLAN_NONE)
        exec->failed_node = row->node;
}

/* A row that closes the execution, unless something else is ending it already. */
static void close_by(Exec *exec, const ExecRow *row) {
    if (exec->ending != ENDING_NONE)
        return;
    if (is_failure(row->status)) {
        exec->ending = ENDING_FAILED;
    } else if (exec->plan->nodes[row->node].type == STEP_TERMINATE &&
               row->status == STEP_COMPLETED) {
        exec->ending = ENDING_TERMINATED;
        exec->ending_node = row->node;
    }
}

void exec_apply(Exec *exec, const ExecRow *row) {
    CHECK(row->ord == exec->ord + 1);

    exec->ord = row->ord;
    if (row->reason == REASON_RETRIED || row->reason == REASON_LOST) {
        try_again(exec, row);
        return;
    }
    end_step(exec, row);
    if (str_is(row->outcome, EXEC_OUTCOME_CLOSED))
        close_by(exec, row);
    else
        leave(exec, row);
}
