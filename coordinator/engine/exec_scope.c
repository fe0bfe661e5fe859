/*
 * What a step sees: the rows that were recorded when it was opened, and no later one.
 *
 * A step of another branch that ends between two attempts must not change the input of the second;
 * so the order of recording decides what is seen, not the moment of looking.
 */

#include "coordinator/engine/exec_private.h"

static void look_at(ExecTurn *turn, uint32_t node, uint32_t ord) {
    const ExecStep *step = exec_at(turn->exec, node);
    bool has_ended = step->phase == PHASE_ENDED && step->ended_ord <= ord;

    if (has_ended)
        turn->seen_bytes += step->output.length + step->error.length;
    turn->exec->seen[node] = (ScopeStep){
        .status = has_ended ? step->status : STEP_PENDING,
        .output = has_ended ? exec_str(&step->output) : STR_NONE,
        .error = has_ended ? exec_str(&step->error) : STR_NONE,
    };
}

/* Edges that came after a join was won are not seen by what runs behind it. */
static const uint8_t *edges_at(ExecTurn *turn, const PlanNode *node, uint32_t ord) {
    const ExecScope *root = &turn->exec->root;
    uint8_t *edges;

    if (node->join == JOIN_ALL_DECIDED || !node->reads.join)
        return root->edges;
    edges = arena_copy(&turn->scratch, root->edges, turn->plan->edge_count);
    for (uint32_t i = 0; i < node->in_count; i++) {
        if (root->edge_ords[node->in[i]] > ord)
            edges[node->in[i]] = EDGE_UNDECIDED;
    }
    return edges;
}

static Scope scope_of(const ExecTurn *turn, int64_t now_ms) {
    const ExecFacts *facts = &turn->exec->facts;

    return (Scope){
        .plan = turn->plan,
        .trigger = facts->trigger_text,
        .input = facts->input,
        .vars = facts->vars,
        .execution = facts->id,
        .tenant = facts->tenant,
        .started_ms = facts->started_ms,
        .template_id = facts->template_id,
        .version_number = facts->version_number,
        .steps = turn->exec->seen,
        .edges = turn->exec->root.edges,
        .now_ms = now_ms,
    };
}

static void see_facts(ExecTurn *turn, const PlanReads *reads) {
    const ExecFacts *facts = &turn->exec->facts;

    turn->seen_bytes += reads->trigger ? facts->trigger_text.length : 0;
    turn->seen_bytes += reads->input ? facts->input.length : 0;
    turn->seen_bytes += reads->vars ? facts->vars.length : 0;
}

void exec_see(ExecTurn *turn, uint32_t node, Scope *ret_scope) {
    const PlanNode *plan_node = &turn->plan->nodes[node];
    const PlanReads *reads = &plan_node->reads;
    const ExecStep *step = exec_at(turn->exec, node);

    see_facts(turn, reads);
    for (uint32_t i = 0; reads->all_steps && i < turn->plan->node_count; i++)
        look_at(turn, i, step->opened_ord);
    for (uint32_t i = 0; i < reads->step_count; i++)
        look_at(turn, reads->steps[i], step->opened_ord);
    for (uint32_t i = 0; (reads->join || reads->error) && i < plan_node->in_count; i++) {
        const PlanEdge *edge = &turn->plan->edges[plan_node->in[i]];

        if (edge->port != PORT_TRIGGER)
            look_at(turn, edge->from, step->opened_ord);
    }
    *ret_scope = scope_of(turn, step->opened_ms);
    ret_scope->edges = edges_at(turn, plan_node, step->opened_ord);
}

void exec_see_all(ExecTurn *turn, Scope *ret_scope) {
    for (uint32_t i = 0; i < turn->plan->node_count; i++)
        look_at(turn, i, turn->exec->ord);
    *ret_scope = scope_of(turn, turn->now_ms);
}
