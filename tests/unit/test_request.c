/* The input of http.request becomes what is sent, or is refused by the name of the member. */

#include <criterion/criterion.h>
#include <string.h>

#include "worker/step/step.h"

static Arena arena;
static PlanNode node;
static Plan plan;

static void open_memory(void) {
    arena_init(&arena, 0);
    node = (PlanNode){.id = STR("call"), .type = STEP_ACTION, .idempotency = IDEMPOTENCY_KEY};
    plan = (Plan){.nodes = &node, .node_count = 1};
}

static void close_memory(void) {
    arena_done(&arena);
}

TestSuite(request, .init = open_memory, .fini = close_memory);

static StepOrder order_of(const char *input) {
    Json *value = arena_alloc(&arena, sizeof *value);

    cr_assert_eq(json_parse(&arena, str_of(input), JSON_LIMITS_DEFAULT, value, NULL), 0, "%s",
                 input);
    return (StepOrder){
        .plan = &plan,
        .scope = STR(""),
        .attempt = 2,
        .timeout_ms = 30000,
        .traceparent = STR("00-ab-cd-01"),
        .input = value,
    };
}

static StepRequest build(const char *input) {
    StepOrder order = order_of(input);
    StepRequest request = {0};
    Str message = STR_NONE;

    cr_assert_eq(request_build(&order, &arena, &request, &message), 0, "%s: %.*s", input,
                 STR_ARGS(message));
    return request;
}

static Str header(const StepRequest *request, const char *name) {
    for (uint32_t i = 0; i < request->header_count; i++) {
        if (str_equal_nocase(request->headers[i].name, str_of(name)))
            return request->headers[i].value;
    }
    return STR_NONE;
}

static void expect_refused(const char *input, const char *begins) {
    StepOrder order = order_of(input);
    StepRequest request = {.timeout_ms = 77};
    Str message = STR_NONE;

    cr_expect_eq(request_build(&order, &arena, &request, &message), REQUEST_E_INVALID, "%s", input);
    cr_expect(str_starts(message, str_of(begins)), "%s: %.*s", input, STR_ARGS(message));
    cr_expect_eq(request.timeout_ms, 77, "a refusal changes nothing");
}

Test(request, an_address_alone_is_a_get_without_a_body) {
    StepRequest request = build("{\"url\":\"https://example.org/a?b=c#d\"}");

    cr_expect(str_is(request.method, "GET"));
    cr_expect(str_is(request.url, "https://example.org/a?b=c"));
    cr_expect_eq(request.body.length, 0);
    cr_expect_eq(request.timeout_ms, 30000);
    cr_expect_not(request.is_single);
}

Test(request, every_attempt_carries_the_same_key_and_its_own_number) {
    StepRequest first = build("{\"url\":\"http://a/\"}");
    StepRequest again = build("{\"url\":\"http://a/\"}");
    StepInstanceId instance = step_instance_id((ExecutionId){0}, STR("call"), STR(""), 0);
    UuidText text = uuid_text(instance.uuid);

    cr_expect(str_is(header(&first, "idempotency-key"), text.text));
    cr_expect(str_equal(header(&first, "idempotency-key"), header(&again, "idempotency-key")));
    cr_expect(str_is(header(&first, "x-workflow-attempt"), "2"));
    cr_expect(str_is(header(&first, "traceparent"), "00-ab-cd-01"));
}

Test(request, an_author_may_give_a_key_of_their_own) {
    StepRequest request = build("{\"url\":\"http://a/\",\"headers\":{\"idempotency-KEY\":\"k\"}}");

    cr_expect(str_is(header(&request, "Idempotency-Key"), "k"));
    cr_expect_eq(request.header_count, 3);
}

Test(request, a_query_is_encoded_and_added) {
    StepRequest request =
        build("{\"url\":\"http://a/x?y=1\",\"query\":{\"q\":\"a b&c=\xc3\xa4\",\"n\":1.50,"
              "\"none\":null,\"list\":[true,\"z\"]}}");

    cr_expect(str_is(request.url, "http://a/x?y=1&q=a%20b%26c%3D%C3%A4&n=1.50&list=true&list=z"),
              "%.*s", STR_ARGS(request.url));
    cr_expect(str_is(build("{\"url\":\"http://a/\",\"query\":{\"a\":1}}").url, "http://a/?a=1"));
    cr_expect(str_is(build("{\"url\":\"http://a/?\",\"query\":{\"a\":1}}").url, "http://a/?a=1"));
    cr_expect(str_is(build("{\"url\":\"http://a/\",\"query\":{}}").url, "http://a/"));
}

Test(request, a_body_is_sent_as_what_it_is) {
    StepRequest json = build("{\"method\":\"post\",\"url\":\"http://a/\",\"body\":{\"a\":[1.0]}}");
    StepRequest text = build("{\"method\":\"POST\",\"url\":\"http://a/\",\"body\":\"hi\"}");
    StepRequest form = build("{\"method\":\"POST\",\"url\":\"http://a/\",\"body\":{\"a\":\"b c\"},"
                             "\"headers\":{\"Content-Type\":"
                             "\"application/x-www-form-urlencoded\"}}");
    StepRequest own = build("{\"method\":\"POST\",\"url\":\"http://a/\",\"body\":[1],"
                            "\"headers\":{\"content-type\":\"application/vnd.a+json\"}}");

    cr_expect(str_is(json.method, "POST"));
    cr_expect(str_is(json.body, "{\"a\":[1.0]}"));
    cr_expect(str_is(header(&json, "Content-Type"), "application/json"));
    cr_expect(str_is(text.body, "hi"));
    cr_expect(str_is(header(&text, "Content-Type"), "text/plain; charset=utf-8"));
    cr_expect(str_is(form.body, "a=b%20c"));
    cr_expect(str_is(own.body, "[1]"));
    cr_expect(str_is(header(&own, "Content-Type"), "application/vnd.a+json"));
}

