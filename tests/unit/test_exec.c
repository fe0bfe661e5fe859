#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "common/base/alloc.h"
#include "common/model/limits.h"
#include "tests/fake/exec_graph.h"
#include "tests/fake/exec_twin.h"

#define ACTION(id, rest)                                                                           \
    "{\"id\":\"" id "\",\"type\":\"ACTION\",\"integrationId\":\"test\","                           \
    "\"integrationActionId\":\"call\"" rest "}"
#define PLAN(steps) "{\"name\":\"t\",\"steps\":[" steps "]}"

#define BEGIN_MS 1000000

static const char two_steps[] = PLAN(ACTION("a", ",\"nextSteps\":[\"b\"]") "," ACTION("b", ""));

static ExecFacts facts_of(Str input) {
    return (ExecFacts){
        .started_ms = BEGIN_MS,
        .trigger = PLAN_NONE,
        .trigger_text = STR("{}"),
        .input = input,
        .vars = STR("{}"),
    };
}

static int start(ExecTwin *twin) {
    return exec_twin_step(
        twin, &(ExecEvent){.type = EXEC_EVENT_START, .node = PLAN_NONE, .now_ms = BEGIN_MS});
}

static ExecEvent completed(uint32_t node, Str output, int64_t now_ms) {
    return (ExecEvent){
        .type = EXEC_EVENT_ENDED,
        .node = node,
        .now_ms = now_ms,
        .outcome = {.run = 7, .status = STEP_COMPLETED, .output = output},
    };
}

static Str large(Arena *arena, size_t bytes) {
    char *text = arena_alloc(arena, bytes);

    for (size_t i = 0; i < bytes; i++)
        text[i] = i == 0 || i == bytes - 1 ? '"' : 'x';
    return str_from(text, bytes);
}

static const ExecEffect *find_effect(const ExecTwin *twin, ExecEffectType type) {
    for (uint32_t i = 0; i < twin->effects.count; i++) {
        if (twin->effects.items[i].type == type)
            return &twin->effects.items[i];
    }
    return NULL;
}

Test(exec, nothing_is_freed_twice_and_null_is_free) {
    cr_assert_null(exec_free(NULL));
}

Test(exec, facts_are_copied) {
    _cleanup_(plan_free_p) Plan *plan = exec_graph_plan(two_steps);
    char text[] = "{\"x\":1}";
    ExecFacts facts = facts_of(str_of(text));
    _cleanup_(exec_free_p) Exec *exec = exec_new(plan, &facts);

    text[2] = 'y';
    cr_assert(str_is(exec_facts(exec)->input, "{\"x\":1}"));
    cr_assert_eq(exec_plan(exec), plan);
    cr_assert_eq(exec_status(exec), EXECUTION_PENDING);
}

Test(exec, a_second_start_is_refused) {
    _cleanup_(plan_free_p) Plan *plan = exec_graph_plan(two_steps);
    ExecFacts facts = facts_of(STR("{}"));
    ExecTwin twin;

    exec_twin_init(&twin, plan, &facts);
    cr_assert_eq(start(&twin), 0);
    cr_assert_eq(start(&twin), EXEC_E_LATE);
    cr_assert_eq(twin.effects.count, 0);
    cr_assert_str_eq(twin.complaint, "");
    exec_twin_done(&twin);
}

Test(exec, an_input_beyond_the_limit_of_the_state_is_refused) {
    _cleanup_(plan_free_p) Plan *plan = exec_graph_plan(two_steps);
    _cleanup_(arena_done) Arena arena = {0};
    ExecFacts facts = facts_of(large(&arena, EXECUTION_STATE_BYTES_MAX));
    ExecTwin twin;

    exec_twin_init(&twin, plan, &facts);
    cr_assert_eq(start(&twin), EXEC_E_LIMIT);
    cr_assert_eq(exec_status(twin.exec), EXECUTION_PENDING);
    exec_twin_done(&twin);
}

