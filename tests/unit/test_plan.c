#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/buf.h"
#include "common/model/limits.h"
#include "common/plan/plan.h"
#include "tests/unit/plan_made.h"

static const char order_intake[] =
    "{'name': 'Order intake', 'description': 'x', 'metadata': {'zoom': 1},"
    " 'triggers': ["
    "  {'id': 'order', 'type': 'WEBHOOK', 'config': {'path': 'orders',"
    "    'signature': {'scheme': 'github', 'secretVariable': 'HOOK_SECRET'}}},"
    "  {'id': 'nightly', 'type': 'SCHEDULED', 'cronExpression': '0 3 * * *',"
    "    'config': {'timezone': 'Europe/Berlin'}, 'nextSteps': ['big']}],"
    " 'steps': ["
    "  {'id': 'customer', 'name': 'Look up', 'type': 'ACTION', 'integrationId': 'http',"
    "    'integrationActionId': 'request',"
    "    'inputMappings': {'method': 'GET', 'url': '${ .vars.crm }/c/${ .trigger.body.id }',"
    "      'headers': {'x': '${ .secrets.TOKEN }'}},"
    "    'outputMappings': {'vip': '${ .body.vip }'},"
    "    'retry': {'maxAttempts': 7, 'factor': 3}, 'timeoutMs': 90000,"
    "    'nextSteps': ['big'], 'onErrorSteps': ["
    "      {'stepId': 'alert', 'match': {'types': ['HTTP_4XX', 'USER:gone'], 'status': 404}},"
    "      'alert', 'done']},"
    "  {'id': 'big', 'type': 'CONDITION', 'join': 'ANY',"
    "    'condition': '.trigger.body.total > 1000 and .steps.customer.output.vip',"
    "    'nextSteps': ['which'], 'elseSteps': ['wait']},"
    "  {'id': 'which', 'type': 'SWITCH', 'config': {'mode': 'ALL', 'noMatch': 'END_BRANCH',"
    "    'cases': [{'when': '.input.kind == 1', 'nextSteps': ['wait']},"
    "      {'when': 'true', 'nextSteps': ['done', 'stop']}], 'defaultSteps': ['done']}},"
    "  {'id': 'wait', 'type': 'DELAY', 'config': {'forMs': 5}, 'nextSteps': ['done']},"
    "  {'id': 'alert', 'type': 'ACTION', 'integrationId': 'core',"
    "    'integrationActionId': 'noop', 'inputMappings': {'e': '${ .error.message }'}},"
    "  {'id': 'done', 'type': 'TRANSFORM', 'join': {'policy': 'N_OF_M', 'n': 2},"
    "    'inputMappings': {'j': '${ .join.joined }'}},"
    "  {'id': 'stop', 'type': 'TERMINATE', 'config': {'status': 'FAILED', 'error': 'no'}}],"
    " 'output': {'d': '${ .steps.done.output }'},"
    " 'settings': {'timeoutMs': 600000, 'failFast': false, 'fuse': false}}";

Test(plan, a_whole_definition_becomes_a_plan) {
    _cleanup_(plan_free_p) Plan *plan = plan_made(order_intake);

    cr_expect(str_is(plan->name, "Order intake"));
    cr_expect_eq(plan->node_count, 7);
    cr_expect_eq(plan->trigger_count, 2);
    cr_expect_eq(plan->timeout_ms, 600000);
    cr_expect_not(plan->fail_fast);
    cr_expect_not(plan->is_fused);
    cr_expect(plan->output != NULL);
    cr_expect_eq(plan->output_reads.step_count, 1);
    cr_expect_eq(plan->output_reads.steps[0], 5);
    cr_expect(str_is(json_str(json_member(plan->definition, STR("description"))), "x"));
    for (uint32_t i = 0; i < plan->node_count; i++)
        cr_expect_eq(plan_find_node(plan, plan->nodes[i].id), i);
    cr_expect_eq(plan_find_node(plan, STR("nope")), PLAN_NONE);
    cr_expect_eq(plan_find_node(plan, STR("")), PLAN_NONE);
    cr_expect_eq(plan_find_trigger(plan, STR("nightly")), 1);
    cr_expect_eq(plan_find_trigger(plan, STR("")), PLAN_NONE);
}

