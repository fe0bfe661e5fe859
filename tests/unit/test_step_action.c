/* What the built-in actions ask for, and what an answer ends in. */

#include <criterion/criterion.h>

#include "worker/step/step.h"

#define NOW_MS 784111777000LL /* Sun, 06 Nov 1994 08:49:37 GMT */

static Arena arena;
static Plan *plan;

static void open_memory(void) {
    arena_init(&arena, 0);
}

static void close_memory(void) {
    plan = plan_free(plan);
    arena_done(&arena);
}

TestSuite(step_action, .init = open_memory, .fini = close_memory);

/* A plan of one step; more are the members behind its type. */
static void compile(const char *more) {
    PlanProblems problems;
    Str text = str_printf(
        &arena, "{\"name\":\"t\",\"steps\":[{\"id\":\"a\",\"type\":\"ACTION\"%s}]}", more);

    plan = plan_free(plan);
    cr_assert_eq(plan_compile(text, NULL, &arena, &problems, &plan), 0, "%.*s", STR_ARGS(text));
}

static StepOrder order_of(const char *input) {
    Json *value = arena_alloc(&arena, sizeof *value);

    cr_assert_eq(json_parse(&arena, str_of(input), JSON_LIMITS_DEFAULT, value, NULL), 0, "%s",
                 input);
    return (StepOrder){
        .plan = plan,
        .scope = STR(""),
        .attempt = 1,
        .timeout_ms = 1000,
        .traceparent = STR(""),
        .input = value,
    };
}

static void compile_http(const char *more) {
    compile(str_printf(&arena, ",\"integrationId\":\"http\",\"integrationActionId\":\"request\"%s",
                       more)
                .data);
}

static StepEnd resume(const char *input, StepAnswer answer) {
    StepOrder order = order_of(input);
    StepEnd end = {0};

    answer.now_ms = NOW_MS;
    step_resume(&order, &answer, &arena, &end);
    return end;
}

static StepAnswer response(uint32_t status, const char *body) {
    static const StepField json = {STR("Content-Type"), STR("application/json")};

    return (StepAnswer){
        .type = ANSWER_RESPONSE,
        .effect = EFFECT_ANSWERED,
        .status = status,
        .headers = &json,
        .header_count = 1,
        .body = str_of(body),
    };
}

static Str member(Str text, const char *name) {
    Json value;
    const Json *found;

    cr_assert_eq(json_parse(&arena, text, JSON_LIMITS_DEFAULT, &value, NULL), 0, "%.*s",
                 STR_ARGS(text));
    found = json_pointer(&value, str_of(name));
    return found ? json_text(&arena, found) : STR_NONE;
}

Test(step_action, noop_gives_its_input_and_asks_for_nothing) {
    StepOrder order;
    StepAsk ask = {0};

    compile(",\"integrationId\":\"core\",\"integrationActionId\":\"noop\"");
    order = order_of("{\"a\":1.10}");
    step_begin(&order, &arena, &ask);
    cr_expect_eq(ask.type, ASK_NOTHING);
    cr_expect_eq(ask.end.status, STEP_COMPLETED);
    cr_expect(str_is(ask.end.output, "{\"a\":1.10}"));
}

Test(step_action, output_mappings_see_the_raw_result) {
    StepOrder order;
    StepAsk ask = {0};
    StepEnd end;

    compile(",\"integrationId\":\"core\",\"integrationActionId\":\"noop\","
            "\"outputMappings\":{\"b\":\"${ .a + 1 }\"}");
    order = order_of("{\"a\":1}");
    step_begin(&order, &arena, &ask);
    cr_expect(str_is(ask.end.output, "{\"b\":2}"), "%.*s", STR_ARGS(ask.end.output));

    compile_http(",\"outputMappings\":{\"s\":\"${ .status }\",\"v\":\"${ .body.v }\"}");
    end = resume("{\"url\":\"http://a/\"}", response(200, "{\"v\":[1]}"));
    cr_expect(str_is(end.output, "{\"s\":200,\"v\":[1]}"), "%.*s", STR_ARGS(end.output));
    cr_expect_eq(end.status, STEP_COMPLETED);
    cr_expect_eq(end.effect, EFFECT_ANSWERED);
}

Test(step_action, a_mapping_that_fails_after_the_call_is_not_tried_again) {
    StepEnd end;

    compile_http(",\"outputMappings\":{\"s\":\"${ .body.v + {} }\"}");
    end = resume("{\"url\":\"http://a/\"}", response(200, "{\"v\":[1]}"));
    cr_expect_eq(end.status, STEP_FAILED);
    cr_expect_eq(end.effect, EFFECT_ANSWERED);
    cr_expect_not(end.retryable);
    cr_expect(str_is(member(end.error, "/type"), "\"EXPRESSION\""));
}