Test(exec, an_output_larger_than_a_payload_fails_the_step) {
    _cleanup_(plan_free_p) Plan *plan = exec_graph_plan(two_steps);
    _cleanup_(arena_done) Arena arena = {0};
    ExecFacts facts = facts_of(STR("{}"));
    ExecEvent event = completed(0, large(&arena, PAYLOAD_BYTES_MAX + 1), BEGIN_MS);
    ExecTwin twin;
    const ExecEffect *row;

    exec_twin_init(&twin, plan, &facts);
    cr_assert_eq(start(&twin), 0);
    cr_assert_eq(exec_twin_step(&twin, &event), 0);
    row = find_effect(&twin, EXEC_EFFECT_RECORD);
    cr_assert_eq(row->row.status, STEP_FAILED);
    cr_assert_geq(str_find(row->row.error, STR("PAYLOAD_TOO_LARGE")), 0);
    cr_assert_null(row->row.output.data);
    cr_assert_eq(exec_status(twin.exec), EXECUTION_FAILED);
    exec_twin_done(&twin);
}

Test(exec, an_output_of_exactly_a_payload_is_kept) {
    _cleanup_(plan_free_p) Plan *plan = exec_graph_plan(two_steps);
    _cleanup_(arena_done) Arena arena = {0};
    ExecFacts facts = facts_of(STR("{}"));
    ExecEvent event = completed(0, large(&arena, PAYLOAD_BYTES_MAX), BEGIN_MS);
    ExecTwin twin;

    exec_twin_init(&twin, plan, &facts);
    cr_assert_eq(start(&twin), 0);
    cr_assert_eq(exec_twin_step(&twin, &event), 0);
    cr_assert_eq(exec_view(twin.exec, 0).status, STEP_COMPLETED);
    cr_assert_eq(exec_view(twin.exec, 0).output.length, PAYLOAD_BYTES_MAX);
    exec_twin_done(&twin);
}

/* Sixty steps of half a MiB each: more than an execution may keep. */
static Plan *long_plan(void) {
    _cleanup_(buf_done) Buf text = {0};

    buf_add_text(&text, "{\"name\":\"t\",\"steps\":[");
    for (int i = 0; i < 60; i++)
        buf_printf(&text,
                   "%s{\"id\":\"s%d\",\"type\":\"ACTION\",\"integrationId\":\"test\","
                   "\"integrationActionId\":\"call\",\"nextSteps\":[\"s%d\"]}",
                   i ? "," : "", i, i + 1);
    buf_add_text(&text, "," ACTION("s60", "") "]}");
    return exec_graph_plan(text.data);
}

Test(exec, a_state_that_would_pass_its_limit_fails_the_step_that_is_too_much) {
    _cleanup_(plan_free_p) Plan *plan = long_plan();
    _cleanup_(arena_done) Arena arena = {0};
    Str output = large(&arena, PAYLOAD_BYTES_MAX);
    ExecFacts facts = facts_of(STR("{}"));
    uint32_t node = 0;
    ExecTwin twin;

    exec_twin_init(&twin, plan, &facts);
    cr_assert_eq(start(&twin), 0);
    while (exec_status(twin.exec) == EXECUTION_RUNNING && node < 60) {
        ExecEvent event = completed(node++, output, BEGIN_MS);

        cr_assert_eq(exec_twin_step(&twin, &event), 0);
    }
    cr_assert_eq(exec_status(twin.exec), EXECUTION_FAILED);
    cr_assert_lt(node, 51);
    cr_assert_leq(exec_bytes(twin.exec), EXECUTION_STATE_BYTES_MAX);
    cr_assert_geq(str_find(exec_view(twin.exec, node - 1).error, STR("PAYLOAD_TOO_LARGE")), 0);
    cr_assert_str_eq(twin.complaint, "");
    exec_twin_done(&twin);
}