Test(plan, an_action_takes_its_own_values_over_defaults) {
    _cleanup_(plan_free_p) Plan *plan = plan_made(order_intake);
    const PlanNode *customer = &plan->nodes[0], *alert = &plan->nodes[4];

    cr_expect(str_is(customer->name, "Look up"));
    cr_expect(str_is(alert->name, "alert"));
    cr_expect(str_is(customer->integration, "http"));
    cr_expect(str_is(customer->action, "request"));
    cr_expect(str_is(customer->worker_class, "http"));
    cr_expect_eq(customer->idempotency, IDEMPOTENCY_KEY);
    cr_expect(customer->is_idempotency_by_method);
    cr_expect_eq(customer->retry.attempts_max, 7);
    cr_expect_eq(customer->retry.factor, 3.0);
    cr_expect_eq(customer->retry.initial_ms, RETRY_INITIAL_MS_DEFAULT);
    cr_expect_eq(customer->timeout_ms, 90000);
    cr_expect_eq(customer->attempt_timeout_ms, ATTEMPT_TIMEOUT_MS_DEFAULT);
    cr_expect_eq(customer->parent, PLAN_ROOT);
    cr_expect_eq(alert->idempotency, IDEMPOTENCY_NATURAL);
    cr_expect_eq(alert->retry.attempts_max, RETRY_ATTEMPTS_DEFAULT);
}

Test(plan, what_a_step_reads_is_known) {
    _cleanup_(plan_free_p) Plan *plan = plan_made(order_intake);
    const PlanReads *customer = &plan->nodes[0].reads, *big = &plan->nodes[1].reads;

    cr_expect(customer->vars && customer->trigger && customer->secrets);
    cr_expect_not(customer->input || customer->execution || customer->join || customer->error);
    cr_expect_eq(customer->step_count, 0, "outputMappings read the raw result, not steps");
    cr_expect(big->trigger);
    cr_expect_eq(big->step_count, 1);
    cr_expect_eq(big->steps[0], 0);
    cr_expect(plan->nodes[2].reads.input, "a case of a SWITCH reads");
    cr_expect_not(plan->nodes[2].switch_fails);
    cr_expect(plan->nodes[4].reads.error);
    cr_expect(plan->nodes[5].reads.join);
}

Test(plan, edges_lie_sorted_by_where_they_start_and_triggers_come_last) {
    _cleanup_(plan_free_p) Plan *plan = plan_made(order_intake);
    _cleanup_(arena_done) Arena arena = {0};
    _cleanup_(buf_done) Buf text = {0};

    for (uint32_t i = 0; i < plan->edge_count; i++) {
        const PlanEdge *edge = &plan->edges[i];
        Str from =
            edge->port == PORT_TRIGGER ? plan->triggers[edge->from].id : plan->nodes[edge->from].id;

        buf_printf(&text, "%.*s %.*s %.*s\n", STR_ARGS(from),
                   STR_ARGS(plan_port_text(&arena, edge)), STR_ARGS(plan->nodes[edge->to].id));
    }
    cr_expect_str_eq(text.data, "customer next big\n"
                                "customer error0 alert\n"
                                "customer error1 alert\n"
                                "customer error1 done\n"
                                "big true which\n"
                                "big false wait\n"
                                "which case0 wait\n"
                                "which case1 done\n"
                                "which case1 stop\n"
                                "which default done\n"
                                "wait next done\n"
                                "nightly trigger big\n");
    cr_expect_eq(plan->step_edge_count, 11);
    cr_expect_eq(plan->edge_count, 12);
    cr_expect_eq(plan->entry_count, 1);
    cr_expect_eq(plan->entries[0], 0);
    cr_expect_eq(plan->triggers[0].out_count, 0);
    cr_expect_eq(plan->triggers[1].out_first, 11);
}

