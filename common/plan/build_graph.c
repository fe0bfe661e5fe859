/*
 * The graph: cycles, steps that nothing leads to, and for every step the set of those that can have
 * run before it. Walks use a stack of their own; each looks at every edge once.
 */

#include "common/base/buf.h"
#include "common/base/check.h"
#include "common/plan/build.h"

#define NAMED_STEPS_MAX 20u /* of one cycle; the reader knows the rest by then */
#define BITS 64u

typedef enum Colour { COLOUR_NEW, COLOUR_OPEN, COLOUR_DONE } Colour;

typedef struct Walk {
    Build *build;
    uint8_t *colours; /* by node */
    uint32_t *path;   /* open nodes, the start first */
    uint32_t *taken;  /* by depth: how many edges of the node were followed */
    uint32_t depth;
    uint32_t *done; /* nodes in the order in which they were left */
    uint32_t done_count;
} Walk;

static void name_step(Buf *buf, const Plan *plan, uint32_t node) {
    if (buf->length > 0)
        buf_add_text(buf, " -> ");
    buf_add_str(buf, plan->nodes[node].id);
}

static void tell_cycle(Walk *walk, uint32_t edge) {
    Build *build = walk->build;
    uint32_t back_to = build->plan->edges[edge].to;
    _cleanup_(buf_done) Buf steps = {0};
    uint32_t first = walk->depth - 1;
    uint32_t end;

    while (walk->path[first] != back_to)
        first--;
    end = MIN(walk->depth, first + NAMED_STEPS_MAX);
    for (uint32_t i = first; i < end; i++)
        name_step(&steps, build->plan, walk->path[i]);
    if (end < walk->depth)
        buf_add_text(&steps, " -> ...");
    name_step(&steps, build->plan, back_to);
    build_problem(
        build, PROBLEM_ILLEGAL_CYCLE, build->wires[edge].pointer,
        str_printf(&build->scratch, "these steps lead back to themselves: %s", steps.data));
}

static void enter(Walk *walk, uint32_t node) {
    walk->colours[node] = COLOUR_OPEN;
    walk->path[walk->depth] = node;
    walk->taken[walk->depth] = 0;
    walk->depth++;
}

static void leave(Walk *walk) {
    uint32_t node = walk->path[--walk->depth];

    walk->colours[node] = COLOUR_DONE;
    walk->done[walk->done_count++] = node;
}

static void walk_from(Walk *walk, uint32_t start) {
    const Plan *plan = walk->build->plan;

    if (walk->colours[start] != COLOUR_NEW)
        return;
    enter(walk, start);
    while (walk->depth > 0) {
        const PlanNode *node = &plan->nodes[walk->path[walk->depth - 1]];
        uint32_t edge = node->out_first + walk->taken[walk->depth - 1];

        if (walk->taken[walk->depth - 1]++ == node->out_count) {
            leave(walk);
        } else if (walk->colours[plan->edges[edge].to] == COLOUR_NEW) {
            enter(walk, plan->edges[edge].to);
        } else if (walk->colours[plan->edges[edge].to] == COLOUR_OPEN) {
            walk->build->is_back[edge] = true;
            tell_cycle(walk, edge);
        }
    }
}

/* From the entries first, so that the edge that is blamed is the one that leads back. */
static void walk_all(Walk *walk) {
    const Plan *plan = walk->build->plan;

    for (uint32_t i = plan->step_edge_count; i < plan->edge_count; i++)
        walk_from(walk, plan->edges[i].to);
    for (uint32_t i = 0; i < plan->entry_count; i++)
        walk_from(walk, plan->entries[i]);
    for (uint32_t i = 0; i < plan->node_count; i++)
        walk_from(walk, i);
}

static void find_before(Build *build, const Walk *walk) {
    const Plan *plan = build->plan;
    size_t words = (plan->node_count + BITS - 1) / BITS;

    build->before_words = words;
    build->before = arena_zero(&build->scratch,
                               MAX(plan->node_count * words, (size_t)1) * sizeof *build->before);
    for (uint32_t i = walk->done_count; i-- > 0;) {
        const PlanNode *node = &plan->nodes[walk->done[i]];
        const uint64_t *from = &build->before[walk->done[i] * words];

        for (uint32_t e = node->out_first; e < node->out_first + node->out_count; e++) {
            uint64_t *to = &build->before[plan->edges[e].to * words];

            if (build->is_back[e])
                continue;
            for (size_t w = 0; w < words; w++)
                to[w] |= from[w];
            to[walk->done[i] / BITS] |= (uint64_t)1 << (walk->done[i] % BITS);
        }
    }
}

static bool entries_start(const Plan *plan) {
    bool is_started = plan->trigger_count == 0;

    for (uint32_t i = 0; i < plan->trigger_count; i++)
        is_started = is_started || plan->triggers[i].out_count == 0;
    return is_started;
}

/*
 * Every step behind an entry is reached. So nothing is unreachable unless all triggers name their
 * own steps and leave some entry out; a step behind a cycle is that cycle's problem.
 */
static void check_reached(Build *build, const Walk *walk) {
    const Plan *plan = build->plan;
    bool *is_reached = arena_zero(&build->scratch, MAX(plan->node_count, 1u));

    if (entries_start(plan))
        return;
    for (uint32_t i = 0; i < plan->node_count; i++)
        is_reached[i] = plan->nodes[i].in_count > 0;
    for (uint32_t i = walk->done_count; i-- > 0;) {
        const PlanNode *node = &plan->nodes[walk->done[i]];
        bool has_source = false;

        for (uint32_t e = 0; e < node->in_count; e++) {
            const PlanEdge *edge = &plan->edges[node->in[e]];

            has_source = has_source || edge->port == PORT_TRIGGER || build->is_back[node->in[e]] ||
                         is_reached[edge->from];
        }
        is_reached[walk->done[i]] = has_source;
    }
    for (uint32_t i = 0; i < plan->node_count; i++) {
        if (!is_reached[i])
            build_problem(build, PROBLEM_UNREACHABLE_STEP, build->pointers[i],
                          str_printf(&build->scratch,
                                     "no trigger leads to the step `%.*s`: every trigger names "
                                     "other steps in its nextSteps",
                                     STR_ARGS(plan->nodes[i].id)));
    }
}

void build_graph(Build *build) {
    const Plan *plan = build->plan;
    uint32_t count = MAX(plan->node_count, 1u);
    Walk walk = {
        .build = build,
        .colours = arena_zero(&build->scratch, count),
        .path = arena_alloc(&build->scratch, count * sizeof(uint32_t)),
        .taken = arena_alloc(&build->scratch, count * sizeof(uint32_t)),
        .done = arena_alloc(&build->scratch, count * sizeof(uint32_t)),
    };

    build->is_back = arena_zero(&build->scratch, MAX(plan->edge_count, 1u));
    walk_all(&walk);
    CHECK(walk.done_count == plan->node_count);
    find_before(build, &walk);
    check_reached(build, &walk);
}
