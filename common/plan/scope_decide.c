/* What is decided on the spot. */

#include "common/base/check.h"
#include "common/plan/scope.h"

static int decide_condition(const Scope *scope, uint32_t node, Arena *arena,
                            ScopeDecision *ret_decision, ScopeError *ret_error) {
    bool truth;
    int r = scope_condition(scope, node, arena, &truth, ret_error);

    if (r)
        return r;
    ret_decision->outcome = truth ? STR("true") : STR("false");
    ret_decision->output = ret_decision->outcome;
    return 0;
}

static int decide_switch(const Scope *scope, uint32_t node, Arena *arena,
                         ScopeDecision *ret_decision, ScopeError *ret_error) {
    int r = scope_switch(scope, node, arena, &ret_decision->outcome, ret_error);

    if (r)
        return r;
    if (str_is(ret_decision->outcome, "none") && scope->plan->nodes[node].switch_fails) {
        *ret_error = (ScopeError){.type = ERROR_NO_MATCH,
                                  .message = STR("no case matched and there is no default")};
        return SCOPE_E_NO_MATCH;
    }
    ret_decision->output = str_printf(arena, "\"%.*s\"", STR_ARGS(ret_decision->outcome));
    return 0;
}

static int decide_transform(const Scope *scope, uint32_t node, Arena *arena,
                            ScopeDecision *ret_decision, ScopeError *ret_error) {
    ScopeRaw raw = {.plan = scope->plan, .node = node, .now_ms = scope->now_ms};
    int r = scope_input(scope, node, arena, &raw.text, ret_error);

    if (r)
        return r;
    ret_decision->outcome = STR("");
    ret_decision->output = raw.text;
    if (scope->plan->nodes[node].output == NULL)
        return 0;
    return scope_output(&raw, arena, &ret_decision->output, ret_error);
}

int scope_decide(const Scope *scope, uint32_t node, Arena *arena, ScopeDecision *ret_decision,
                 ScopeError *ret_error) {
    StepType type = scope->plan->nodes[node].type;

    if (type == STEP_CONDITION)
        return decide_condition(scope, node, arena, ret_decision, ret_error);
    if (type == STEP_SWITCH)
        return decide_switch(scope, node, arena, ret_decision, ret_error);
    CHECK(type == STEP_TRANSFORM);
    return decide_transform(scope, node, arena, ret_decision, ret_error);
}
