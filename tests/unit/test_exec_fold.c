#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "tests/fake/exec_graph.h"
#include "tests/fake/exec_twin.h"

#define BEGIN_MS 1000000

static const char definition[] =
    "{\"name\":\"t\",\"steps\":["
    "{\"id\":\"a\",\"type\":\"ACTION\",\"integrationId\":\"test\",\"integrationActionId\":\"call\","
    "\"attemptTimeoutMs\":3000,\"nextSteps\":[\"d\"]},"
    "{\"id\":\"d\",\"type\":\"DELAY\",\"config\":{\"forMs\":5000}}],"
    "\"settings\":{\"timeoutMs\":60000}}";

static const ExecFacts facts = {
    .started_ms = BEGIN_MS,
    .trigger = PLAN_NONE,
    .trigger_text = {"{}", 2},
    .input = {"{}", 2},
    .vars = {"{}", 2},
};

static ExecRow row_of_a(void) {
    return (ExecRow){
        .ord = 1,
        .node = 0,
        .status = STEP_COMPLETED,
        .outcome = STR(""),
        .opened_ms = BEGIN_MS,
        .completed_ms = BEGIN_MS + 10,
        .output = STR("{\"x\":1}"),
    };
}

static int step(Exec *exec, ExecEvent event, Arena *arena, ExecEffects *ret_effects) {
    *ret_effects = (ExecEffects){.arena = arena};
    return exec_step(exec, &event, ret_effects);
}

/* One thing wrong with a row that would fit otherwise. */
typedef void (*Damage)(ExecRow *row);

static void wrong_ord(ExecRow *row) {
    row->ord = 2;
}

static void unknown_node(ExecRow *row) {
    row->node = 2;
}

static void never_opened(ExecRow *row) {
    row->node = 1;
}

static void wrong_attempt(ExecRow *row) {
    row->attempt = 1;
}

static void not_ended(ExecRow *row) {
    row->status = STEP_RUNNING;
}

static void in_a_scope(ExecRow *row) {
    row->scope = STR("x");
}

static void second_visit(ExecRow *row) {
    row->visit = 1;
}

Test(exec_fold, a_row_that_does_not_fit_is_refused_and_changes_nothing) {
    static const Damage damages[] = {wrong_ord, unknown_node, never_opened, wrong_attempt,
                                     not_ended, in_a_scope,   second_visit};
    _cleanup_(plan_free_p) Plan *plan = exec_graph_plan(definition);
    _cleanup_(exec_free_p) Exec *exec = exec_new(plan, &facts);
    _cleanup_(buf_done) Buf before = {0};
    ExecRow row;

    exec_pack(exec, &before);
    for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
        _cleanup_(buf_done) Buf after = {0};

        row = row_of_a();
        damages[i](&row);
        cr_assert_eq(exec_fold(exec, &row), EXEC_E_ROW, "damage %zu", i);
        exec_pack(exec, &after);
        cr_assert(str_equal(buf_str(&before), buf_str(&after)), "damage %zu", i);
    }
    row = row_of_a();
    cr_assert_eq(exec_fold(exec, &row), 0);
    cr_assert_eq(exec_fold(exec, &row), EXEC_E_ROW, "it ended already");
}

Test(exec_fold, rows_may_come_without_their_texts) {
    _cleanup_(plan_free_p) Plan *plan = exec_graph_plan(definition);
    _cleanup_(exec_free_p) Exec *exec = exec_new(plan, &facts);
    ExecRow row = row_of_a();

    row.output = STR_NONE;
    cr_assert_eq(exec_fold(exec, &row), 0);
    cr_assert_eq(exec_view(exec, 0).status, STEP_COMPLETED);
    cr_assert_null(exec_view(exec, 0).output.data);
}