Test(request, a_timeout_can_only_be_shorter_than_what_is_left) {
    cr_expect_eq(build("{\"url\":\"http://a/\",\"timeoutMs\":500}").timeout_ms, 500);
    cr_expect_eq(build("{\"url\":\"http://a/\",\"timeoutMs\":500000}").timeout_ms, 30000);
    cr_expect_eq(build("{\"url\":\"http://a/\",\"timeoutMs\":null}").timeout_ms, 30000);
}

Test(request, a_header_cannot_carry_another_one) {
    expect_refused("{\"url\":\"http://a/\",\"headers\":{\"X-A\":\"b\\r\\nX-C: d\"}}",
                   "input.headers.X-A: line breaks");
    expect_refused("{\"url\":\"http://a/\",\"headers\":{\"X-A\":\"b\\u0000\"}}",
                   "input.headers.X-A: line breaks");
    expect_refused("{\"url\":\"http://a/\",\"headers\":{\"X-A\\r\\nB\":\"b\"}}",
                   "input.headers: `X-A\r\nB` is no name");
    expect_refused("{\"url\":\"http://a/\",\"headers\":{\"\":\"b\"}}", "input.headers: `` is no");
}

Test(request, headers_of_the_connection_are_refused) {
    static const char *const names[] = {"Host", "content-length", "Transfer-Encoding",
                                        "TE",   "Connection",     "X-Workflow-Attempt"};

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        Str input =
            str_printf(&arena, "{\"url\":\"http://a/\",\"headers\":{\"%s\":\"1\"}}", names[i]);

        expect_refused(input.data, "input.headers.");
    }
}

Test(request, what_is_wrong_is_named) {
    static const char *const rows[][2] = {
        {"[]",                                             "input: it must be an object"      },
        {"{}",                                             "input.url: "                      },
        {"{\"url\":1}",                                    "input.url: "                      },
        {"{\"url\":\"ftp://a/\"}",                         "input.url: "                      },
        {"{\"url\":\"http://a/ b\"}",                      "input.url: "                      },
        {"{\"url\":\"http://a/\\n\"}",                     "input.url: "                      },
        {"{\"url\":\"http://a/\",\"bodi\":1}",             "input: there is no `bodi`"        },
        {"{\"url\":\"http://a/\",\"method\":\"G T\"}",     "input.method: "                   },
        {"{\"url\":\"http://a/\",\"method\":\"CONNECT\"}", "input.method: CONNECT"            },
        {"{\"url\":\"http://a/\",\"query\":\"a=b\"}",      "input.query: it must be an object"},
        {"{\"url\":\"http://a/\",\"query\":{\"a\":{}}}",   "input.query.a: "                  },
        {"{\"url\":\"http://a/\",\"headers\":[]}",         "input.headers: it must be"        },
        {"{\"url\":\"http://a/\",\"headers\":{\"a\":{}}}", "input.headers.a: it must be text" },
        {"{\"url\":\"http://a/\",\"timeoutMs\":0}",        "input.timeoutMs: "                },
        {"{\"url\":\"http://a/\",\"timeoutMs\":1.5}",      "input.timeoutMs: "                },
        {"{\"url\":\"http://a/\",\"success\":99}",         "input.success: "                  },
        {"{\"url\":\"http://a/\",\"success\":[\"2x\"]}",   "input.success: "                  },
        {"{\"url\":\"http://a/\",\"success\":[true]}",     "input.success: "                  },
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        expect_refused(rows[i][0], rows[i][1]);
}

Test(request, too_many_headers_and_too_long_addresses_are_refused) {
    _cleanup_(buf_done) Buf many = {0}, far = {0};

    buf_add_text(&many, "{\"url\":\"http://a/\",\"headers\":{\"a\":[0");
    for (int i = 0; i < REQUEST_HEADERS_MAX; i++)
        buf_add_text(&many, ",1");
    buf_add_text(&many, "]}}");
    expect_refused(many.data, "input.headers: more than 100");
    buf_add_text(&far, "{\"url\":\"http://a/");
    for (int i = 0; i < REQUEST_URL_BYTES_MAX; i++)
        buf_add_char(&far, 'x');
    buf_add_text(&far, "\"}");
    expect_refused(far.data, "input.url: 8201 bytes");
}

Test(request, success_is_what_the_author_says_it_is) {
    const Json *plain = order_of("{}").input;
    const Json *list = order_of("{\"success\":[404,\"2xx\"]}").input;
    const Json *one = order_of("{\"success\":\"3xx\"}").input;

    cr_expect(request_is_success(plain, 204));
    cr_expect_not(request_is_success(plain, 302));
    cr_expect_not(request_is_success(plain, 404));
    cr_expect(request_is_success(list, 404));
    cr_expect(request_is_success(list, 299));
    cr_expect_not(request_is_success(list, 403));
    cr_expect(request_is_success(one, 302));
    cr_expect_not(request_is_success(one, 200));
}

Test(request, only_what_is_not_idempotent_is_single) {
    const Json *post = order_of("{\"method\":\"post\"}").input;
    const Json *get = order_of("{\"method\":\"get\"}").input;

    cr_expect_not(request_is_single(&plan, 0, post));
    node.idempotency = IDEMPOTENCY_NONE;
    cr_expect(request_is_single(&plan, 0, post));
    cr_expect(request_is_single(&plan, 0, get));
    node.is_idempotency_by_method = true;
    cr_expect(request_is_single(&plan, 0, post));
    cr_expect_not(request_is_single(&plan, 0, get));
    cr_expect_not(request_is_single(&plan, 0, order_of("{}").input), "GET is what is meant");
}
