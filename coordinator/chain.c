/* How far a worker may go on after a step. */

#include "coordinator/chain.h"

#include "common/plan/plan.h"

#define CHAIN_STEPS_MAX 32 /* a visit has a budget of a second anyway */
#define CHAIN_VALUES_BYTES_MAX (64u << 10)

/* The steps that may follow a head in the same visit, whatever the answers are. */
typedef struct Chain {
    const Plan *plan;
    uint32_t nodes[CHAIN_STEPS_MAX];
    uint32_t count;
    bool is_longer;
} Chain;

static void follow(Chain *chain, uint32_t node, Str outcome) {
    uint32_t next = plan_chain_next(chain->plan, node, outcome);

    if (next == PLAN_NONE)
        return;
    for (uint32_t i = 0; i < chain->count; i++)
        if (chain->nodes[i] == next)
            return;
    if (chain->count == CHAIN_STEPS_MAX)
        chain->is_longer = true;
    else
        chain->nodes[chain->count++] = next;
}

/* Whatever a step can answer: a condition both ways, a switch through each of its ports. */
static void follow_all(Chain *chain, uint32_t node, Arena *arena) {
    const PlanNode *plan_node = &chain->plan->nodes[node];

    if (plan_node->type != STEP_CONDITION && plan_node->type != STEP_SWITCH) {
        follow(chain, node, STR(""));
        return;
    }
    for (uint32_t i = 0; i < plan_node->out_count; i++)
        follow(chain, node, plan_port_text(arena, &chain->plan->edges[plan_node->out_first + i]));
}

static void find_chain(Chain *chain, uint32_t head, Arena *arena) {
    follow_all(chain, head, arena);
    for (uint32_t i = 0; i < chain->count; i++)
        follow_all(chain, chain->nodes[i], arena);
}

typedef struct Values {
    const Exec *exec;
    Arena *arena;
    TaskValue *items;
    uint32_t count;
    size_t bytes;
    uint8_t *has_step; /* by node */
} Values;

static void add_root(Values *values, Str root, Str text) {
    for (uint32_t i = 0; i < values->count; i++)
        if (str_equal(values->items[i].root, root))
            return;
    values->items[values->count++] = (TaskValue){.root = root, .text = text};
    values->bytes += text.length;
}

/* A step of the chain itself is known to the worker once it has run. */
static void add_step(Values *values, uint32_t node) {
    ExecStepView view = exec_view(values->exec, node);

    if (values->has_step[node] || !step_status_is_terminal(view.status))
        return;
    values->has_step[node] = 1;
    values->items[values->count++] =
        (TaskValue){.node = node, .text = view.output, .status = view.status, .error = view.error};
    values->bytes += view.output.length + view.error.length;
}

static void add_reads(Values *values, const PlanReads *reads) {
    const ExecFacts *facts = exec_facts(values->exec);

    if (reads->trigger)
        add_root(values, STR("trigger"), facts->trigger_text);
    if (reads->input)
        add_root(values, STR("input"), facts->input);
    if (reads->vars)
        add_root(values, STR("vars"), facts->vars);
    for (uint32_t i = 0; i < reads->step_count; i++)
        add_step(values, reads->steps[i]);
    for (uint32_t i = 0; reads->all_steps && i < exec_plan(values->exec)->node_count; i++)
        add_step(values, i);
}

void chain_prepare(const Lane *lane, const Slot *slot, Arena *arena, StepTask *task) {
    const Plan *plan = slot->version->plan;
    Chain chain = {.plan = plan};
    Values values = {.exec = slot->exec, .arena = arena};

    task->chain_max = 1;
    if (!lane->config->is_fused || !plan->is_fused)
        return;
    find_chain(&chain, task->node, arena);
    if (chain.count == 0 || chain.is_longer)
        return;
    values.items = arena_alloc(arena, (plan->node_count + 3) * sizeof *values.items);
    values.has_step = arena_zero(arena, plan->node_count);
    for (uint32_t i = 0; i < chain.count; i++)
        add_reads(&values, &plan->nodes[chain.nodes[i]].reads);
    if (values.bytes > CHAIN_VALUES_BYTES_MAX)
        return;
    task->chain_max = chain.count + 1;
    task->values = values.items;
    task->value_count = values.count;
}