Test(plan, every_edge_is_in_the_list_of_its_target_and_in_that_of_its_source) {
    _cleanup_(plan_free_p) Plan *plan = plan_made(order_intake);
    uint32_t in_total = 0, out_total = 0;

    for (uint32_t i = 0; i < plan->node_count; i++) {
        const PlanNode *node = &plan->nodes[i];

        for (uint32_t e = 0; e < node->in_count; e++)
            cr_expect_eq(plan->edges[node->in[e]].to, i);
        for (uint32_t e = node->out_first; e < node->out_first + node->out_count; e++)
            cr_expect_eq(plan->edges[e].from, i);
        in_total += node->in_count;
        out_total += node->out_count;
    }
    cr_expect_eq(in_total, plan->edge_count);
    cr_expect_eq(out_total, plan->step_edge_count);
}

Test(plan, a_run_of_plain_error_steps_is_one_port) {
    _cleanup_(plan_free_p) Plan *plan = plan_made(order_intake);
    const PlanNode *customer = &plan->nodes[0];

    cr_assert_eq(customer->error_count, 2);
    cr_expect_eq(customer->error_match[0].types, 1u << ERROR_HTTP_4XX);
    cr_expect_eq(customer->error_match[0].user_type_count, 1);
    cr_expect(str_is(customer->error_match[0].user_types[0], "USER:gone"));
    cr_expect_eq(customer->error_match[0].status, 404);
    cr_expect_eq(customer->error_match[1].types, 0);
    cr_expect_eq(customer->error_match[1].user_type_count, 0);
}

Test(plan, an_outcome_takes_the_edges_of_its_ports) {
    PlanEdge next = {.port = PORT_NEXT}, yes = {.port = PORT_TRUE},
             case1 = {.port = PORT_CASE, .port_index = 1},
             case12 = {.port = PORT_CASE, .port_index = 12},
             error0 = {.port = PORT_ERROR, .port_index = 0};

    cr_expect(plan_edge_is_taken(&next, STR("")));
    cr_expect(plan_edge_is_taken(&next, STR_NONE));
    cr_expect(plan_edge_is_taken(&next, STR("next")));
    cr_expect_not(plan_edge_is_taken(&yes, STR("")));
    cr_expect(plan_edge_is_taken(&yes, STR("true")));
    cr_expect_not(plan_edge_is_taken(&yes, STR("false")));
    cr_expect(plan_edge_is_taken(&case1, STR("case0,case1")));
    cr_expect_not(plan_edge_is_taken(&case1, STR("case12,case0")));
    cr_expect_not(plan_edge_is_taken(&case12, STR("case1")));
    cr_expect_not(plan_edge_is_taken(&case1, STR("case")));
    cr_expect_not(plan_edge_is_taken(&case1, STR("none")));
    cr_expect(plan_edge_is_taken(&error0, STR("error0")));
    cr_expect_not(plan_edge_is_taken(&error0, STR("error")));
}

Test(plan, the_hash_is_that_of_the_meaning_not_of_the_layout) {
    _cleanup_(plan_free_p) Plan *one = plan_made(
        "{'name':'n','steps':[{'id':'a','type':'DELAY','config':{'forMs':1}}],'metadata':[1,{}]}");
    _cleanup_(plan_free_p) Plan *same =
        plan_made(" {\n 'metadata' : [ 1 , { } ],\t'steps': [ {'config':{ 'forMs': 1 },"
                  "  'type':'DELAY', 'id':'\\u0061'} ], 'name': 'n' }\n");
    _cleanup_(plan_free_p) Plan *other = plan_made(
        "{'name':'n','steps':[{'id':'a','type':'DELAY','config':{'forMs':2}}],'metadata':[1,{}]}");

    cr_expect_eq(one->hash, same->hash);
    cr_expect_neq(one->hash, other->hash);
    cr_expect_neq(one->hash, 0);
}

