#include <criterion/criterion.h>

#include "common/model/limits.h"
#include "common/plan/scope.h"
#include "tests/unit/plan_made.h"

#define NOOP "'type':'ACTION','integrationId':'core','integrationActionId':'noop'"
#define NOW_MS 1772348400000 /* 2026-03-01T07:00:00Z */
#define STEPS_MADE_MAX 16
#define EDGES_MADE_MAX 32

/* A scope with something recorded in every place. */
typedef struct World {
    Arena arena;
    Plan *plan;
    Scope scope;
    ScopeStep steps[STEPS_MADE_MAX];
    uint8_t edges[EDGES_MADE_MAX];
    ScopeError error;
} World;

static void world_open(World *world, const char *definition) {
    *world = (World){0};
    world->plan = plan_made(definition);
    cr_assert_leq(world->plan->node_count, STEPS_MADE_MAX);
    cr_assert_leq(world->plan->edge_count, EDGES_MADE_MAX);
    world->scope = (Scope){
        .plan = world->plan,
        .trigger = STR("{\"body\":{\"n\":5,\"items\":[{\"sku\":\"x\"}]},\"method\":\"POST\"}"),
        .input = STR("{\"n\":5}"),
        .vars = STR("{\"crm\":\"https://crm\"}"),
        .started_ms = NOW_MS - 1500,
        .template_id = STR("0192d3f2-0000-7000-8000-000000000001"),
        .version_number = 7,
        .steps = world->steps,
        .edges = world->edges,
        .now_ms = NOW_MS,
    };
    for (size_t i = 0; i < UUID_BYTES; i++) {
        world->scope.execution.uuid.bytes[i] = 0x11;
        world->scope.tenant.uuid.bytes[i] = 0x22;
    }
}

static void world_close(World *world) {
    plan_free(world->plan);
    arena_done(&world->arena);
}

static void ended(World *world, const char *id, StepStatus status, const char *output) {
    ScopeStep *step = &world->steps[plan_find_node(world->plan, str_of(id))];

    step->status = status;
    step->output = str_of(output);
}

static void failed(World *world, const char *id, const char *error) {
    ScopeStep *step = &world->steps[plan_find_node(world->plan, str_of(id))];

    step->status = STEP_FAILED_HANDLED;
    step->error = str_of(error);
}

static void edge_is(World *world, const char *from, const char *to, ScopeEdge state) {
    for (uint32_t i = 0; i < world->plan->step_edge_count; i++) {
        const PlanEdge *edge = &world->plan->edges[i];

        if (str_is(world->plan->nodes[edge->from].id, from) &&
            str_is(world->plan->nodes[edge->to].id, to))
            world->edges[i] = state;
    }
}

static uint32_t node_of(const World *world, const char *id) {
    uint32_t node = plan_find_node(world->plan, str_of(id));

    cr_assert_neq(node, PLAN_NONE);
    return node;
}

static void expect_json(Str found, const char *quoted) {
    _cleanup_(alloc_free_p) char *wanted = plan_text(quoted);

    cr_expect(str_is(found, wanted), "\n%.*s\n%s", STR_ARGS(found), wanted);
}

static void expect_input(World *world, const char *id, const char *quoted) {
    Str input = STR_NONE;
    int r = scope_input(&world->scope, node_of(world, id), &world->arena, &input, &world->error);

    cr_assert_eq(r, 0, "%.*s", STR_ARGS(world->error.message));
    expect_json(input, quoted);
}

static void expect_refusal(const World *world, int r, ErrorType type, const char *says) {
    cr_expect_gt(r, 0);
    cr_expect_eq(world->error.type, type, "%s", error_type_word(world->error.type));
    cr_expect_geq(str_find(world->error.message, str_of(says)), 0, "%.*s",
                  STR_ARGS(world->error.message));
}

/* What is seen ------------------------------------------------------------------------------ */

