/* Sending work out: a task for a worker, with the input as it is at the moment of opening. */

#include "coordinator/engine/exec_private.h"

int exec_input(ExecTurn *turn, uint32_t node, Str *ret_input, ScopeError *ret_error) {
    ExecStep *step = exec_at(turn->exec, node);
    Scope scope;
    Str input;
    int r;

    if (step->input.data) {
        *ret_input = exec_str(&step->input);
        return 0;
    }
    exec_see(turn, node, &scope);
    r = scope_input(&scope, node, &turn->scratch, &input, ret_error);
    if (r)
        return r;
    exec_keep(turn->exec, &step->input, input);
    *ret_input = exec_str(&step->input);
    return 0;
}

/* The input was evaluated when the step was opened, so it can be evaluated again. */
static int input_again(ExecTurn *turn, uint32_t node, Str *ret_input) {
    ScopeError error;

    return fault_fold(exec_input(turn, node, ret_input, &error));
}

static bool is_natural(Str method) {
    static const char *const natural[] = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"};

    for (size_t i = 0; i < ARRAY_SIZE(natural); i++) {
        if (str_equal_nocase(method, str_of(natural[i])))
            return true;
    }
    return method.length == 0; /* GET is what is done when nothing is said */
}

/* Whether a call whose outcome nobody knows may be made once more. */
int exec_is_repeatable(ExecTurn *turn, uint32_t node, bool *ret_answer) {
    const PlanNode *plan_node = &turn->plan->nodes[node];
    Json value;
    Str input;
    int r;

    *ret_answer = plan_node->idempotency != IDEMPOTENCY_NONE;
    if (*ret_answer || !plan_node->is_idempotency_by_method)
        return 0;
    r = input_again(turn, node, &input);
    if (r)
        return fault_pass(r);
    if (json_parse(&turn->scratch, input, JSON_LIMITS_DEFAULT, &value, NULL) == 0)
        *ret_answer = is_natural(json_str(json_member(&value, STR("method"))));
    return 0;
}

static int send(ExecTurn *turn, uint32_t node, bool is_resend) {
    ExecStep *step = exec_at(turn->exec, node);
    ExecEffect *effect;
    Str input;
    int r;

    r = input_again(turn, node, &input);
    if (r)
        return fault_pass(r);
    if (step->phase == PHASE_WAITING)
        exec_effect(turn, EXEC_EFFECT_WAKE, node);
    if (!is_resend || step->phase != PHASE_QUEUED)
        step->since_ms = turn->now_ms;
    exec_move(turn->exec, node, PHASE_QUEUED);
    step->is_fresh = false;
    step->run = 0;
    step->index = 0;
    step->dispatch_no++;
    effect = exec_effect(turn, EXEC_EFFECT_DISPATCH, node);
    effect->input = input;
    effect->opened_ms = step->opened_ms;
    effect->chain = step->chain;
    effect->dispatch_no = step->dispatch_no;
    effect->is_resend = is_resend;
    exec_arm(turn, node);
    return 0;
}

/* Only ACTIONs are sent; what else a cut chain leaves behind is done here. */
int exec_dispatch(ExecTurn *turn, uint32_t node, bool is_resend) {
    if (turn->plan->nodes[node].type != STEP_ACTION)
        return fault_pass(exec_begin_again(turn, node));
    return fault_pass(send(turn, node, is_resend));
}

static int resend(ExecTurn *turn, uint32_t node) {
    int r;

    r = exec_dispatch(turn, node, true);
    if (r)
        return fault_pass(r);
    return fault_pass(exec_settle(turn));
}

int exec_resend(Exec *exec, uint32_t node, ExecEffects *effects) {
    ExecTurn turn = {
        .exec = exec,
        .plan = exec->plan,
        .effects = effects,
        .arena = effects->arena,
        .now_ms = exec->now_ms,
    };
    int r;

    if (node >= exec->plan->node_count || exec->ending != ENDING_NONE ||
        !exec_is_in_hand(exec_at(exec, node)))
        return EXEC_E_UNKNOWN_STEP;
    arena_init(&turn.scratch, 0);
    r = resend(&turn, node);
    arena_done(&turn.scratch);
    return fault_pass(r);
}
