#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "coordinator/engine/exec.h"
#include "tests/fake/exec_graph.h"

static const char definition[] =
    "{\"name\":\"t\",\"steps\":[{\"id\":\"a\",\"type\":\"ACTION\",\"integrationId\":\"test\","
    "\"integrationActionId\":\"call\"}]}";

static void check(ExecEffect effect, const char *wanted) {
    _cleanup_(plan_free_p) Plan *plan = exec_graph_plan(definition);
    ExecFacts facts = {.started_ms = 1000, .trigger = PLAN_NONE};
    _cleanup_(exec_free_p) Exec *exec = exec_new(plan, &facts);
    _cleanup_(buf_done) Buf line = {0};

    exec_trace_effect(exec, &effect, &line);
    cr_expect_str_eq(line.data, wanted);
}

Test(exec_trace, each_effect_is_one_line) {
    check(
        (ExecEffect){
            .type = EXEC_EFFECT_RECORD,
            .row = {.status = STEP_COMPLETED, .output = STR("{\"x\":1}")}
    },
        "row a#0 COMPLETED output {\"x\":1}");
    check(
        (ExecEffect){
            .type = EXEC_EFFECT_RECORD,
            .attempt = 1,
            .row = {.status = STEP_FAILED_HANDLED,
                    .outcome = STR("error0"),
                    .error = STR("{\"type\":\"AUTH\"}")}
    },
        "row a#1 FAILED_HANDLED -> error0 error AUTH");
    check((ExecEffect){.type = EXEC_EFFECT_DISPATCH, .dispatch_no = 1, .input = STR("{}")},
          "task a#0 input {}");
    check((ExecEffect){.type = EXEC_EFFECT_DISPATCH, .dispatch_no = 2}, "task a#0 again 2");
    check((ExecEffect){.type = EXEC_EFFECT_WAIT, .reason = REASON_RETRY, .due_ms = 1500},
          "wait a#0 RETRY until 500");
    check((ExecEffect){.type = EXEC_EFFECT_WAKE}, "wake a#0");
    check((ExecEffect){.type = EXEC_EFFECT_TIMER, .due_ms = 1500}, "timer a#0 at 500");
    check((ExecEffect){.type = EXEC_EFFECT_TIMER, .node = PLAN_NONE, .due_ms = 1500},
          "timer at 500");
    check((ExecEffect){.type = EXEC_EFFECT_REVOKE}, "revoke a#0");
    check(
        (ExecEffect){
            .type = EXEC_EFFECT_LATE,
            .why = "RUN",
            .row = {.status = STEP_COMPLETED, .reason = REASON_LATE}
    },
        "late a#0 RUN COMPLETED");
    check((ExecEffect){.type = EXEC_EFFECT_STATUS,
                       .node = PLAN_NONE,
                       .status = EXECUTION_CANCELLING,
                       .error = STR("{\"type\":\"CANCELLED\"}")},
          "status CANCELLING error CANCELLED");
    check((ExecEffect){.type = EXEC_EFFECT_FINISH,
                       .node = PLAN_NONE,
                       .status = EXECUTION_COMPLETED,
                       .output = STR("1")},
          "finish COMPLETED output 1");
}

Test(exec_trace, an_error_that_is_no_json_is_told_without_a_type) {
    check((ExecEffect){.type = EXEC_EFFECT_FINISH,
                       .node = PLAN_NONE,
                       .status = EXECUTION_FAILED,
                       .error = STR("oops")},
          "finish FAILED error ");
}