Test(scope, every_root_shows_what_was_recorded) {
    _cleanup_(world_close) World world;

    world_open(&world,
               "{'steps':[{'id':'a'," NOOP ",'nextSteps':['b']},"
               "{'id':'b'," NOOP ",'inputMappings':{'t':'${ .trigger.body.n }',"
               "'i':'${ .input }','v':'${ .vars.crm }/x','s':'${ .steps.a }',"
               "'e':'${ .execution }','o':'${ .tenant }','now':'${ now }','l':[1,'${ 1+1 }']"
               "}}]}");
    ended(&world, "a", STEP_COMPLETED, "{\"vip\":true}");
    expect_input(&world, "b",
                 "{'t':5,'i':{'n':5},'v':'https://crm/x',"
                 "'s':{'output':{'vip':true},'status':'COMPLETED','error':null},"
                 "'e':{'id':'11111111-1111-1111-1111-111111111111',"
                 "'startedAt':'2026-03-01T06:59:58.500Z',"
                 "'templateId':'0192d3f2-0000-7000-8000-000000000001','versionNumber':7},"
                 "'o':{'id':'22222222-2222-2222-2222-222222222222'},'now':1772348400,'l':[1,2]}");
}

Test(scope, a_number_that_is_only_carried_keeps_its_text) {
    _cleanup_(world_close) World world;

    world_open(&world, "{'steps':[{'id':'b'," NOOP ",'inputMappings':{'x':'${ .input.n }'}}]}");
    world.scope.input = STR("{\"n\":12345678901234567890.10}");
    expect_input(&world, "b", "{'x':12345678901234567890.10}");
}

Test(scope, a_step_that_did_not_run_is_null_with_its_status) {
    _cleanup_(world_close) World world;

    world_open(&world, "{'steps':[{'id':'a'," NOOP ",'nextSteps':['c']},"
                       "{'id':'b'," NOOP ",'nextSteps':['c']},{'id':'c'," NOOP ",'join':'ANY',"
                       "'inputMappings':{'a':'${ .steps.a }','b':'${ .steps.b }'}}]}");
    world.steps[0].status = STEP_SKIPPED;
    expect_input(&world, "c",
                 "{'a':{'output':null,'status':'SKIPPED','error':null},"
                 "'b':{'output':null,'status':'PENDING','error':null}}");
}

Test(scope, dot_is_everything_but_secrets) {
    _cleanup_(world_close) World world;

    world_open(&world,
               "{'steps':[{'id':'a'," NOOP ",'inputMappings':{'k':'${ keys_unsorted }'}}]}");
    expect_input(&world, "a",
                 "{'k':['trigger','input','steps','vars','execution','tenant','join']}");
}

Test(scope, only_what_is_read_is_parsed) {
    _cleanup_(world_close) World world;

    world_open(&world, "{'steps':[{'id':'a'," NOOP ",'inputMappings':{'x':'${ .input.n }'}}]}");
    world.scope.trigger = STR("this is no JSON");
    world.scope.vars = STR("{");
    expect_input(&world, "a", "{'x':5}");
}

Test(scope, a_record_that_is_no_json_is_a_refusal) {
    _cleanup_(world_close) World world;
    Str input = STR("untouched");

    world_open(&world, "{'steps':[{'id':'a'," NOOP ",'inputMappings':{'x':'${ .input.n }'}}]}");
    world.scope.input = STR("{");
    expect_refusal(&world, scope_input(&world.scope, 0, &world.arena, &input, &world.error),
                   ERROR_VALIDATION, "not JSON");
    cr_expect(str_is(input, "untouched"));
}