Test(plan, edges_do_not_depend_on_the_order_of_keys) {
    _cleanup_(plan_free_p) Plan *one =
        plan_made("{'steps':[{'id':'a','type':'TRANSFORM','onErrorSteps':['c'],'nextSteps':['b']},"
                  "{'id':'b','type':'TRANSFORM'},{'id':'c','type':'TRANSFORM'}],"
                  "'triggers':[{'id':'t','type':'MANUAL','nextSteps':['a']}]}");
    _cleanup_(plan_free_p) Plan *two =
        plan_made("{'triggers':[{'nextSteps':['a'],'type':'MANUAL','id':'t'}],"
                  "'steps':[{'nextSteps':['b'],'onErrorSteps':['c'],'type':'TRANSFORM','id':'a'},"
                  "{'id':'b','type':'TRANSFORM'},{'id':'c','type':'TRANSFORM'}]}");

    cr_expect_eq(one->hash, two->hash);
    cr_assert_eq(one->edge_count, two->edge_count);
    for (uint32_t i = 0; i < one->edge_count; i++) {
        cr_expect_eq(one->edges[i].port, two->edges[i].port);
        cr_expect_eq(one->edges[i].to, two->edges[i].to);
    }
}

/* Texts that are no definition --------------------------------------------------------------- */

static void expect_problem(Str text, PlanProblemCode code, const char *says) {
    _cleanup_(arena_done) Arena arena = {0};
    Plan *plan = NULL;
    PlanProblems problems = {0};

    cr_assert_eq(plan_compile(text, NULL, &arena, &problems, &plan), PLAN_E_INVALID);
    cr_expect_null(plan, "a refusal changes nothing");
    cr_assert_eq(problems.count, 1);
    cr_expect_eq(problems.items[0].code, code, "%s", plan_problem_word(problems.items[0].code));
    cr_expect(str_is(problems.items[0].pointer, ""));
    cr_expect_geq(str_find(problems.items[0].message, str_of(says)), 0, "%.*s",
                  STR_ARGS(problems.items[0].message));
}

Test(plan, text_that_is_no_json_is_told_by_line_and_column) {
    expect_problem(STR(""), PROBLEM_JSON_SYNTAX, "line 1, column 1");
    expect_problem(STR("{\n  \"steps\": [,]\n}"), PROBLEM_JSON_SYNTAX, "line 2, column 13");
    expect_problem(STR("{\"steps\": []} x"), PROBLEM_JSON_SYNTAX, "line 1");
    expect_problem(STR("{\"name\": \"\xff\"}"), PROBLEM_JSON_SYNTAX, "line 1");
}

Test(plan, text_that_the_database_cannot_store_is_refused) {
    expect_problem(STR("{\"name\": \"a\\u0000b\"}"), PROBLEM_JSON_NOT_STORABLE, "line 1");
    expect_problem(STR("{\"name\": \"\\ud800\"}"), PROBLEM_JSON_NOT_STORABLE, "line 1");
    expect_problem(STR("{\"metadata\": 1e999}"), PROBLEM_JSON_NOT_STORABLE, "line 1");
}

Test(plan, text_beyond_the_limits_is_refused) {
    _cleanup_(buf_done) Buf text = {0};

    buf_add_text(&text, "{\"metadata\":");
    for (int i = 0; i < JSON_DEPTH_MAX; i++)
        buf_add_char(&text, '[');
    for (int i = 0; i < JSON_DEPTH_MAX; i++)
        buf_add_char(&text, ']');
    buf_add_char(&text, '}');
    expect_problem(buf_str(&text), PROBLEM_LIMIT_EXCEEDED, "line 1");

    buf_clear(&text);
    buf_add_text(&text, "{\"metadata\":\"");
    while (text.length < DEFINITION_BYTES_MAX)
        buf_add_text(&text, "0123456789abcdef");
    buf_add_text(&text, "\"}");
    expect_problem(buf_str(&text), PROBLEM_LIMIT_EXCEEDED, "at most 1048576 bytes");
}