Test(step_action, a_request_is_asked_for) {
    StepOrder order;
    StepAsk ask = {0};

    compile_http("");
    order = order_of("{\"url\":\"http://a/\",\"timeoutMs\":10}");
    step_begin(&order, &arena, &ask);
    cr_expect_eq(ask.type, ASK_HTTP);
    cr_expect(str_is(ask.request.url, "http://a/"));
    cr_expect_eq(ask.request.timeout_ms, 10);
}

Test(step_action, an_input_that_cannot_be_sent_ends_the_attempt_unsent) {
    StepOrder order;
    StepAsk ask = {0};

    compile_http("");
    order = order_of("{\"url\":17}");
    step_begin(&order, &arena, &ask);
    cr_expect_eq(ask.type, ASK_NOTHING);
    cr_expect_eq(ask.end.status, STEP_FAILED);
    cr_expect_eq(ask.end.effect, EFFECT_NOT_SENT);
    cr_expect_not(ask.end.retryable);
    cr_expect(str_is(member(ask.end.error, "/type"), "\"VALIDATION\""));
    cr_expect(str_is(member(ask.end.error, "/stepId"), "\"a\""));
}

Test(step_action, an_action_that_is_not_known_here_is_named) {
    StepOrder order;
    StepAsk ask = {0};

    compile(",\"integrationId\":\"warehouse\",\"integrationActionId\":\"reserve\"");
    order = order_of("{}");
    step_begin(&order, &arena, &ask);
    cr_expect_eq(ask.end.status, STEP_FAILED);
    cr_expect(str_find(ask.end.error, STR("`reserve` of an integration `warehouse`")) >= 0);
}

Test(step_action, a_status_that_passes_is_retryable_and_says_when) {
    static const StepField after = {STR("Retry-After"), STR("Sun, 06 Nov 1994 08:49:47 GMT")};
    StepAnswer answer = response(503, "no");
    StepEnd end;

    compile_http("");
    answer.headers = &after;
    end = resume("{\"url\":\"http://a/\"}", answer);
    cr_expect_eq(end.status, STEP_FAILED);
    cr_expect(end.retryable);
    cr_expect_eq(end.retry_after_ms, 10000);
    cr_expect(str_is(member(end.error, "/type"), "\"HTTP_5XX\""));
    cr_expect(str_is(member(end.error, "/status"), "503"));
    cr_expect(str_is(member(end.error, "/attempt"), "1"));
    cr_expect(str_is(member(end.error, "/retryable"), "true"));
    cr_expect(str_is(member(end.error, "/cause/body"), "\"no\""));
}

Test(step_action, a_refusal_is_final_and_tells_what_the_target_said) {
    StepEnd end;

    compile_http("");
    end = resume("{\"url\":\"http://a/\"}", response(404, "{\"code\":\"E1\"}"));
    cr_expect_not(end.retryable);
    cr_expect(str_is(member(end.error, "/type"), "\"HTTP_4XX\""));
    cr_expect(str_is(member(end.error, "/cause/body/code"), "\"E1\""));
}

Test(step_action, the_authors_success_rule_decides) {
    StepEnd end;

    compile_http("");
    end = resume("{\"url\":\"http://a/\",\"success\":[404]}", response(404, "{}"));
    cr_expect_eq(end.status, STEP_COMPLETED);
    end = resume("{\"url\":\"http://a/\",\"success\":[404]}", response(200, "{}"));
    cr_expect_eq(end.status, STEP_FAILED);
}

Test(step_action, a_body_that_cannot_be_stored_is_refused) {
    StepEnd end;

    compile_http("");
    end = resume("{\"url\":\"http://a/\"}", response(200, "{\"a\":\"\\u0000\"}"));
    cr_expect_eq(end.status, STEP_FAILED);
    cr_expect(str_is(member(end.error, "/type"), "\"VALIDATION\""));
    end = resume("{\"url\":\"http://a/\"}", response(200, "{\"a\":"));
    cr_expect(str_is(member(end.error, "/type"), "\"VALIDATION\""));
}

