/* Which steps a worker may run one after the other in one visit. */

#include "common/base/check.h"
#include "common/plan/build.h"

/* What happens inside a worker without waiting for anybody. */
static bool is_immediate(StepType type) {
    return type == STEP_ACTION || type == STEP_CONDITION || type == STEP_SWITCH ||
           type == STEP_TRANSFORM;
}

/* A call that must not be repeated on its own is a chain of one: nothing runs behind it. */
static bool is_single(const PlanNode *node) {
    return node->type == STEP_ACTION && node->idempotency == IDEMPOTENCY_NONE;
}

static bool is_guarded(const PlanNode *node) {
    return node->is_disabled || (node->condition != NULL && node->type != STEP_CONDITION);
}

static const PlanEdge *only_taken(const Plan *plan, const PlanNode *node, Str outcome) {
    const PlanEdge *taken = NULL;

    for (uint32_t i = node->out_first; i < node->out_first + node->out_count; i++) {
        if (!plan_edge_is_taken(&plan->edges[i], outcome))
            continue;
        if (taken != NULL)
            return NULL;
        taken = &plan->edges[i];
    }
    return taken;
}

uint32_t plan_chain_next(const Plan *plan, uint32_t node, Str outcome) {
    const PlanNode *from = &plan->nodes[node];
    const PlanEdge *edge;
    const PlanNode *next;

    CHECK(node < plan->node_count);
    if (!plan->is_fused || !is_immediate(from->type) || is_single(from))
        return PLAN_NONE;
    edge = only_taken(plan, from, outcome);
    if (edge == NULL)
        return PLAN_NONE;
    next = &plan->nodes[edge->to];
    if (next->in_count != 1 || !is_immediate(next->type) || is_single(next) || is_guarded(next))
        return PLAN_NONE;
    if (from->worker_class.length == 0 || !str_equal(from->worker_class, next->worker_class))
        return PLAN_NONE;
    return edge->to;
}

/* The one step that a worker can have come from, or PLAN_NONE. */
static uint32_t only_source(const Plan *plan, const PlanNode *node) {
    const PlanEdge *edge;

    if (node->in_count != 1)
        return PLAN_NONE;
    edge = &plan->edges[node->in[0]];
    if (edge->port == PORT_TRIGGER || !is_immediate(plan->nodes[edge->from].type))
        return PLAN_NONE;
    return edge->from;
}

/* Only ACTIONs are handed out, so a chain has the class of the ACTION before. */
void build_chains(Build *build) {
    Plan *plan = build->plan;

    for (uint32_t i = 0; i < plan->node_count; i++) {
        uint32_t source = i;

        if (plan->nodes[i].type == STEP_ACTION)
            continue;
        while (source != PLAN_NONE && plan->nodes[source].type != STEP_ACTION)
            source = only_source(plan, &plan->nodes[source]);
        if (source != PLAN_NONE)
            plan->nodes[i].worker_class = plan->nodes[source].worker_class;
    }
}