/* Large graphs ------------------------------------------------------------------------------ */

static void add_step(Buf *text, uint32_t index) {
    buf_printf(text, "%s{\"id\":\"s%u\",\"type\":\"TRANSFORM\",\"nextSteps\":[",
               index ? "," : "{\"steps\":[", index);
}

/* Every step leads to the `reach` next ones. */
static void write_ladder(Buf *text, uint32_t count, uint32_t reach) {
    for (uint32_t i = 0; i < count; i++) {
        add_step(text, i);
        for (uint32_t j = i + 1; j <= i + reach && j < count; j++)
            buf_printf(text, "%s\"s%u\"", j > i + 1 ? "," : "", j);
        buf_add_text(text, "]}");
    }
    buf_add_text(text, "]}");
}

static int compile(const Buf *text, PlanProblems *ret_problems, Arena *arena) {
    _cleanup_(plan_free_p) Plan *plan = NULL;

    return plan_compile(buf_str(text), NULL, arena, ret_problems, &plan);
}

Test(plan, the_largest_graph_compiles) {
    _cleanup_(arena_done) Arena arena = {0};
    _cleanup_(buf_done) Buf text = {0};
    PlanProblems problems;

    write_ladder(&text, STEPS_MAX, 3);
    cr_expect_eq(compile(&text, &problems, &arena), 0);
}

Test(plan, one_step_more_is_refused_at_its_place) {
    _cleanup_(arena_done) Arena arena = {0};
    _cleanup_(buf_done) Buf text = {0};
    PlanProblems problems;

    write_ladder(&text, STEPS_MAX + 1, 0);
    cr_assert_eq(compile(&text, &problems, &arena), PLAN_E_INVALID);
    cr_assert_eq(problems.count, 1);
    cr_expect_eq(problems.items[0].code, PROBLEM_LIMIT_EXCEEDED);
    cr_expect(str_is(problems.items[0].pointer, "/steps/2000"));
}

Test(plan, one_edge_more_is_refused_at_its_place_and_told_once) {
    _cleanup_(arena_done) Arena arena = {0};
    _cleanup_(buf_done) Buf text = {0};
    PlanProblems problems;

    write_ladder(&text, STEPS_MAX, 4);
    cr_assert_eq(compile(&text, &problems, &arena), PLAN_E_INVALID);
    cr_assert_eq(problems.count, 1);
    cr_expect_eq(problems.items[0].code, PROBLEM_LIMIT_EXCEEDED);
    cr_expect(str_is(problems.items[0].pointer, "/steps/1500/nextSteps/0"));
}

Test(plan, one_trigger_more_is_refused) {
    _cleanup_(arena_done) Arena arena = {0};
    _cleanup_(buf_done) Buf text = {0};
    PlanProblems problems;

    buf_add_text(&text, "{\"steps\":[{\"id\":\"a\",\"type\":\"TRANSFORM\"}],\"triggers\":[");
    for (uint32_t i = 0; i <= TRIGGERS_MAX; i++)
        buf_printf(&text, "%s{\"id\":\"t%u\",\"type\":\"MANUAL\"}", i ? "," : "", i);
    buf_add_text(&text, "]}");
    cr_assert_eq(compile(&text, &problems, &arena), PLAN_E_INVALID);
    cr_assert_eq(problems.count, 1);
    cr_expect_eq(problems.items[0].code, PROBLEM_LIMIT_EXCEEDED);
    cr_expect(str_is(problems.items[0].pointer, "/triggers"));
}

/* A mapping with this many programs, and a condition behind it. */
static void write_programs(Buf *text, uint32_t count) {
    buf_add_text(text, "{\"steps\":[{\"id\":\"a\",\"type\":\"TRANSFORM\",\"inputMappings\":"
                       "{\"x\":[0");
    for (uint32_t i = 0; i < count; i++)
        buf_add_text(text, ",\"${1}\"");
    buf_add_text(text, "]}},{\"id\":\"b\",\"type\":\"TRANSFORM\",\"condition\":\"true\"}]}");
}