Test(exec_fold, a_wait_that_does_not_fit_is_refused) {
    _cleanup_(plan_free_p) Plan *plan = exec_graph_plan(definition);
    _cleanup_(exec_free_p) Exec *exec = exec_new(plan, &facts);
    ExecWait wait = {.node = 0, .reason = REASON_RETRY, .due_ms = BEGIN_MS + 1};

    wait.node = 1;
    cr_assert_eq(exec_fold_wait(exec, &wait), EXEC_E_ROW, "not open");
    wait.node = 9;
    cr_assert_eq(exec_fold_wait(exec, &wait), EXEC_E_ROW, "no such step");
    wait.node = 0;
    wait.attempt = 3;
    cr_assert_eq(exec_fold_wait(exec, &wait), EXEC_E_ROW, "another attempt");
    wait.attempt = 0;
    wait.reason = REASON_APPROVAL;
    cr_assert_eq(exec_fold_wait(exec, &wait), EXEC_E_ROW, "a reason this plan has no use for");
    cr_assert_eq(exec_view(exec, 0).reason, REASON_QUEUED);
    wait.reason = REASON_RETRY;
    cr_assert_eq(exec_fold_wait(exec, &wait), 0);
    cr_assert_eq(exec_view(exec, 0).reason, REASON_RETRY);
    cr_assert_eq(exec_view(exec, 0).due_ms, BEGIN_MS + 1);
    cr_assert_eq(exec_fold_wait(exec, &wait), EXEC_E_ROW, "it waits already");
}

Test(exec_fold, the_deadline_of_the_execution_follows_from_its_plan) {
    _cleanup_(plan_free_p) Plan *plan = exec_graph_plan(definition);
    _cleanup_(exec_free_p) Exec *exec = exec_new(plan, &facts);
    ExecWait wait = {.node = PLAN_NONE, .reason = REASON_DEADLINE};

    cr_assert_eq(exec_fold_wait(exec, &wait), 0);
    cr_assert_eq(exec_due_ms(exec), BEGIN_MS + 60000);
}

Test(exec_fold, a_run_that_was_known_still_holds_its_step) {
    _cleanup_(plan_free_p) Plan *plan = exec_graph_plan(definition);
    _cleanup_(exec_free_p) Exec *exec = exec_new(plan, &facts);
    _cleanup_(arena_done) Arena arena = {0};
    ExecWait wait = {.node = 0, .reason = REASON_RUNNING, .run = 5};
    ExecEvent event = {
        .type = EXEC_EVENT_ENDED,
        .now_ms = BEGIN_MS + 10,
        .outcome = {.run = 6, .status = STEP_COMPLETED},
    };
    ExecEffects effects;

    exec_fold_status(exec, EXECUTION_RUNNING, STR_NONE);
    cr_assert_eq(exec_fold_wait(exec, &wait), 0);
    cr_assert_eq(step(exec, event, &arena, &effects), EXEC_E_LATE);
    event.outcome.run = 5;
    cr_assert_eq(step(exec, event, &arena, &effects), 0);
}

Test(exec_fold, time_goes_on_from_the_newest_row) {
    _cleanup_(plan_free_p) Plan *plan = exec_graph_plan(definition);
    _cleanup_(exec_free_p) Exec *exec = exec_new(plan, &facts);
    _cleanup_(arena_done) Arena arena = {0};
    ExecRow row = row_of_a();
    ExecEvent event = {.type = EXEC_EVENT_CANCEL, .node = PLAN_NONE, .now_ms = BEGIN_MS + 1};
    ExecEffects effects;

    cr_assert_eq(exec_fold(exec, &row), 0);
    cr_assert_eq(step(exec, event, &arena, &effects), 0);
    cr_assert_eq(effects.items[effects.count - 1].type, EXEC_EFFECT_FINISH);
    cr_assert_eq(effects.items[effects.count - 1].completed_ms, BEGIN_MS + 10);
}

Test(exec_fold, what_was_opened_before_is_not_sent_again_by_the_next_turn) {
    _cleanup_(plan_free_p) Plan *plan = exec_graph_plan(definition);
    _cleanup_(exec_free_p) Exec *exec = exec_new(plan, &facts);
    _cleanup_(arena_done) Arena arena = {0};
    ExecEffects effects;

    exec_fold_status(exec, EXECUTION_RUNNING, STR_NONE);
    cr_assert_eq(
        step(exec, (ExecEvent){.type = EXEC_EVENT_TIMER, .now_ms = BEGIN_MS + 1}, &arena, &effects),
        0);
    cr_assert_eq(effects.count, 0);
    cr_assert_eq(exec_resend(exec, 0, &effects), 0);
    cr_assert_eq(effects.items[0].type, EXEC_EFFECT_DISPATCH);
    cr_assert(str_is(effects.items[0].input, "{}"));
}