Test(step_action, calls_that_broke_say_whether_to_try_again) {
    static const struct {
        StepAnswerType type;
        Effect effect;
        StepStatus status;
        const char *error;
        bool retryable;
    } rows[] = {
        {ANSWER_UNREACHABLE, EFFECT_NOT_SENT, STEP_FAILED,    "\"NETWORK\"",           true },
        {ANSWER_UNREACHABLE, EFFECT_UNKNOWN,  STEP_FAILED,    "\"NETWORK\"",           true },
        {ANSWER_TIMEOUT,     EFFECT_UNKNOWN,  STEP_TIMED_OUT, "\"TIMEOUT\"",           true },
        {ANSWER_DENIED,      EFFECT_NOT_SENT, STEP_FAILED,    "\"EGRESS_DENIED\"",     false},
        {ANSWER_TOO_LARGE,   EFFECT_ANSWERED, STEP_FAILED,    "\"PAYLOAD_TOO_LARGE\"", false},
        {ANSWER_UNFIT,       EFFECT_NOT_SENT, STEP_FAILED,    "\"VALIDATION\"",        false},
    };

    compile_http("");
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        StepEnd end = resume(
            "{\"method\":\"POST\",\"url\":\"http://a/\"}",
            (StepAnswer){.type = rows[i].type, .effect = rows[i].effect, .message = STR("why")});

        cr_expect_eq(end.status, rows[i].status, "row %zu", i);
        cr_expect_eq(end.effect, rows[i].effect, "row %zu", i);
        cr_expect_eq(end.retryable, rows[i].retryable, "row %zu", i);
        cr_expect(str_is(member(end.error, "/type"), rows[i].error), "row %zu", i);
        cr_expect(str_is(member(end.error, "/message"), "\"why\""), "row %zu", i);
    }
}

Test(step_action, a_single_call_is_indeterminate_when_nobody_knows_and_never_repeated) {
    StepAnswer lost = {.type = ANSWER_UNREACHABLE, .effect = EFFECT_UNKNOWN};
    StepAnswer unsent = {.type = ANSWER_UNREACHABLE, .effect = EFFECT_NOT_SENT};
    const char *post = "{\"method\":\"POST\",\"url\":\"http://a/\"}";
    StepEnd end;

    compile_http("");
    plan->nodes[0].idempotency = IDEMPOTENCY_NONE;
    end = resume(post, lost);
    cr_expect_eq(end.status, STEP_INDETERMINATE);
    cr_expect_not(end.retryable);
    end = resume(post, unsent);
    cr_expect_eq(end.status, STEP_FAILED);
    cr_expect(end.retryable);
    end = resume(post, response(500, "{}"));
    cr_expect_eq(end.status, STEP_FAILED);
    cr_expect_not(end.retryable);
    end = resume("{\"url\":\"http://a/\"}", lost);
    cr_expect_eq(end.status, STEP_FAILED);
    cr_expect(end.retryable, "reading twice changes nothing");
}

static StepEnd resume_mock(const char *input, const char *mock) {
    StepOrder order = order_of(input);
    Json response;
    StepEnd end = {0};

    cr_assert_eq(json_parse(&arena, str_of(mock), JSON_LIMITS_DEFAULT, &response, NULL), 0);
    step_resume_mock(&order, &response, &arena, &end);
    return end;
}

Test(step_action, a_mock_passes_through_success_rule_and_mappings) {
    StepEnd end;

    compile_http(
        ",\"outputMappings\":{\"v\":\"${ .body.v }\",\"h\":\"${ .headers[\\\"x-a\\\"] }\"}");
    end = resume_mock("{}", "{\"status\":201,\"headers\":{\"X-A\":\"1\"},\"body\":{\"v\":2.50}}");
    cr_expect_eq(end.status, STEP_COMPLETED);
    cr_expect(str_is(end.output, "{\"v\":2.50,\"h\":\"1\"}"), "%.*s", STR_ARGS(end.output));
    end = resume_mock("{}", "{\"status\":429,\"headers\":{\"Retry-After\":\"3\"}}");
    cr_expect_eq(end.status, STEP_FAILED);
    cr_expect(end.retryable);
    cr_expect_eq(end.retry_after_ms, 3000);
    end = resume_mock("{\"success\":[429]}", "{\"status\":429,\"body\":\"late\"}");
    cr_expect_eq(end.status, STEP_FAILED, "a text has no member v");
    cr_expect(str_is(member(end.error, "/type"), "\"EXPRESSION\""));
}

Test(step_action, a_step_that_is_no_task_is_refused) {
    StepOrder order;
    StepAsk ask = {0};

    compile_http("");
    plan->nodes[0].type = STEP_TRANSFORM;
    order = order_of("{}");
    step_begin(&order, &arena, &ask);
    cr_expect_eq(ask.end.status, STEP_FAILED);
    cr_expect(str_find(ask.end.error, STR("a worker does not run steps of type TRANSFORM")) >= 0);
}
