/* Any bytes as a definition: a plan, or at least one problem whose text can be shown. */

#include "common/base/check.h"
#include "common/model/limits.h"
#include "common/plan/plan.h"
#include "tests/fuzz/fuzz.h"

static void check_problems(const PlanProblems *problems) {
    CHECK(problems->count >= 1 && problems->count <= PROBLEMS_MAX);
    for (uint32_t i = 0; i < problems->count; i++) {
        CHECK(problems->items[i].message.length > 0);
        CHECK(str_is_utf8(problems->items[i].message));
        CHECK(str_is_utf8(problems->items[i].pointer));
    }
}

/* What the engine walks without looking twice. */
static void check_plan(const Plan *plan) {
    uint32_t in = 0, out = 0;

    CHECK(plan->node_count >= 1 && plan->step_edge_count <= plan->edge_count);
    for (uint32_t i = 0; i < plan->node_count; i++) {
        const PlanNode *node = &plan->nodes[i];

        CHECK(plan_find_node(plan, node->id) == i);
        CHECK(node->out_first + node->out_count <= plan->edge_count);
        for (uint32_t e = 0; e < node->in_count; e++)
            CHECK(plan->edges[node->in[e]].to == i);
        in += node->in_count;
        out += node->out_count;
    }
    CHECK(in == plan->edge_count && out == plan->step_edge_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    _cleanup_(arena_done) Arena arena = {0};
    _cleanup_(plan_free_p) Plan *plan = NULL;
    PlanProblems problems;
    int r = plan_compile(str_from((const char *)bytes, size), NULL, &arena, &problems, &plan);

    CHECK((r == 0) == (plan != NULL));
    if (plan != NULL)
        check_plan(plan);
    else
        check_problems(&problems);
    return 0;
}
