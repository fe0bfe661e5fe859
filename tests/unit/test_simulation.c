#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "coordinator/simulation/simulation.h"

/* Definitions are written with ' for ", so that they can be read. */
static Str quoted(Arena *arena, const char *text) {
    Str copy = str_copy(arena, str_of(text));

    for (size_t i = 0; i < copy.length; i++) {
        if (copy.data[i] == '\'')
            ((char *)copy.data)[i] = '"';
    }
    return copy;
}

static const Json *value(Arena *arena, const char *text) {
    Json *json = arena_zero(arena, sizeof *json);

    if (text == NULL)
        return NULL;
    cr_assert_eq(json_parse(arena, quoted(arena, text), JSON_LIMITS_DEFAULT, json, NULL), 0);
    return json;
}

typedef struct Case {
    const char *definition, *input, *mocks;
    uint64_t seed;
} Case;

static int simulate(const Case *told, Arena *arena, Json *ret_report, Str *ret_message) {
    _cleanup_(plan_free_p) Plan *plan = NULL;
    PlanProblems problems = {0};
    SimulationOrder order = {
        .input = value(arena, told->input),
        .mocks = value(arena, told->mocks),
        .trigger = PLAN_NONE,
        .seed = told->seed,
        .begin_ms = SIMULATION_BEGIN_MS,
    };
    int r = plan_compile(quoted(arena, told->definition), NULL, arena, &problems, &plan);

    cr_assert(r == 0, "%.*s: %.*s", STR_ARGS(problems.items[0].pointer),
              STR_ARGS(problems.items[0].message));
    order.plan = plan;
    return simulation_run(&order, arena, ret_report, ret_message);
}

static void check(const Case *told, const char *pointer, const char *wanted) {
    _cleanup_(arena_done) Arena arena = {0};
    Json report;
    Str message = STR("");
    Str found;
    int r = simulate(told, &arena, &report, &message);

    cr_assert(r == 0, "%.*s", STR_ARGS(message));
    found = json_text(&arena, json_pointer(&report, str_of(pointer)));
    cr_expect(str_equal(found, quoted(&arena, wanted)), "%s is %.*s, not %s", pointer,
              STR_ARGS(found), wanted);
}

static void check_refused(const Case *told, int wanted, const char *wanted_message) {
    _cleanup_(arena_done) Arena arena = {0};
    Json report;
    Str message = STR("");

    cr_expect_eq(simulate(told, &arena, &report, &message), wanted);
    cr_expect(str_find(message, str_of(wanted_message)) >= 0, "%.*s", STR_ARGS(message));
}

#define HTTP(id, rest)                                                                             \
    "{'id':'" id "','type':'ACTION','integrationId':'http','integrationActionId':'request',"       \
    "'inputMappings':{'url':'http://shop/x'}" rest "}"
#define PLAN(steps) "{'name':'t','steps':[" steps "]}"

Test(simulation, a_noop_gives_its_input) {
    Case told = {PLAN("{'id':'a','type':'ACTION','integrationId':'core',"
                      "'integrationActionId':'noop','inputMappings':{'x':'${ .input.x }'}}"),
                 "{'x':7}", NULL, 1};

    check(&told, "/status", "'COMPLETED'");
    check(&told, "/output", "{'a':{'x':7}}");
    check(&told, "/steps/0/input", "{'x':7}");
}

Test(simulation, the_input_is_the_body_of_the_trigger_too) {
    Case told = {PLAN("{'id':'t','type':'TRANSFORM','inputMappings':"
                      "{'a':'${ .input.x }','b':'${ .trigger.body.x }'}}"),
                 "{'x':1.50}", NULL, 1};

    check(&told, "/output", "{'t':{'a':1.50,'b':1.50}}");
}

Test(simulation, an_output_is_taken_as_it_is) {
    Case told = {PLAN(HTTP("a", ",'outputMappings':{'n':'${ .body.n }'}")), NULL,
                 "{'a':[{'output':{'free':[1,2]}}]}", 1};

    check(&told, "/output", "{'a':{'free':[1,2]}}");
}

Test(simulation, a_response_goes_through_success_rule_and_mappings) {
    Case told = {PLAN(HTTP("a", ",'outputMappings':{'n':'${ .body.n }'}")), NULL,
                 "{'a':[{'response':{'status':200,'body':{'n':5}}}]}", 1};

    check(&told, "/output", "{'a':{'n':5}}");
    told.mocks = "{'a':[{'response':{'status':404,'body':{'n':5}}}]}";
    check(&told, "/status", "'FAILED'");
    check(&told, "/error/type", "'HTTP_4XX'");
    check(&told, "/error/status", "404");
    check(&told, "/steps/0/stepStatus", "'FAILED'");
}

Test(simulation, mocks_are_used_in_turn_and_the_last_one_repeats) {
    Case told = {PLAN(HTTP("a", ",'retry':{'maxAttempts':5,'initialMs':100,'jitter':'NONE'}")),
                 NULL,
                 "{'a':[{'error':{'type':'NETWORK','message':'down'}},"
                 "{'response':{'status':503}},{'output':1}]}",
                 1};

    check(&told, "/status", "'COMPLETED'");
    check(&told, "/virtualMs", "300");
    check(&told, "/steps/0/reason", "'RETRIED'");
    check(&told, "/steps/1/error/type", "'HTTP_5XX'");
    check(&told, "/steps/2/startedAtMs", "300");
    check(&told, "/steps/2/attempt", "2");
    told.mocks = "{'a':[{'error':{'type':'NETWORK','message':'down'}}]}";
    check(&told, "/status", "'FAILED'");
    check(&told, "/virtualMs", "1500");
    check(&told, "/steps/4/attempt", "4");
}