Test(plan, one_expression_more_is_refused_at_its_place) {
    _cleanup_(arena_done) Arena arena = {0};
    _cleanup_(buf_done) Buf text = {0};
    PlanProblems problems;

    write_programs(&text, PROGRAMS_MAX - 1);
    cr_expect_eq(compile(&text, &problems, &arena), 0);
    buf_clear(&text);
    write_programs(&text, PROGRAMS_MAX);
    cr_assert_eq(compile(&text, &problems, &arena), PLAN_E_INVALID);
    cr_assert_eq(problems.count, 1);
    cr_expect_eq(problems.items[0].code, PROBLEM_LIMIT_EXCEEDED);
    cr_expect(str_is(problems.items[0].pointer, "/steps/1/condition"));
}

Test(plan, of_very_many_problems_the_first_are_told) {
    _cleanup_(arena_done) Arena arena = {0};
    _cleanup_(buf_done) Buf text = {0};
    PlanProblems problems;

    buf_add_text(&text, "{\"steps\":[{\"id\":\"a\",\"type\":\"TRANSFORM\",\"nextSteps\":[\"q\"]}]");
    for (int i = 0; i < 50000; i++)
        buf_printf(&text, ",\"k%d\":1", i);
    buf_add_char(&text, '}');
    cr_assert_eq(compile(&text, &problems, &arena), PLAN_E_INVALID);
    cr_assert_eq(problems.count, PROBLEMS_MAX);
    cr_expect(str_is(problems.items[PROBLEMS_MAX - 1].pointer, "/k199") ||
              str_is(problems.items[PROBLEMS_MAX - 1].pointer, "/k198"));
}

/* The catalog ------------------------------------------------------------------------------- */

static bool find_charge(void *context, Str integration, Str action, PlanAction *ret_action) {
    int *asked = context;

    (*asked)++;
    if (!str_is(integration, "bank") || !str_is(action, "charge"))
        return false;
    *ret_action = (PlanAction){
        .worker_class = STR("bank"),
        .idempotency = IDEMPOTENCY_NONE,
        .retry = {.attempts_max = 2, .initial_ms = 5, .factor = 1, .cap_ms = 50},
        .attempt_timeout_ms = 1234,
    };
    return true;
}

static int compile_with(const PlanCatalog *catalog, const char *quoted, Arena *arena,
                        PlanProblems *ret_problems, Plan **ret_plan) {
    _cleanup_(alloc_free_p) char *text = plan_text(quoted);

    return plan_compile(str_of(text), catalog, arena, ret_problems, ret_plan);
}

Test(plan, the_catalog_tells_about_actions) {
    int asked = 0;
    PlanCatalog catalog = {.context = &asked, .find = find_charge};
    _cleanup_(arena_done) Arena arena = {0};
    _cleanup_(plan_free_p) Plan *plan = NULL;
    PlanProblems problems;

    cr_assert_eq(compile_with(&catalog,
                              "{'steps':[{'id':'a','type':'ACTION','integrationId':'bank',"
                              "'integrationActionId':'charge','retry':{'maxMs':60}},"
                              "{'id':'b','type':'ACTION','integrationId':'core',"
                              "'integrationActionId':'noop'}]}",
                              &arena, &problems, &plan),
                 0);
    cr_expect_eq(asked, 2);
    cr_expect(str_is(plan->nodes[0].worker_class, "bank"));
    cr_expect_eq(plan->nodes[0].idempotency, IDEMPOTENCY_NONE);
    cr_expect_eq(plan->nodes[0].attempt_timeout_ms, 1234);
    cr_expect_eq(plan->nodes[0].retry.attempts_max, 2);
    cr_expect_eq(plan->nodes[0].retry.cap_ms, 60);
    cr_expect_eq(plan->nodes[1].idempotency, IDEMPOTENCY_NATURAL);
}

