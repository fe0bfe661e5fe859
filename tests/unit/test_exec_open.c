#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "common/model/limits.h"
#include "tests/fake/exec_graph.h"
#include "tests/fake/exec_twin.h"

/* A turn whose programs have looked at enough leaves the rest to turns of their own. */

#define BEGIN_MS 1000000
#define WIDTH 60
#define INPUT_BYTES (1u << 20)

/* A fork of TRANSFORMs that each look at the whole input; behind them a guarded ACTION. */
static Plan *wide_plan(void) {
    _cleanup_(buf_done) Buf text = {0};

    buf_add_text(&text, "{\"name\":\"t\",\"steps\":[");
    for (int i = 0; i < WIDTH; i++)
        buf_printf(&text,
                   "{\"id\":\"t%d\",\"type\":\"TRANSFORM\",\"inputMappings\":"
                   "{\"n\":\"${ .input | length }\"},\"nextSteps\":[\"a%d\"]},"
                   "{\"id\":\"a%d\",\"type\":\"ACTION\",\"integrationId\":\"test\","
                   "\"integrationActionId\":\"call\",\"condition\":\"(.input | length) == 0\"},",
                   i, i, i);
    buf_add_text(&text, "{\"id\":\"end\",\"type\":\"TRANSFORM\"}],\"output\":{\"x\":1}}");
    return exec_graph_plan(text.data);
}

static void begin(ExecTwin *twin, const Plan *plan, Buf *input) {
    ExecFacts facts = {
        .started_ms = BEGIN_MS,
        .trigger = PLAN_NONE,
        .trigger_text = STR("{}"),
        .vars = STR("{}"),
    };

    buf_add_char(input, '"');
    while (input->length < INPUT_BYTES)
        buf_add_text(input, "xxxxxxxxxxxxxxxx");
    buf_add_char(input, '"');
    facts.input = buf_str(input);
    exec_twin_init(twin, plan, &facts);
    cr_assert_eq(
        exec_twin_step(
            twin, &(ExecEvent){.type = EXEC_EVENT_START, .node = PLAN_NONE, .now_ms = BEGIN_MS}),
        0);
}

static uint32_t count_ready(const ExecTwin *twin) {
    uint32_t count = 0;

    for (uint32_t node = 0; node < twin->plan->node_count; node++) {
        ExecStepView view = exec_view(twin->exec, node);

        count += view.status == STEP_PENDING && view.reason == REASON_READY;
    }
    return count;
}

/* The first postponed step gets its turn; false: there is none. */
static bool ring_one(ExecTwin *twin) {
    for (uint32_t node = 0; node < twin->plan->node_count; node++) {
        ExecStepView view = exec_view(twin->exec, node);

        if (view.reason != REASON_READY || view.status != STEP_PENDING)
            continue;
        cr_assert_leq(view.due_ms, BEGIN_MS, "it is due at once");
        cr_assert_eq(
            exec_twin_step(
                twin, &(ExecEvent){.type = EXEC_EVENT_TIMER, .node = node, .now_ms = BEGIN_MS}),
            0);
        return true;
    }
    return false;
}

Test(exec_open, a_turn_that_looked_at_enough_postpones_the_rest) {
    _cleanup_(plan_free_p) Plan *plan = wide_plan();
    _cleanup_(buf_done) Buf input = {0};
    uint32_t turn_count = 0;
    ExecTwin twin;

    begin(&twin, plan, &input);
    cr_assert_gt(count_ready(&twin), 0);
    cr_assert_lt(twin.row_count * INPUT_BYTES, 2 * TURN_SEEN_BYTES_MAX);
    while (ring_one(&twin))
        turn_count++;
    cr_assert_gt(turn_count, 1);
    cr_assert_eq(exec_status(twin.exec), EXECUTION_COMPLETED);
    cr_assert_eq(exec_ord(twin.exec), 2 * WIDTH + 1);
    cr_assert_str_eq(twin.complaint, "");
    exec_twin_done(&twin);
}

Test(exec_open, what_was_postponed_survives_a_takeover) {
    _cleanup_(plan_free_p) Plan *plan = wide_plan();
    _cleanup_(buf_done) Buf input = {0};
    ExecTwin twin;

    begin(&twin, plan, &input);
    do {
        exec_twin_evict(&twin);
    } while (ring_one(&twin));
    cr_assert_eq(exec_status(twin.exec), EXECUTION_COMPLETED);
    cr_assert_str_eq(twin.complaint, "");
    for (uint32_t i = 0; i < twin.row_count; i++)
        cr_assert_eq(twin.rows[i].chain, 0, "no worker ever had one");
    for (uint32_t i = 0; i < WIDTH; i++)
        cr_assert_eq(exec_view(twin.exec, 2 * i + 1).reason, REASON_GUARD,
                     "guards are still asked");
    exec_twin_done(&twin);
}

Test(exec_open, what_was_postponed_is_cancelled_with_the_rest) {
    _cleanup_(plan_free_p) Plan *plan = wide_plan();
    _cleanup_(buf_done) Buf input = {0};
    ExecTwin twin;

    begin(&twin, plan, &input);
    cr_assert_eq(
        exec_twin_step(
            &twin, &(ExecEvent){.type = EXEC_EVENT_CANCEL, .node = PLAN_NONE, .now_ms = BEGIN_MS}),
        0);
    cr_assert_eq(exec_status(twin.exec), EXECUTION_CANCELLED);
    cr_assert_eq(count_ready(&twin), 0);
    cr_assert_str_eq(twin.complaint, "");
    exec_twin_done(&twin);
}