Test(simulation, an_error_that_is_not_retryable_is_not_tried_again) {
    Case told = {PLAN(HTTP("a", "")), NULL,
                 "{'a':[{'error':{'type':'NETWORK','message':'x','retryable':false}}]}", 1};

    check(&told, "/virtualMs", "0");
    check(&told, "/error/message", "'x'");
    told.mocks = "{'a':[{'error':{'type':'USER:sold_out','message':'x'}}]}";
    check(&told, "/error/type", "'USER:sold_out'");
}

Test(simulation, a_delay_moves_the_clock) {
    Case told = {PLAN("{'id':'d','type':'DELAY','config':{'forMs':86400000},'nextSteps':['e']},"
                      "{'id':'e','type':'DELAY','config':{'until':'2026-01-03T00:00:00Z'}}"),
                 NULL, NULL, 1};

    check(&told, "/virtualMs", "172800000");
    check(&told, "/steps/0/startedAtMs", "0");
    check(&told, "/steps/0/completedAtMs", "86400000");
    check(&told, "/steps/1/startedAtMs", "86400000");
}

Test(simulation, steps_stand_in_the_order_of_their_start) {
    Case told = {PLAN("{'id':'d','type':'DELAY','config':{'forMs':1000}}," HTTP(
                     "a", ",'nextSteps':['b']") "," HTTP("b", "")),
                 NULL, "{'a':[{'output':1}],'b':[{'output':2}]}", 1};

    check(&told, "/steps/0/stepId", "'d'");
    check(&told, "/steps/1/stepId", "'a'");
    check(&told, "/steps/2/stepId", "'b'");
    check(&told, "/steps/0/completedAtMs", "1000");
}

Test(simulation, a_run_that_would_fill_the_memory_is_refused) {
    _cleanup_(buf_done) Buf input = {0};
    Case told = {PLAN("{'id':'a','type':'ACTION','integrationId':'http','integrationActionId':"
                      "'request','inputMappings':{'url':'http://x/','body':'${ .input }'},"
                      "'retry':{'maxAttempts':100,'initialMs':1}},"
                      "{'id':'b','type':'ACTION','integrationId':'http','integrationActionId':"
                      "'request','inputMappings':{'url':'http://x/','body':'${ .input }'},"
                      "'retry':{'maxAttempts':100,'initialMs':1}}"),
                 NULL,
                 "{'a':[{'error':{'type':'NETWORK','message':'x'}}],"
                 "'b':[{'error':{'type':'NETWORK','message':'x'}}]}",
                 1};

    buf_add_char(&input, '"');
    while (input.length < 500000)
        buf_add_text(&input, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    buf_add_char(&input, '"');
    told.input = input.data;
    check_refused(&told, SIMULATION_E_TOO_LARGE, "more memory");
}

Test(simulation, secrets_stand_for_themselves) {
    Case told = {PLAN("{'id':'a','type':'ACTION','integrationId':'http','integrationActionId':"
                      "'request','inputMappings':{'url':'http://x/','headers':"
                      "{'authorization':'Bearer ${ .secrets.TOKEN }'}}}"),
                 NULL, "{'a':[{'output':1}]}", 1};

    check(&told, "/steps/0/input/headers/authorization", "'Bearer [secret TOKEN]'");
}

Test(simulation, the_same_seed_gives_the_same_report_and_another_one_another) {
    Case told = {PLAN(HTTP("a", "")), NULL,
                 "{'a':[{'error':{'type':'NETWORK','message':'x'}},{'output':1}]}", 5};
    _cleanup_(arena_done) Arena arena = {0};
    Json first, second, third;
    Str message;

    cr_assert_eq(simulate(&told, &arena, &first, &message), 0);
    cr_assert_eq(simulate(&told, &arena, &second, &message), 0);
    told.seed = 6;
    cr_assert_eq(simulate(&told, &arena, &third, &message), 0);
    cr_expect(json_equal(&first, &second));
    cr_expect_not(json_equal(&first, &third));
}

Test(simulation, a_call_without_a_mock_is_refused_and_names_the_step) {
    Case told = {PLAN(HTTP("customer", "")), NULL, NULL, 1};

    check_refused(&told, SIMULATION_E_NO_MOCK, "step `customer` would call GET http://shop/x");
}

Test(simulation, mocks_that_are_wrong_are_refused_and_name_the_step) {
    Case told = {PLAN(HTTP("a", ",'nextSteps':['c']") ",{'id':'c','type':'CONDITION','condition':"
                                                      "'true'}"),
                 NULL, NULL, 1};
    static const struct {
        const char *mocks;
        const char *message;
    } wrong[] = {
        {"[]",                                              "must be an object"             },
        {"{'x':[{'output':1}]}",                            "step `x`: the definition has"  },
        {"{'c':[{'output':1}]}",                            "step `c`: only an ACTION"      },
        {"{'a':{'output':1}}",                              "step `a`: they must be"        },
        {"{'a':[]}",                                        "step `a`: they must be"        },
        {"{'a':[1]}",                                       "step `a`: each must be"        },
        {"{'a':[{'output':1,'error':{}}]}",                 "step `a`: each must be"        },
        {"{'a':[{'error':{'type':'NOPE'}}]}",               "step `a`: an error's type"     },
        {"{'a':[{'error':1}]}",                             "step `a`: an error must be"    },
        {"{'a':[{'error':{'type':'AUTH','message':1}}]}",   "step `a`: an error's message"  },
        {"{'a':[{'error':{'type':'AUTH','retryable':1}}]}", "step `a`: an error's retryable"},
        {"{'a':[{'response':200}]}",                        "step `a`: a response must be"  },
    };

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        told.mocks = wrong[i].mocks;
        check_refused(&told, SIMULATION_E_MOCKS, wrong[i].message);
    }
}