Test(plan, what_the_catalog_does_not_know_is_refused) {
    int asked = 0;
    PlanCatalog catalog = {.context = &asked, .find = find_charge};
    _cleanup_(arena_done) Arena arena = {0};
    Plan *plan = NULL;
    PlanProblems problems;

    cr_assert_eq(compile_with(&catalog,
                              "{'steps':[{'id':'a','type':'ACTION','integrationId':'bank',"
                              "'integrationActionId':'refund'}]}",
                              &arena, &problems, &plan),
                 PLAN_E_INVALID);
    cr_assert_eq(problems.count, 1);
    cr_expect_eq(problems.items[0].code, PROBLEM_UNKNOWN_INTEGRATION);
    cr_expect(str_is(problems.items[0].pointer, "/steps/0/integrationActionId"));
}

static bool likes_cron(void *context, Str cron, char ret_message[PLAN_CRON_MESSAGE_BYTES]) {
    (void)context;
    snprintf(ret_message, PLAN_CRON_MESSAGE_BYTES, "the minute is odd");
    return str_starts(cron, STR("0 "));
}

static bool likes_timezone(void *context, Str timezone) {
    (void)context;
    return str_is(timezone, "UTC");
}

Test(plan, the_catalog_reads_schedules) {
    PlanCatalog catalog = {.parses_cron = likes_cron, .has_timezone = likes_timezone};
    _cleanup_(arena_done) Arena arena = {0};
    Plan *plan = NULL;
    PlanProblems problems;

    cr_assert_eq(compile_with(&catalog,
                              "{'triggers':[{'id':'a','type':'SCHEDULED','cronExpression':"
                              "'0 3 * * *','config':{'timezone':'UTC'}},{'id':'b','type':"
                              "'SCHEDULED','config':{'timezone':'Europe/Berlim'},'cronExpression':"
                              "'61 3 * * *'}],'steps':[{'id':'a','type':'ACTION',"
                              "'integrationId':'bank','integrationActionId':'any'}]}",
                              &arena, &problems, &plan),
                 PLAN_E_INVALID);
    cr_assert_eq(problems.count, 2);
    cr_expect_eq(problems.items[0].code, PROBLEM_INVALID_TIMEZONE);
    cr_expect(str_is(problems.items[0].pointer, "/triggers/1/config/timezone"));
    cr_expect_eq(problems.items[1].code, PROBLEM_INVALID_CRON);
    cr_expect(str_is(problems.items[1].pointer, "/triggers/1/cronExpression"));
    cr_expect(str_is(problems.items[1].message, "the minute is odd"));
}

Test(plan, a_schedule_says_what_becomes_of_missed_instants) {
    static const char text[] =
        "{'triggers':[{'id':'a','type':'SCHEDULED','cronExpression':'0 3 * * *','config':"
        "{'catchUp':'%s'}}],'steps':[{'id':'a','type':'TRANSFORM'}]}";
    static const char *const words[] = {"skip", "one", "all", "never"};

    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        _cleanup_(arena_done) Arena arena = {0};
        const char *quoted = arena_printf(&arena, text, words[i]);
        Plan *plan = NULL;
        PlanProblems problems;
        int r = compile_with(NULL, quoted, &arena, &problems, &plan);

        cr_expect_eq(r, str_is(str_of(words[i]), "never") ? PLAN_E_INVALID : 0, "%s", words[i]);
        plan_free(plan);
    }
}

Test(plan, without_a_catalog_other_integrations_are_taken_as_they_are) {
    _cleanup_(plan_free_p) Plan *plan =
        plan_made("{'steps':[{'id':'a','type':'ACTION','integrationId':'bank',"
                  "'integrationActionId':'charge'}]}");

    cr_expect(str_is(plan->nodes[0].worker_class, "http"));
    cr_expect_eq(plan->nodes[0].idempotency, IDEMPOTENCY_KEY);
}

Test(plan, nothing_is_also_freed) {
    cr_expect_null(plan_free(NULL));
}