Test(scope, a_join_tells_who_came_and_who_did_not) {
    _cleanup_(world_close) World world;

    world_open(&world,
               "{'triggers':[{'id':'t','type':'MANUAL','nextSteps':['a','b','c','d','j']}],"
               "'steps':[{'id':'a'," NOOP ",'nextSteps':['j'],'onErrorSteps':['j']},"
               "{'id':'b'," NOOP ",'nextSteps':['j']},{'id':'c'," NOOP ",'nextSteps':['j']},"
               "{'id':'d'," NOOP ",'nextSteps':['j']},"
               "{'id':'j'," NOOP ",'inputMappings':{'j':'${ .join }'}}]}");
    edge_is(&world, "b", "j", EDGE_DEAD);
    edge_is(&world, "c", "j", EDGE_TAKEN);
    world.edges[world.plan->nodes[0].out_first] = EDGE_DEAD;
    world.edges[world.plan->nodes[0].out_first + 1] = EDGE_TAKEN;
    expect_input(&world, "j", "{'j':{'joined':['a','c'],'skipped':['b']}}");
    world.edges[world.plan->nodes[0].out_first + 1] = EDGE_DEAD;
    edge_is(&world, "d", "j", EDGE_TAKEN);
    expect_input(&world, "j", "{'j':{'joined':['c','d'],'skipped':['a','b']}}");
}

Test(scope, inside_a_chain_the_one_edge_was_taken) {
    _cleanup_(world_close) World world;

    world_open(&world, "{'steps':[{'id':'a'," NOOP ",'nextSteps':['b']},"
                       "{'id':'b'," NOOP ",'inputMappings':{'j':'${ .join }'}}]}");
    world.scope.edges = NULL;
    expect_input(&world, "b", "{'j':{'joined':['a'],'skipped':[]}}");
}

Test(scope, an_error_is_that_of_the_step_that_led_here) {
    _cleanup_(world_close) World world;

    world_open(&world, "{'steps':[{'id':'a'," NOOP ",'onErrorSteps':['c']},"
                       "{'id':'b'," NOOP ",'onErrorSteps':['c']},"
                       "{'id':'c'," NOOP ",'inputMappings':{'m':'${ .error.message }',"
                       "'same':'${ .steps.b.error.message }'}}]}");
    failed(&world, "b", "{\"message\":\"gone\"}");
    edge_is(&world, "a", "c", EDGE_DEAD);
    edge_is(&world, "b", "c", EDGE_TAKEN);
    expect_input(&world, "c", "{'m':'gone','same':'gone'}");
    edge_is(&world, "b", "c", EDGE_DEAD);
    expect_input(&world, "c", "{'m':null,'same':'gone'}");
}

Test(scope, a_handled_failure_that_goes_on_brings_no_error) {
    _cleanup_(world_close) World world;

    world_open(&world, "{'steps':[{'id':'a'," NOOP ",'onErrorSteps':['c']},"
                       "{'id':'b'," NOOP ",'continueOnError':true,'nextSteps':['c']},"
                       "{'id':'c'," NOOP ",'inputMappings':{'m':'${ .error }'}}]}");
    failed(&world, "b", "{\"message\":\"gone\"}");
    edge_is(&world, "a", "c", EDGE_DEAD);
    edge_is(&world, "b", "c", EDGE_TAKEN);
    expect_input(&world, "c", "{'m':null}");
}

/* Inputs ------------------------------------------------------------------------------------ */

Test(scope, without_mappings_the_input_is_an_empty_object) {
    _cleanup_(world_close) World world;

    world_open(&world, "{'steps':[{'id':'a'," NOOP "}]}");
    expect_input(&world, "a", "{}");
}

Test(scope, what_reads_a_secret_stays_closed_and_carries_the_rest) {
    _cleanup_(world_close) World world;
    Str input = STR_NONE;

    world_open(&world, "{'steps':[{'id':'a'," NOOP ",'inputMappings':{'n':'${ .input.n }',"
                       "'h':'Bearer ${ .secrets.TOKEN }'}}]}");
    cr_assert_eq(scope_input(&world.scope, 0, &world.arena, &input, &world.error), 0, "%.*s",
                 STR_ARGS(world.error.message));
    cr_expect_geq(str_find(input, STR("\"n\":5")), 0, "%.*s", STR_ARGS(input));
    cr_expect_geq(str_find(input, STR("$late")), 0, "%.*s", STR_ARGS(input));
}

Test(scope, a_failing_mapping_names_its_place) {
    _cleanup_(world_close) World world;
    Str input = STR("untouched");

    world_open(&world, "{'steps':[{'id':'a'," NOOP ",'inputMappings':{'x':{'y':'${ 1 + {} }'}}}]}");
    expect_refusal(&world, scope_input(&world.scope, 0, &world.arena, &input, &world.error),
                   ERROR_EXPRESSION, "inputMappings/x/y: ");
    cr_expect(str_is(input, "untouched"));
}

