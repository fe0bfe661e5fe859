/* The document that programs see: recorded texts, parsed only when somebody reads them. */

#include "common/base/check.h"
#include "common/plan/instant.h"
#include "common/plan/scope_private.h"

bool scope_parse(Arena *arena, Str text, Json *ret_value) {
    if (text.length == 0) {
        *ret_value = json_null();
        return true;
    }
    return json_parse(arena, text, JSON_LIMITS_DEFAULT, ret_value, NULL) == 0;
}

typedef struct Roots {
    const Scope *scope;
    uint32_t node;
    Arena *arena;
    JsonObject object;
    bool is_broken; /* a recorded text was no JSON */
} Roots;

static Json parsed(Roots *roots, Str text) {
    Json value = json_null();

    if (!scope_parse(roots->arena, text, &value))
        roots->is_broken = true;
    return value;
}

static Json step_value(Roots *roots, uint32_t node) {
    const ScopeStep *step = &roots->scope->steps[node];
    JsonObject value = {.arena = roots->arena};

    json_add(&value, STR("output"), parsed(roots, step->output));
    json_add(&value, STR("status"), json_string(str_of(step_status_word(step->status))));
    json_add(&value, STR("error"), parsed(roots, step->error));
    return json_object_done(&value);
}

static Json steps_value(Roots *roots, const PlanReads *reads) {
    const Plan *plan = roots->scope->plan;
    uint32_t count = reads->all_steps ? plan->node_count : reads->step_count;
    JsonMember *members = arena_alloc(roots->arena, MAX(count, 1u) * sizeof *members);

    for (uint32_t i = 0; i < count; i++) {
        uint32_t node = reads->all_steps ? i : reads->steps[i];

        members[i].key = plan->nodes[node].id;
        members[i].value = step_value(roots, node);
    }
    return json_object(members, count);
}

static Json execution_value(Roots *roots) {
    const Scope *scope = roots->scope;
    JsonObject value = {.arena = roots->arena};
    UuidText id = uuid_text(scope->execution.uuid);

    json_add(&value, STR("id"), json_string_copy(roots->arena, str_of(id.text)));
    json_add(&value, STR("startedAt"), json_string(instant_text(roots->arena, scope->started_ms)));
    json_add(&value, STR("templateId"), json_string(scope->template_id));
    json_add(&value, STR("versionNumber"), json_integer(roots->arena, scope->version_number));
    return json_object_done(&value);
}

static Json tenant_value(Roots *roots) {
    JsonObject value = {.arena = roots->arena};
    UuidText id = uuid_text(roots->scope->tenant.uuid);

    json_add(&value, STR("id"), json_string_copy(roots->arena, str_of(id.text)));
    return json_object_done(&value);
}

static ScopeEdge edge_state(const Scope *scope, uint32_t edge) {
    return scope->edges == NULL ? EDGE_TAKEN : (ScopeEdge)scope->edges[edge];
}

/* Several edges may come from one step; it joined when one of them was taken. */
static bool comes_by(const Roots *roots, uint32_t source, ScopeEdge state) {
    const Plan *plan = roots->scope->plan;
    const PlanNode *node = &plan->nodes[roots->node];

    for (uint32_t i = 0; i < node->in_count; i++) {
        const PlanEdge *edge = &plan->edges[node->in[i]];

        if (edge->port != PORT_TRIGGER && edge->from == source &&
            edge_state(roots->scope, node->in[i]) == state)
            return true;
    }
    return false;
}

/* Edges come in the order of the steps they leave, so a step's edges stand side by side. */
static Json join_value(Roots *roots) {
    const Plan *plan = roots->scope->plan;
    const PlanNode *node = &plan->nodes[roots->node];
    JsonArray joined = {.arena = roots->arena}, skipped = {.arena = roots->arena};
    JsonObject value = {.arena = roots->arena};
    uint32_t last = PLAN_NONE;

    for (uint32_t i = 0; i < node->in_count; i++) {
        const PlanEdge *edge = &plan->edges[node->in[i]];
        Json id;

        if (edge->port == PORT_TRIGGER || edge->from == last)
            continue;
        last = edge->from;
        id = json_string(plan->nodes[last].id);
        if (comes_by(roots, last, EDGE_TAKEN))
            json_push(&joined, id);
        else if (!comes_by(roots, last, EDGE_UNDECIDED))
            json_push(&skipped, id);
    }
    json_add(&value, STR("joined"), json_array_done(&joined));
    json_add(&value, STR("skipped"), json_array_done(&skipped));
    return json_object_done(&value);
}

/* The error that led here; null when the step was reached on another way. */
static Json error_value(Roots *roots) {
    const Plan *plan = roots->scope->plan;
    const PlanNode *node = &plan->nodes[roots->node];

    for (uint32_t i = 0; i < node->in_count; i++) {
        const PlanEdge *edge = &plan->edges[node->in[i]];

        if (edge->port == PORT_ERROR && edge_state(roots->scope, node->in[i]) == EDGE_TAKEN)
            return parsed(roots, roots->scope->steps[edge->from].error);
    }
    return json_null();
}

int scope_roots(const Scope *scope, uint32_t node, const PlanReads *reads, Arena *arena,
                Json *ret_roots) {
    Roots roots = {.scope = scope, .node = node, .arena = arena, .object = {.arena = arena}};

    CHECK(node < scope->plan->node_count || node == PLAN_NONE);
    if (reads->trigger)
        json_add(&roots.object, STR("trigger"), parsed(&roots, scope->trigger));
    if (reads->input)
        json_add(&roots.object, STR("input"), parsed(&roots, scope->input));
    if (reads->all_steps || reads->step_count > 0)
        json_add(&roots.object, STR("steps"), steps_value(&roots, reads));
    if (reads->vars)
        json_add(&roots.object, STR("vars"), parsed(&roots, scope->vars));
    if (reads->execution)
        json_add(&roots.object, STR("execution"), execution_value(&roots));
    if (reads->tenant)
        json_add(&roots.object, STR("tenant"), tenant_value(&roots));
    if (reads->join && node != PLAN_NONE)
        json_add(&roots.object, STR("join"), join_value(&roots));
    if (reads->error && node != PLAN_NONE)
        json_add(&roots.object, STR("error"), error_value(&roots));
    if (roots.is_broken)
        return SCOPE_E_VALIDATION;
    *ret_roots = json_object_done(&roots.object);
    return 0;
}
