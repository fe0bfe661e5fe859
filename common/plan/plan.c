/* A text becomes a plan, or a list of problems. */

#include "common/plan/plan.h"

#include "common/base/alloc.h"
#include "common/base/buf.h"
#include "common/base/check.h"
#include "common/base/hash.h"
#include "common/json/storable.h"
#include "common/model/limits.h"
#include "common/plan/build.h"

#define DEFINITION_LIMITS                                                                          \
    ((JsonLimits){.bytes_max = DEFINITION_BYTES_MAX,                                               \
                  .depth_max = JSON_DEPTH_MAX,                                                     \
                  .nodes_max = JSON_NODES_MAX})

static void build_done(Build *build) {
    arena_done(&build->scratch);
}

static void tell_mistake(Build *build, PlanProblemCode code, const JsonMistake *mistake) {
    Place root = place_root();

    build_complain(build, code, &root, "line %u, column %u: %s", mistake->line, mistake->column,
                   mistake->message);
}

/* The tree, owned by the plan; NULL when the text is none, and why is told. */
static const Json *read_text(Build *build, Str text) {
    Plan *plan = build->plan;
    Place root = place_root();
    Json *tree = arena_zero(&plan->arena, sizeof *tree);
    JsonMistake mistake = {.message = ""};
    int r;

    if (text.length > DEFINITION_BYTES_MAX) {
        build_complain(build, PROBLEM_LIMIT_EXCEEDED, &root,
                       "a definition has at most %u bytes, this has %zu", DEFINITION_BYTES_MAX,
                       text.length);
        return NULL;
    }
    text = str_copy(&plan->arena, text);
    r = json_parse(&plan->arena, text, DEFINITION_LIMITS, tree, &mistake);
    if (r) {
        tell_mistake(build, r == JSON_E_SYNTAX ? PROBLEM_JSON_SYNTAX : PROBLEM_LIMIT_EXCEEDED,
                     &mistake);
        return NULL;
    }
    if (json_storable(text, &mistake)) {
        tell_mistake(build, PROBLEM_JSON_NOT_STORABLE, &mistake);
        return NULL;
    }
    return tree;
}

static void write_canonical(Buf *buf, Arena *arena, const Json *value) {
    const JsonMember *sorted;

    if (value->type == JSON_ARRAY) {
        for (uint32_t i = 0; i < value->count; i++) {
            buf_add_char(buf, i == 0 ? '[' : ',');
            write_canonical(buf, arena, json_at(value, i));
        }
        buf_add_text(buf, value->count == 0 ? "[]" : "]");
        return;
    }
    if (value->type != JSON_OBJECT) {
        json_write(buf, value);
        return;
    }
    sorted = json_sorted(arena, value);
    for (uint32_t i = 0; i < value->count; i++) {
        buf_add_char(buf, i == 0 ? '{' : ',');
        json_write_string(buf, sorted[i].key);
        buf_add_char(buf, ':');
        write_canonical(buf, arena, &sorted[i].value);
    }
    buf_add_text(buf, value->count == 0 ? "{}" : "}");
}

static uint64_t hash_of(Build *build, const Json *tree) {
    _cleanup_(buf_done) Buf text = {0};
    Sha256 hash;

    write_canonical(&text, &build->scratch, tree);
    hash = sha256_of(buf_str(&text));
    return sha256_prefix(&hash);
}

static void compile(Build *build, Str definition) {
    const Json *tree = read_text(build, definition);

    if (tree == NULL)
        return;
    build_read(build, tree);
    build_edges(build);
    build_graph(build);
    build_refs(build);
    if (build->problems.count > 0) {
        build_order_problems(build, tree);
        return;
    }
    build_chains(build);
    build->plan->hash = hash_of(build, tree);
    build->plan->definition = tree;
}

int plan_compile(Str definition, const PlanCatalog *catalog, Arena *arena,
                 PlanProblems *ret_problems, Plan **ret_plan) {
    _cleanup_(plan_free_p) Plan *plan = alloc_zero(sizeof *plan);
    _cleanup_(build_done) Build build = {.plan = plan, .catalog = catalog, .arena = arena};

    compile(&build, definition);
    *ret_problems = build.problems;
    if (build.problems.count > 0)
        return PLAN_E_INVALID;

    *ret_plan = plan;
    plan = NULL;
    return 0;
}

Plan *plan_free(Plan *plan) {
    if (plan == NULL)
        return NULL;
    for (PlanProgram *program = plan->programs; program != NULL; program = program->next) {
        expr_free(program->expr);
        template_free(program->template);
    }
    arena_done(&plan->arena);
    return alloc_free(plan);
}

uint32_t plan_find_node(const Plan *plan, Str id) {
    uint32_t low = 0, high = plan->node_count;

    if (id.length == 0)
        return PLAN_NONE;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (str_compare(plan->nodes[plan->by_id[middle]].id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < plan->node_count && str_equal(plan->nodes[plan->by_id[low]].id, id))
        return plan->by_id[low];
    return PLAN_NONE;
}

uint32_t plan_find_trigger(const Plan *plan, Str id) {
    for (uint32_t i = 0; i < plan->trigger_count; i++) {
        if (id.length > 0 && str_equal(plan->triggers[i].id, id))
            return i;
    }
    return PLAN_NONE;
}

static const char *port_word(PlanPortKind port) {
    switch (port) {
    case PORT_NEXT:
        return "next";
    case PORT_TRUE:
        return "true";
    case PORT_FALSE:
        return "false";
    case PORT_CASE:
        return "case";
    case PORT_DEFAULT:
        return "default";
    case PORT_ERROR:
        return "error";
    case PORT_TRIGGER:
        return "trigger";
    }
    CHECK_UNREACHABLE();
}

static bool is_numbered(const PlanEdge *edge) {
    return edge->port == PORT_CASE || edge->port == PORT_ERROR;
}

Str plan_port_text(Arena *arena, const PlanEdge *edge) {
    if (is_numbered(edge))
        return str_printf(arena, "%s%u", port_word(edge->port), edge->port_index);
    return str_of(port_word(edge->port));
}

static bool is_port(const PlanEdge *edge, Str name) {
    Str word = str_of(port_word(edge->port));
    int64_t index;

    if (!is_numbered(edge))
        return str_equal(name, word);
    return str_starts(name, word) &&
           str_to_int64(str_slice(name, word.length, name.length), 0, UINT32_MAX, &index) &&
           index == edge->port_index;
}

bool plan_edge_is_taken(const PlanEdge *edge, Str outcome) {
    if (outcome.length == 0)
        return edge->port == PORT_NEXT;
    while (outcome.data != NULL) {
        if (is_port(edge, str_split(&outcome, ',')))
            return true;
    }
    return false;
}
