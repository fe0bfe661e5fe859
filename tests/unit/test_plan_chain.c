#include <criterion/criterion.h>

#include "common/plan/plan.h"
#include "tests/unit/plan_made.h"

#define NOOP "'type':'ACTION','integrationId':'core','integrationActionId':'noop'"
#define TRANSFORM "'type':'TRANSFORM'"

/* The id of the step that may follow in the same visit, or "none". */
static Str next_of(const Plan *plan, const char *id, const char *outcome) {
    uint32_t node = plan_find_node(plan, str_of(id));
    uint32_t next;

    cr_assert_neq(node, PLAN_NONE, "%s", id);
    next = plan_chain_next(plan, node, str_of(outcome));
    return next == PLAN_NONE ? STR("none") : plan->nodes[next].id;
}

#define EXPECT_NEXT(plan, id, outcome, wanted)                                                     \
    do {                                                                                           \
        Str found = next_of(plan, id, outcome);                                                    \
        cr_expect(str_is(found, wanted), "%s (%s) -> %.*s", id, outcome, STR_ARGS(found));         \
    } while (0)

Test(plan_chain, a_straight_line_is_one_chain) {
    _cleanup_(plan_free_p) Plan *plan =
        plan_made("{'steps':[{'id':'a'," NOOP ",'nextSteps':['b']},"
                  "{'id':'b'," TRANSFORM ",'nextSteps':['c']},"
                  "{'id':'c'," NOOP ",'nextSteps':['d'],'onErrorSteps':['e']},"
                  "{'id':'d'," TRANSFORM "},{'id':'e'," TRANSFORM "}]}");

    EXPECT_NEXT(plan, "a", "", "b");
    EXPECT_NEXT(plan, "a", "next", "b");
    EXPECT_NEXT(plan, "b", "", "c");
    EXPECT_NEXT(plan, "c", "", "d");
    EXPECT_NEXT(plan, "d", "", "none");
}

Test(plan_chain, a_question_goes_on_with_the_side_that_was_chosen) {
    _cleanup_(plan_free_p) Plan *plan = plan_made(
        "{'steps':[{'id':'a'," NOOP ",'nextSteps':['q']},"
        "{'id':'q','type':'CONDITION','condition':'true','nextSteps':['y'],'elseSteps':['s']},"
        "{'id':'y'," NOOP "},"
        "{'id':'s','type':'SWITCH','config':{'cases':[{'when':'true','nextSteps':['c0']},"
        "{'when':'true','nextSteps':['c1','c2']}]}},"
        "{'id':'c0'," NOOP "},{'id':'c1'," NOOP "},{'id':'c2'," NOOP "}]}");

    EXPECT_NEXT(plan, "a", "", "q");
    EXPECT_NEXT(plan, "q", "true", "y");
    EXPECT_NEXT(plan, "q", "false", "s");
    EXPECT_NEXT(plan, "s", "case0", "c0");
    EXPECT_NEXT(plan, "s", "case1", "none");
    EXPECT_NEXT(plan, "s", "case0,case1", "none");
    EXPECT_NEXT(plan, "s", "none", "none");
}

Test(plan_chain, forks_and_joins_end_a_chain) {
    _cleanup_(plan_free_p) Plan *plan =
        plan_made("{'steps':[{'id':'a'," NOOP ",'nextSteps':['b','c']},"
                  "{'id':'b'," NOOP ",'nextSteps':['d']},"
                  "{'id':'c'," NOOP ",'nextSteps':['d']},{'id':'d'," NOOP "}]}");

    EXPECT_NEXT(plan, "a", "", "none");
    EXPECT_NEXT(plan, "b", "", "none");
}

Test(plan_chain, a_step_that_a_trigger_starts_too_is_a_join) {
    _cleanup_(plan_free_p) Plan *plan =
        plan_made("{'triggers':[{'id':'t','type':'MANUAL'},"
                  "{'id':'u','type':'MANUAL','nextSteps':['b']}],"
                  "'steps':[{'id':'a'," NOOP ",'nextSteps':['b']},{'id':'b'," NOOP "}]}");

    EXPECT_NEXT(plan, "a", "", "none");
}