Test(exec, bytes_held_come_back_when_texts_are_dropped) {
    _cleanup_(plan_free_p) Plan *plan = exec_graph_plan(two_steps);
    ExecFacts facts = facts_of(STR("{}"));
    ExecEvent event = completed(0, STR("{\"x\":1}"), BEGIN_MS);
    size_t before;
    ExecTwin twin;

    exec_twin_init(&twin, plan, &facts);
    before = exec_bytes(twin.exec);
    cr_assert_eq(start(&twin), 0);
    cr_assert_eq(exec_bytes(twin.exec), before + strlen("{}"), "the input of a");
    cr_assert_eq(exec_twin_step(&twin, &event), 0);
    cr_assert_eq(exec_bytes(twin.exec), before + strlen("{\"x\":1}") + strlen("{}"));
    exec_twin_done(&twin);
}

Test(exec, time_never_goes_back_within_an_execution) {
    _cleanup_(plan_free_p) Plan *plan = exec_graph_plan(two_steps);
    ExecFacts facts = facts_of(STR("{}"));
    ExecEvent first = completed(0, STR("1"), BEGIN_MS + 500);
    ExecEvent second = completed(1, STR("2"), BEGIN_MS + 100);
    ExecTwin twin;

    exec_twin_init(&twin, plan, &facts);
    cr_assert_eq(start(&twin), 0);
    cr_assert_eq(exec_twin_step(&twin, &first), 0);
    cr_assert_eq(exec_twin_step(&twin, &second), 0);
    cr_assert_eq(find_effect(&twin, EXEC_EFFECT_RECORD)->row.completed_ms, BEGIN_MS + 500);
    cr_assert_eq(find_effect(&twin, EXEC_EFFECT_FINISH)->completed_ms, BEGIN_MS + 500);
    exec_twin_done(&twin);
}

Test(exec, a_result_of_a_step_that_the_plan_does_not_have_is_refused_without_a_trace) {
    _cleanup_(plan_free_p) Plan *plan = exec_graph_plan(two_steps);
    ExecFacts facts = facts_of(STR("{}"));
    ExecEvent event = completed(99, STR("1"), BEGIN_MS);
    ExecTwin twin;

    exec_twin_init(&twin, plan, &facts);
    cr_assert_eq(start(&twin), 0);
    cr_assert_eq(exec_twin_step(&twin, &event), EXEC_E_UNKNOWN_STEP);
    cr_assert_eq(twin.effects.count, 0);
    event.type = EXEC_EVENT_TIMER;
    cr_assert_eq(exec_twin_step(&twin, &event), EXEC_E_UNKNOWN_STEP);
    event.type = EXEC_EVENT_LOST;
    cr_assert_eq(exec_twin_step(&twin, &event), EXEC_E_UNKNOWN_STEP);
    event.type = EXEC_EVENT_STARTED;
    cr_assert_eq(exec_twin_step(&twin, &event), EXEC_E_UNKNOWN_STEP);
    cr_assert_str_eq(twin.complaint, "");
    exec_twin_done(&twin);
}

Test(exec, a_row_tells_the_input_the_run_and_the_chain) {
    _cleanup_(plan_free_p) Plan *plan = exec_graph_plan(
        PLAN(ACTION("a", ",\"inputMappings\":{\"x\":1},\"nextSteps\":[\"b\",\"c\"]") "," ACTION(
            "b", "") "," ACTION("c", "")));
    ExecFacts facts = facts_of(STR("{}"));
    ExecEvent event = completed(0, STR("1"), BEGIN_MS + 5);
    const ExecRow *row;
    ExecTwin twin;

    exec_twin_init(&twin, plan, &facts);
    cr_assert_eq(start(&twin), 0);
    cr_assert_eq(exec_twin_step(&twin, &event), 0);
    row = &find_effect(&twin, EXEC_EFFECT_RECORD)->row;
    cr_assert(str_is(row->input, "{\"x\":1}"));
    cr_assert_eq(row->run, 7);
    cr_assert_eq(row->chain, 1);
    cr_assert_eq(row->ord, 1);
    cr_assert_neq(exec_view(twin.exec, 1).chain, exec_view(twin.exec, 2).chain,
                  "chains that run side by side have different names");
    exec_twin_done(&twin);
}