Test(scope, a_mapping_yields_exactly_one_result) {
    _cleanup_(world_close) World world;
    Str input;

    world_open(&world, "{'steps':[{'id':'a'," NOOP ",'inputMappings':{'x':'${ 1, 2 }'}}]}");
    expect_refusal(&world, scope_input(&world.scope, 0, &world.arena, &input, &world.error),
                   ERROR_EXPRESSION, "inputMappings/x: ");
}

Test(scope, a_result_that_is_too_large_is_refused) {
    _cleanup_(world_close) World world;
    Str input;

    world_open(&world,
               "{'steps':[{'id':'a'," NOOP ",'inputMappings':{'x':'${ [range(200000)] }'}}]}");
    world.scope.vars = STR("{}");
    cr_expect_gt(scope_input(&world.scope, 0, &world.arena, &input, &world.error), 0);

    world_close(&world);
    world_open(&world, "{'steps':[{'id':'a'," NOOP
                       ",'inputMappings':{'x':'${ \\\"abcdefgh\\\" * 70000 }'}}]}");
    expect_refusal(&world, scope_input(&world.scope, 0, &world.arena, &input, &world.error),
                   ERROR_PAYLOAD_TOO_LARGE, "at most 524288");
}

Test(scope, a_result_that_the_database_refuses_is_refused_here) {
    _cleanup_(world_close) World world;
    Str input;

    world_open(&world,
               "{'steps':[{'id':'a'," NOOP ",'inputMappings':{'x':'${ [0] | implode }'}}]}");
    expect_refusal(&world, scope_input(&world.scope, 0, &world.arena, &input, &world.error),
                   ERROR_VALIDATION, "inputMappings: the result cannot be stored");
}

/* Questions --------------------------------------------------------------------------------- */

static int ask(World *world, const char *id, bool *ret_truth) {
    return scope_condition(&world->scope, node_of(world, id), &world->arena, ret_truth,
                           &world->error);
}

Test(scope, only_true_and_false_answer_a_question) {
    _cleanup_(world_close) World world;
    bool truth = false;

    world_open(&world, "{'steps':[{'id':'y','type':'CONDITION','condition':'.input.n == 5'},"
                       "{'id':'n','type':'CONDITION','condition':'.input.n > 5'},"
                       "{'id':'s','type':'CONDITION','condition':'.input.n'},"
                       "{'id':'z','type':'CONDITION','condition':'null'},"
                       "{'id':'e','type':'CONDITION','condition':'.input.n.x'},"
                       "{'id':'g'," NOOP ",'condition':'.input.n == 5'}]}");
    cr_expect_eq(ask(&world, "y", &truth), 0);
    cr_expect(truth);
    cr_expect_eq(ask(&world, "n", &truth), 0);
    cr_expect_not(truth);
    cr_expect_eq(ask(&world, "g", &truth), 0);
    cr_expect(truth);
    expect_refusal(&world, ask(&world, "s", &truth), ERROR_EXPRESSION,
                   "condition: the answer must be true or false, not number");
    expect_refusal(&world, ask(&world, "z", &truth), ERROR_EXPRESSION, "not null");
    expect_refusal(&world, ask(&world, "e", &truth), ERROR_EXPRESSION, "condition: ");
    cr_expect(truth, "a refusal changes nothing");
}

static void expect_outcome(World *world, const char *id, const char *wanted) {
    Str outcome = STR_NONE;

    cr_expect_eq(
        scope_switch(&world->scope, node_of(world, id), &world->arena, &outcome, &world->error), 0);
    cr_expect(str_is(outcome, wanted), "%s: %.*s", id, STR_ARGS(outcome));
}

#define CASES "'cases':[{'when':'.input.n < 5'},{'when':'.input.n > 2'},{'when':'.input.n > 3'}]"