Test(exec_fold, an_attempt_of_unknown_age_is_counted_from_the_moment_somebody_looks) {
    _cleanup_(plan_free_p) Plan *plan = exec_graph_plan(definition);
    _cleanup_(exec_free_p) Exec *exec = exec_new(plan, &facts);
    _cleanup_(arena_done) Arena arena = {0};
    ExecWait wait = {.node = 0, .reason = REASON_RUNNING, .run = 5};
    ExecEvent timer = {.type = EXEC_EVENT_TIMER, .now_ms = BEGIN_MS + 50000};
    ExecEffects effects;

    exec_fold_status(exec, EXECUTION_RUNNING, STR_NONE);
    cr_assert_eq(exec_fold_wait(exec, &wait), 0);
    cr_assert_eq(exec_view(exec, 0).due_ms, BEGIN_MS, "somebody should look now");
    cr_assert_eq(step(exec, timer, &arena, &effects), 0);
    cr_assert_eq(effects.count, 1);
    cr_assert_eq(effects.items[0].type, EXEC_EFFECT_TIMER);
    cr_assert_eq(effects.items[0].due_ms, BEGIN_MS + 50000 + 3000 + 10000);
    cr_assert_eq(exec_view(exec, 0).status, STEP_RUNNING);
}

Test(exec_fold, a_delay_whose_wait_is_not_there_is_made_again) {
    _cleanup_(plan_free_p) Plan *plan = exec_graph_plan(definition);
    _cleanup_(exec_free_p) Exec *exec = exec_new(plan, &facts);
    _cleanup_(arena_done) Arena arena = {0};
    ExecRow row = row_of_a();
    ExecEvent timer = {.type = EXEC_EVENT_TIMER, .node = 1, .now_ms = BEGIN_MS + 20};
    ExecEffects effects;

    exec_fold_status(exec, EXECUTION_RUNNING, STR_NONE);
    cr_assert_eq(exec_fold(exec, &row), 0);
    cr_assert_eq(exec_view(exec, 1).reason, REASON_READY);
    cr_assert_eq(exec_view(exec, 1).due_ms, BEGIN_MS + 10);
    cr_assert_eq(step(exec, timer, &arena, &effects), 0);
    cr_assert_eq(effects.items[0].type, EXEC_EFFECT_WAIT);
    cr_assert_eq(effects.items[0].due_ms, BEGIN_MS + 10 + 5000, "as from its opening");
}

static void check_ending(Str error, ExecutionStatus wanted) {
    _cleanup_(plan_free_p) Plan *plan = exec_graph_plan(definition);
    _cleanup_(exec_free_p) Exec *exec = exec_new(plan, &facts);
    _cleanup_(arena_done) Arena arena = {0};
    ExecEvent timer = {.type = EXEC_EVENT_TIMER, .node = PLAN_NONE, .now_ms = BEGIN_MS + 5};
    ExecEffects effects;

    exec_fold_status(exec, EXECUTION_CANCELLING, error);
    cr_assert_leq(exec_due_ms(exec), BEGIN_MS, "somebody should look now");
    cr_assert_eq(step(exec, timer, &arena, &effects), 0);
    cr_assert_eq(effects.items[0].type, EXEC_EFFECT_REVOKE);
    cr_assert_eq(effects.items[1].type, EXEC_EFFECT_TIMER);
    cr_assert_eq(effects.items[1].due_ms, BEGIN_MS + 5 + 10000);
    timer.now_ms = effects.items[1].due_ms;
    cr_assert_eq(step(exec, timer, &arena, &effects), 0);
    cr_assert_eq(exec_status(exec), wanted);
}

Test(exec_fold, an_ending_survives_in_the_execution_s_own_row) {
    check_ending(STR("{\"type\":\"CANCELLED\",\"message\":\"x\"}"), EXECUTION_CANCELLED);
    check_ending(STR("{\"type\":\"TIMEOUT\",\"message\":\"x\"}"), EXECUTION_TIMED_OUT);
}

Test(exec_fold, an_execution_that_has_ended_takes_nothing_any_more) {
    _cleanup_(plan_free_p) Plan *plan = exec_graph_plan(definition);
    _cleanup_(exec_free_p) Exec *exec = exec_new(plan, &facts);
    _cleanup_(arena_done) Arena arena = {0};
    ExecEffects effects;

    exec_fold_status(exec, EXECUTION_CANCELLED, STR("{\"type\":\"CANCELLED\"}"));
    cr_assert_eq(exec_due_ms(exec), 0);
    cr_assert_eq(
        step(exec, (ExecEvent){.type = EXEC_EVENT_CANCEL, .node = PLAN_NONE}, &arena, &effects),
        EXEC_E_FINISHED);
    cr_assert_eq(effects.count, 0);
}
