/* One attempt at one step: the table of kinds, and the ends they share. */

#include "worker/step/step.h"

#include "common/base/check.h"
#include "common/plan/scope.h"
#include "worker/step/step_private.h"

typedef void (*StepBeginFn)(const StepOrder *order, Arena *arena, StepAsk *ret_ask);
typedef void (*StepResumeFn)(const StepOrder *order, const StepAnswer *answer, Arena *arena,
                             StepEnd *ret_end);

/* The kinds that become tasks; every other one is decided by the engine. */
static const struct {
    StepBeginFn begin;
    StepResumeFn resume;
} kinds[_STEP_TYPE_COUNT] = {
    [STEP_ACTION] = {step_action_begin, step_action_resume},
};

StepEnd step_failed(const StepOrder *order, const StepFailure *failure, Arena *arena) {
    const PlanNode *node = &order->plan->nodes[order->node];

    return (StepEnd){
        .status = failure->status,
        .effect = failure->effect,
        .retryable = failure->retryable,
        .error = scope_error_object(arena,
                                    &(ScopeFailure){
                                        .type = failure->type,
                                        .message = failure->message,
                                        .step = node->id,
                                        .scope_path = order->scope,
                                        .attempt = order->attempt,
                                        .retryable = failure->retryable,
                                    }),
    };
}

void step_begin(const StepOrder *order, Arena *arena, StepAsk *ret_ask) {
    StepType type;

    CHECK(order->node < order->plan->node_count);
    CHECK(order->timeout_ms > 0);

    type = order->plan->nodes[order->node].type;
    if (kinds[type].begin != NULL) {
        kinds[type].begin(order, arena, ret_ask);
        return;
    }
    ret_ask->type = ASK_NOTHING;
    ret_ask->end =
        step_failed(order,
                    &(StepFailure){
                        .status = STEP_FAILED,
                        .type = ERROR_VALIDATION,
                        .message = str_printf(arena, "a worker does not run steps of type %s",
                                              step_type_word(type)),
                    },
                    arena);
}

void step_resume(const StepOrder *order, const StepAnswer *answer, Arena *arena, StepEnd *ret_end) {
    StepType type = order->plan->nodes[order->node].type;

    CHECK(kinds[type].resume != NULL);
    CHECK(answer->type < _ANSWER_TYPE_COUNT);
    kinds[type].resume(order, answer, arena, ret_end);
}