Test(scope, a_switch_takes_the_first_case_or_all_of_them) {
    _cleanup_(world_close) World world;

    world_open(&world,
               "{'steps':[{'id':'f','type':'SWITCH','config':{" CASES "}},"
               "{'id':'a','type':'SWITCH','config':{" CASES ",'mode':'ALL'}},"
               "{'id':'d','type':'SWITCH','config':{'cases':[{'when':'false'}],'defaultSteps':[]}},"
               "{'id':'n','type':'SWITCH','config':{'cases':[{'when':'false'}]}}]}");
    expect_outcome(&world, "f", "case1");
    expect_outcome(&world, "a", "case1,case2");
    expect_outcome(&world, "d", "default");
    expect_outcome(&world, "n", "none");
    cr_expect(world.plan->nodes[node_of(&world, "n")].switch_fails, "unless it says END_BRANCH");
}

Test(scope, a_failing_case_names_itself_unless_an_earlier_one_was_taken) {
    _cleanup_(world_close) World world;
    Str outcome = STR("untouched");

    world_open(&world, "{'steps':[{'id':'s','type':'SWITCH','config':{'cases':[{'when':'false'},"
                       "{'when':'1'}]}},{'id':'t','type':'SWITCH','config':{'cases':["
                       "{'when':'true'},{'when':'1'}]}}]}");
    expect_refusal(&world, scope_switch(&world.scope, 0, &world.arena, &outcome, &world.error),
                   ERROR_EXPRESSION, "config/cases/1/when: ");
    cr_expect(str_is(outcome, "untouched"));
    expect_outcome(&world, "t", "case0");
}

/* Results ----------------------------------------------------------------------------------- */

static int map_output(World *world, Str raw, Str *ret_output) {
    ScopeRaw made = {.plan = world->plan, .node = 0, .now_ms = NOW_MS, .text = raw};

    return scope_output(&made, &world->arena, ret_output, &world->error);
}

Test(scope, a_result_is_mapped_or_kept_as_it_came) {
    _cleanup_(world_close) World mapped, raw;
    Str output = STR_NONE;

    world_open(&mapped, "{'steps':[{'id':'a'," NOOP ",'outputMappings':{'v':'${ .body.vip }',"
                        "'all':'${ . }'}}]}");
    cr_assert_eq(map_output(&mapped, STR("{\"body\":{\"vip\":1.50}}"), &output), 0);
    expect_json(output, "{'v':1.50,'all':{'body':{'vip':1.50}}}");
    world_open(&raw, "{'steps':[{'id':'a'," NOOP "}]}");
    cr_assert_eq(map_output(&raw, STR(" {\"b\":1, \"a\":2} "), &output), 0);
    expect_json(output, " {'b':1, 'a':2} ");
}

Test(scope, a_raw_result_is_checked_like_a_computed_one) {
    _cleanup_(world_close) World world;
    char *large;
    Str output = STR("untouched");

    world_open(&world, "{'steps':[{'id':'a'," NOOP "}]}");
    expect_refusal(&world, map_output(&world, STR("\"\\u0000\""), &output), ERROR_VALIDATION,
                   "output: it cannot be stored");
    large = arena_zero(&world.arena, PAYLOAD_BYTES_MAX + 1);
    expect_refusal(&world, map_output(&world, str_from(large, PAYLOAD_BYTES_MAX + 1), &output),
                   ERROR_PAYLOAD_TOO_LARGE, "output: 524289 bytes, at most 524288");
    cr_expect(str_is(output, "untouched"));
}

/* DELAY ------------------------------------------------------------------------------------- */

static int due(World *world, const char *id, int64_t *ret_due_ms) {
    return scope_delay(&world->scope, node_of(world, id), &world->arena, ret_due_ms, &world->error);
}

