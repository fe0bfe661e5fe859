/* Names become edges: ids are found, edges are put in their order, and every step knows its own. */

#include <stdlib.h>

#include "common/base/check.h"
#include "common/plan/build.h"

static int compare_ids(const void *left, const void *right, void *context) {
    const Plan *plan = context;
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    int order = str_compare(plan->nodes[a].id, plan->nodes[b].id);

    return order != 0 ? order : (a > b) - (a < b);
}

static void tell_twice(Build *build, uint32_t first, uint32_t second) {
    Str id = build->plan->nodes[second].id;

    build_problem(build, PROBLEM_DUPLICATE_ID,
                  str_printf(&build->scratch, "%.*s/id", STR_ARGS(build->pointers[second])),
                  str_printf(&build->scratch, "the step at %.*s has the id `%.*s` already",
                             STR_ARGS(build->pointers[first]), STR_ARGS(id)));
}

static void order_ids(Build *build) {
    Plan *plan = build->plan;
    uint32_t *by_id = arena_alloc(&plan->arena, MAX(plan->node_count, 1u) * sizeof *by_id);
    uint32_t first = 0;

    for (uint32_t i = 0; i < plan->node_count; i++)
        by_id[i] = i;
    if (plan->node_count > 1)
        qsort_r(by_id, plan->node_count, sizeof *by_id, compare_ids, plan);
    for (uint32_t i = 1; i < plan->node_count; i++) {
        Str id = plan->nodes[by_id[i]].id;

        if (id.length > 0 && str_equal(id, plan->nodes[by_id[first]].id))
            tell_twice(build, by_id[first], by_id[i]);
        else
            first = i;
    }
    plan->by_id = by_id;
}

/* Wires of steps before wires of triggers, each by where they start and through which port. */
static int compare_wires(const void *left, const void *right) {
    const Wire *a = left, *b = right;
    int order;

    if ((a->port == PORT_TRIGGER) != (b->port == PORT_TRIGGER))
        return a->port == PORT_TRIGGER ? 1 : -1;
    if (a->from != b->from)
        return a->from < b->from ? -1 : 1;
    if (a->port != b->port)
        return a->port < b->port ? -1 : 1;
    if (a->port_index != b->port_index)
        return a->port_index < b->port_index ? -1 : 1;
    if (a->to != b->to)
        return a->to < b->to ? -1 : 1;
    order = str_compare(a->pointer, b->pointer);
    return order;
}

static bool is_same_edge(const Wire *a, const Wire *b) {
    return (a->port == PORT_TRIGGER) == (b->port == PORT_TRIGGER) && a->from == b->from &&
           a->port == b->port && a->port_index == b->port_index && a->to == b->to;
}

/* Drops what leads nowhere. */
static void resolve_wires(Build *build) {
    uint32_t kept = 0;

    for (uint32_t i = 0; i < build->wire_count; i++) {
        Wire *wire = &build->wires[i];

        wire->to = plan_find_node(build->plan, wire->target);
        if (wire->to != PLAN_NONE) {
            build->wires[kept++] = *wire;
            continue;
        }
        build_problem(build, PROBLEM_DANGLING_REFERENCE, wire->pointer,
                      str_printf(&build->scratch, "there is no step `%s`%s",
                                 text_shown(&build->scratch, wire->target),
                                 build_near_step(build, wire->target)));
    }
    build->wire_count = kept;
}

static void drop_doubles(Build *build) {
    uint32_t kept = 0;

    for (uint32_t i = 0; i < build->wire_count; i++) {
        const Wire *wire = &build->wires[i];

        if (kept > 0 && is_same_edge(&build->wires[kept - 1], wire))
            build_problem(build, PROBLEM_DUPLICATE_EDGE, wire->pointer,
                          str_printf(&build->scratch, "`%.*s` is already named at %.*s",
                                     STR_ARGS(wire->target),
                                     STR_ARGS(build->wires[kept - 1].pointer)));
        else
            build->wires[kept++] = *wire;
    }
    build->wire_count = kept;
}

/* out_first, out_count of nodes and triggers; the wires are sorted by where they start. */
static void place_out(Build *build) {
    Plan *plan = build->plan;

    for (uint32_t i = 0; i < build->wire_count; i++) {
        const Wire *wire = &build->wires[i];
        bool is_trigger = wire->port == PORT_TRIGGER;
        uint32_t *first =
            is_trigger ? &plan->triggers[wire->from].out_first : &plan->nodes[wire->from].out_first;
        uint32_t *count =
            is_trigger ? &plan->triggers[wire->from].out_count : &plan->nodes[wire->from].out_count;

        if (*count == 0)
            *first = i;
        (*count)++;
        plan->step_edge_count += !is_trigger;
        plan->edges[i] = (PlanEdge){
            .from = wire->from,
            .to = wire->to,
            .port = wire->port,
            .port_index = wire->port_index,
        };
    }
}

static void place_in(Plan *plan) {
    uint32_t *slots = arena_alloc(&plan->arena, MAX(plan->edge_count, 1u) * sizeof *slots);
    uint32_t *next = slots;

    for (uint32_t i = 0; i < plan->edge_count; i++)
        plan->nodes[plan->edges[i].to].in_count++;
    for (uint32_t i = 0; i < plan->node_count; i++) {
        plan->nodes[i].in = next;
        next += plan->nodes[i].in_count;
        plan->nodes[i].in_count = 0;
    }
    for (uint32_t i = 0; i < plan->edge_count; i++) {
        PlanNode *node = &plan->nodes[plan->edges[i].to];

        slots[(size_t)(node->in - slots) + node->in_count++] = i;
    }
}

static void place_entries(Plan *plan) {
    uint32_t *entries = arena_alloc(&plan->arena, MAX(plan->node_count, 1u) * sizeof *entries);

    for (uint32_t i = 0; i < plan->node_count; i++) {
        if (plan->nodes[i].in_count == 0)
            entries[plan->entry_count++] = i;
    }
    plan->entries = entries;
}

static void check_joins(Build *build) {
    for (uint32_t i = 0; i < build->plan->node_count; i++) {
        const PlanNode *node = &build->plan->nodes[i];

        if (node->join != JOIN_N_OF_M || node->join_n <= node->in_count)
            continue;
        build_problem(build, PROBLEM_INVALID_JOIN,
                      str_printf(&build->scratch, "%.*s/join/n", STR_ARGS(build->pointers[i])),
                      str_printf(&build->scratch,
                                 "n is %u, but only %u edges lead to the step; it could never run",
                                 node->join_n, node->in_count));
    }
}

void build_edges(Build *build) {
    Plan *plan = build->plan;

    order_ids(build);
    resolve_wires(build);
    if (build->wire_count > 1)
        qsort(build->wires, build->wire_count, sizeof *build->wires, compare_wires);
    drop_doubles(build);
    plan->edge_count = build->wire_count;
    plan->edges = arena_zero(&plan->arena, MAX(plan->edge_count, 1u) * sizeof *plan->edges);
    place_out(build);
    place_in(plan);
    place_entries(plan);
    check_joins(build);
}