Test(plan_chain, waits_and_ends_stop_a_chain) {
    _cleanup_(plan_free_p) Plan *plan =
        plan_made("{'steps':[{'id':'a'," NOOP ",'nextSteps':['d']},"
                  "{'id':'d','type':'DELAY','config':{'forMs':1},'nextSteps':['t']},"
                  "{'id':'t'," TRANSFORM ",'nextSteps':['b']},"
                  "{'id':'b'," NOOP ",'nextSteps':['e']},"
                  "{'id':'e','type':'TERMINATE','config':{'status':'COMPLETED'}}]}");

    EXPECT_NEXT(plan, "a", "", "none");
    EXPECT_NEXT(plan, "d", "", "none");
    EXPECT_NEXT(plan, "t", "", "none");
    EXPECT_NEXT(plan, "b", "", "none");
    cr_expect_eq(plan->nodes[plan_find_node(plan, STR("t"))].worker_class.length, 0,
                 "no worker can be there");
}

Test(plan_chain, an_error_edge_is_never_followed_by_the_worker) {
    _cleanup_(plan_free_p) Plan *plan =
        plan_made("{'steps':[{'id':'a'," NOOP ",'onErrorSteps':['b']},{'id':'b'," NOOP "}]}");

    EXPECT_NEXT(plan, "a", "", "none");
}

Test(plan_chain, guarded_and_disabled_steps_are_decided_by_the_coordinator) {
    _cleanup_(plan_free_p) Plan *plan =
        plan_made("{'steps':[{'id':'a'," NOOP ",'nextSteps':['b']},"
                  "{'id':'b'," NOOP ",'condition':'true','nextSteps':['c']},"
                  "{'id':'c'," NOOP ",'disabled':true}]}");

    EXPECT_NEXT(plan, "a", "", "none");
    EXPECT_NEXT(plan, "b", "", "none");
}

Test(plan_chain, fuse_false_means_one_step_at_a_time) {
    _cleanup_(plan_free_p) Plan *plan =
        plan_made("{'settings':{'fuse':false},'steps':[{'id':'a'," NOOP ",'nextSteps':['b']},"
                  "{'id':'b'," NOOP "}]}");

    EXPECT_NEXT(plan, "a", "", "none");
}

static bool find_any(void *context, Str integration, Str action, PlanAction *ret_action) {
    (void)context;
    *ret_action = (PlanAction){
        .worker_class = integration,
        .idempotency = str_is(action, "once") ? IDEMPOTENCY_NONE : IDEMPOTENCY_KEY,
    };
    return true;
}

static Plan *made_with_classes(const char *quoted) {
    static const PlanCatalog catalog = {.find = find_any};
    _cleanup_(alloc_free_p) char *text = plan_text(quoted);
    _cleanup_(arena_done) Arena arena = {0};
    PlanProblems problems;
    Plan *plan = NULL;

    cr_assert_eq(plan_compile(str_of(text), &catalog, &arena, &problems, &plan), 0);
    return plan;
}

#define CALL(class, action)                                                                        \
    "'type':'ACTION','integrationId':'" class "','integrationActionId':'" action "'"

Test(plan_chain, another_class_of_workers_ends_a_chain_even_behind_a_question) {
    _cleanup_(plan_free_p) Plan *plan = made_with_classes("{'steps':[{'id':'a'," CALL(
        "x", "do") ",'nextSteps':['b']},"
                   "{'id':'b'," CALL("y", "do") ",'nextSteps':['q']},"
                                                "{'id':'q','type':'CONDITION','condition':'true','"
                                                "nextSteps':['c'],'elseSteps':['d']},"
                                                "{'id':'c'," CALL("y", "do") "},{'id':'d'," CALL(
                                                    "x", "do") "}]}");

    EXPECT_NEXT(plan, "a", "", "none");
    EXPECT_NEXT(plan, "b", "", "q");
    EXPECT_NEXT(plan, "q", "true", "c");
    EXPECT_NEXT(plan, "q", "false", "none");
}

Test(plan_chain, a_call_that_must_not_be_repeated_stands_alone) {
    _cleanup_(plan_free_p) Plan *plan = made_with_classes("{'steps':[{'id':'a'," CALL(
        "x", "do") ",'nextSteps':['b']},"
                   "{'id':'b'," CALL("x", "once") ",'nextSteps':['c']},"
                                                  "{'id':'c'," CALL("x", "do") "}]}");

    EXPECT_NEXT(plan, "a", "", "none");
    EXPECT_NEXT(plan, "b", "", "none");
}