Test(scope, a_delay_ends_after_a_while_or_at_a_moment) {
    _cleanup_(world_close) World world;
    int64_t due_ms = 0;

    world_open(&world, "{'steps':[{'id':'a','type':'DELAY','config':{'forMs':1500}},"
                       "{'id':'b','type':'DELAY','config':{'forMs':'${ .input.n * 1000 }'}},"
                       "{'id':'c','type':'DELAY','config':{'until':'2026-03-01T09:00:00+01:00'}},"
                       "{'id':'d','type':'DELAY','config':{'until':'${ .vars.at }'}},"
                       "{'id':'e','type':'DELAY','config':{'until':'${ now + 60 | todate }'}}]}");
    world.scope.vars = STR("{\"at\":\"1999-01-01T00:00:00Z\"}");
    cr_expect_eq(due(&world, "a", &due_ms), 0);
    cr_expect_eq(due_ms, NOW_MS + 1500);
    cr_expect_eq(due(&world, "b", &due_ms), 0);
    cr_expect_eq(due_ms, NOW_MS + 5000);
    cr_expect_eq(due(&world, "c", &due_ms), 0);
    cr_expect_eq(due_ms, NOW_MS + 3600000);
    cr_expect_eq(due(&world, "d", &due_ms), 0);
    cr_expect_eq(due_ms, NOW_MS, "what is past is over at once");
    cr_expect_eq(due(&world, "e", &due_ms), 0);
    cr_expect_eq(due_ms, NOW_MS + 60000);
}

Test(scope, a_delay_that_is_no_time_is_refused) {
    static const char *const values[] = {"-1", "1.5", "\"5\"", "null", "31536000001", "1e300"};
    _cleanup_(world_close) World world;
    int64_t due_ms = 77;

    world_open(&world, "{'steps':[{'id':'a','type':'DELAY','config':{'forMs':'${ .vars.x }'}},"
                       "{'id':'b','type':'DELAY','config':{'until':'${ .vars.x }'}}]}");
    for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
        world.scope.vars = str_printf(&world.arena, "{\"x\":%s}", values[i]);
        expect_refusal(&world, due(&world, "a", &due_ms), ERROR_VALIDATION, "config/forMs: ");
        expect_refusal(&world, due(&world, "b", &due_ms), ERROR_VALIDATION, "config/until: ");
    }
    world.scope.vars = STR("{\"x\":\"2026-03-01T08:00:00\"}");
    expect_refusal(&world, due(&world, "b", &due_ms), ERROR_VALIDATION, "with its offset");
    world.scope.vars = STR("{\"x\":\"2028-03-01T08:00:00Z\"}");
    expect_refusal(&world, due(&world, "b", &due_ms), ERROR_VALIDATION, "more than a year");
    cr_expect_eq(due_ms, 77);
}

/* Ends -------------------------------------------------------------------------------------- */

static void expect_end(World *world, const char *id, const char *output, const char *error) {
    ScopeEnd end = {0};
    int r = scope_terminate(&world->scope, node_of(world, id), &world->arena, &end, &world->error);

    cr_assert_eq(r, 0, "%.*s", STR_ARGS(world->error.message));
    expect_json(end.output, output);
    expect_json(end.error, error);
}

Test(scope, a_terminate_tells_output_and_error) {
    _cleanup_(world_close) World world;

    world_open(&world,
               "{'steps':[{'id':'c','type':'TERMINATE','config':{'status':'COMPLETED',"
               "'output':{'n':'${ .input.n }'}}},"
               "{'id':'d','type':'TERMINATE','config':{'status':'FAILED'}},"
               "{'id':'e','type':'TERMINATE','config':{'status':'FAILED','error':'no ${ 1 }'}},"
               "{'id':'f','type':'TERMINATE','config':{'status':'FAILED','error':{"
               "'type':'sold_out','message':'m','title':'t','detail':'d','status':409,"
               "'cause':{'x':1}}}},"
               "{'id':'g','type':'TERMINATE','config':{'status':'CANCELLED'}},"
               "{'id':'h','type':'TERMINATE','config':{'status':'FAILED','error':{"
               "'type':'HTTP_5XX'}}}]}");
    expect_end(&world, "c", "{'n':5}", "");
    expect_end(&world, "d", "null",
               "{'type':'USER:TERMINATED','status':null,'title':'The workflow failed on purpose',"
               "'detail':'the step d ended the execution','message':'the step d ended the "
               "execution','stepId':'d','scopePath':'','attempt':0,'cause':null,"
               "'retryable':false}");
    expect_end(&world, "e", "null",
               "{'type':'USER:TERMINATED','status':null,'title':'The workflow failed on purpose',"
               "'detail':'no 1','message':'no 1','stepId':'e','scopePath':'','attempt':0,"
               "'cause':null,'retryable':false}");
    expect_end(&world, "f", "null",
               "{'type':'USER:sold_out','status':409,'title':'t','detail':'d','message':'m',"
               "'stepId':'f','scopePath':'','attempt':0,'cause':{'x':1},'retryable':false}");
    expect_end(&world, "g", "null",
               "{'type':'CANCELLED','status':null,'title':'The work was cancelled','detail':'the "
               "step g ended the execution','message':'the step g ended the execution','stepId':"
               "'g','scopePath':'','attempt':0,'cause':null,'retryable':false}");
    expect_end(&world, "h", "null",
               "{'type':'HTTP_5XX','status':null,'title':'The target failed','detail':'the step h "
               "ended the execution','message':'the step h ended the execution','stepId':'h',"
               "'scopePath':'','attempt':0,'cause':null,'retryable':false}");
}

Test(scope, a_terminate_with_an_odd_error_is_refused) {
    _cleanup_(world_close) World world;
    ScopeEnd end = {.output = STR("untouched")};

    world_open(&world, "{'steps':[{'id':'a','type':'TERMINATE','config':{'status':'FAILED',"
                       "'error':{'message':'${ .input }'}}}]}");
    expect_refusal(&world, scope_terminate(&world.scope, 0, &world.arena, &end, &world.error),
                   ERROR_VALIDATION, "config/error: ");
    cr_expect(str_is(end.output, "untouched"));
}

static void expect_final(World *world, const char *quoted) {
    Str output = STR_NONE;
    int r = scope_final(&world->scope, &world->arena, &output, &world->error);

    cr_assert_eq(r, 0, "%.*s", STR_ARGS(world->error.message));
    expect_json(output, quoted);
}

Test(scope, an_output_is_what_the_definition_says) {
    _cleanup_(world_close) World world;

    world_open(&world, "{'steps':[{'id':'a'," NOOP "}],'output':{'x':'${ .steps.a.output.y }'}}");
    ended(&world, "a", STEP_COMPLETED, "{\"y\":[1]}");
    expect_final(&world, "{'x':[1]}");
}

Test(scope, without_one_it_is_what_the_last_steps_gave) {
    _cleanup_(world_close) World world;

    world_open(&world, "{'steps':[{'id':'a'," NOOP ",'nextSteps':['b'],'onErrorSteps':['c']},"
                       "{'id':'b'," NOOP ",'onErrorSteps':['c']},{'id':'c'," NOOP "},"
                       "{'id':'d'," NOOP "},{'id':'e'," NOOP "}]}");
    ended(&world, "a", STEP_COMPLETED, "1");
    ended(&world, "b", STEP_COMPLETED, "{\"b\": 2}");
    ended(&world, "c", STEP_SKIPPED, "");
    ended(&world, "d", STEP_FAILED_HANDLED, "3");
    ended(&world, "e", STEP_COMPLETED, "");
    edge_is(&world, "a", "b", EDGE_TAKEN);
    edge_is(&world, "a", "c", EDGE_DEAD);
    edge_is(&world, "b", "c", EDGE_DEAD);
    expect_final(&world, "{'b':{'b': 2},'d':3,'e':null}");
}

Test(scope, an_output_that_fails_names_its_place) {
    _cleanup_(world_close) World world;
    Str output = STR("untouched");

    world_open(&world, "{'steps':[{'id':'a'," NOOP "}],'output':{'x':'${ 1 + [] }'}}");
    expect_refusal(&world, scope_final(&world.scope, &world.arena, &output, &world.error),
                   ERROR_EXPRESSION, "output/x: ");
    cr_expect(str_is(output, "untouched"));
}
