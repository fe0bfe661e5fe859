/* What steps see of a webhook's request. */

#include <criterion/criterion.h>

#include "common/base/defs.h"
#include "trigger-gateway/fire/webhook_scope.h"

typedef struct Told {
    int r;
    Str scope;
    WebhookMistake mistake;
} Told;

static Told told(Arena *arena, const WebhookRequest *request) {
    Told told = {0};
    WebhookBody body;

    told.r = webhook_body(request, arena, &body, &told.mistake);
    if (told.r == 0)
        told.r = webhook_scope(request, &body, arena, &told.scope, &told.mistake);
    return told;
}

static const Field json_type = {STR("Content-Type"), STR("application/json; charset=utf-8")};

static WebhookRequest json_request(const char *body) {
    return (WebhookRequest){
        .method = STR("POST"),
        .path = STR("orders"),
        .headers = {&json_type, 1},
        .body = str_of(body),
    };
}

static void expect_scope(const WebhookRequest *request, const char *expected) {
    _cleanup_(arena_done) Arena arena = {0};
    Told answer = told(&arena, request);

    cr_assert_eq(answer.r, 0, "%s", answer.mistake.json.message);
    cr_expect(str_is(answer.scope, expected), "%.*s", STR_ARGS(answer.scope));
}

Test(webhook_scope, a_json_body_passes_through_byte_by_byte) {
    WebhookRequest request = json_request(" {\"n\": 1.50, \"t\": \"\\u00e4\"}\n");

    expect_scope(&request, "{\"body\":{\"n\": 1.50, \"t\": \"\\u00e4\"},"
                           "\"headers\":{\"content-type\":\"application/json; charset=utf-8\"},"
                           "\"query\":{},\"method\":\"POST\",\"path\":\"orders\"}");
}

Test(webhook_scope, without_a_json_type_the_body_is_text) {
    WebhookRequest request = {.method = STR("PUT"), .path = STR(""), .body = STR("{\"a\":1}")};

    expect_scope(&request, "{\"body\":\"{\\\"a\\\":1}\",\"headers\":{},\"query\":{},"
                           "\"method\":\"PUT\",\"path\":\"\"}");
    request.body = STR_NONE;
    expect_scope(&request,
                 "{\"body\":null,\"headers\":{},\"query\":{},\"method\":\"PUT\",\"path\":\"\"}");
}

Test(webhook_scope, an_empty_body_is_null_whatever_its_type) {
    WebhookRequest request = json_request("");

    request.headers.count = 1;
    expect_scope(&request, "{\"body\":null,"
                           "\"headers\":{\"content-type\":\"application/json; charset=utf-8\"},"
                           "\"query\":{},\"method\":\"POST\",\"path\":\"orders\"}");
}

Test(webhook_scope, credentials_and_signatures_are_left_out) {
    static const Field fields[] = {
        {STR("Authorization"),       STR("Bearer x")},
        {STR("Cookie"),              STR("a=b")     },
        {STR("X-Api-Key"),           STR("k")       },
        {STR("X-Hub-Signature-256"), STR("sha256=0")},
        {STR("Stripe-Signature"),    STR("t=1")     },
        {STR("X-Gitlab-Token"),      STR("t")       },
        {STR("Webhook-Signature"),   STR("v1,x")    },
        {STR("X-Client-Secret"),     STR("s")       },
        {STR("User-Agent"),          STR("curl")    },
    };
    WebhookRequest request = {
        .method = STR("POST"), .headers = {fields, ARRAY_SIZE(fields)}
    };

    expect_scope(&request, "{\"body\":null,\"headers\":{\"user-agent\":\"curl\"},\"query\":{},"
                           "\"method\":\"POST\",\"path\":\"\"}");
}

Test(webhook_scope, headers_of_one_name_are_joined_and_latin_1_becomes_text) {
    static const Field fields[] = {
        {STR("X-A"), STR("1")      },
        {STR("x-a"), STR("2")      },
        {STR("X-B"), STR("caf\xe9")},
    };
    WebhookRequest request = {
        .method = STR("POST"), .headers = {fields, ARRAY_SIZE(fields)}
    };

    expect_scope(&request, "{\"body\":null,\"headers\":{\"x-a\":\"1, 2\",\"x-b\":\"café\"},"
                           "\"query\":{},\"method\":\"POST\",\"path\":\"\"}");
}

Test(webhook_scope, a_parameter_given_several_times_is_an_array) {
    static const Field fields[] = {
        {STR("a"), STR("1")},
        {STR("b"), STR("x")},
        {STR("a"), STR("2")},
        {STR("a"), STR("3")},
    };
    WebhookRequest request = {
        .method = STR("GET"), .query = {fields, ARRAY_SIZE(fields)}
    };

    expect_scope(&request, "{\"body\":null,\"headers\":{},"
                           "\"query\":{\"a\":[\"1\",\"2\",\"3\"],\"b\":\"x\"},"
                           "\"method\":\"GET\",\"path\":\"\"}");
}

static void expect_refused(const WebhookRequest *request, int r, const char *what) {
    _cleanup_(arena_done) Arena arena = {0};
    Told answer = told(&arena, request);

    cr_expect_eq(answer.r, r, "%.*s", STR_ARGS(request->body));
    cr_expect_str_eq(answer.mistake.what, what);
    cr_expect_not_null(answer.mistake.json.message);
    cr_expect_null(answer.scope.data);
}

Test(webhook_scope, json_that_is_none_is_refused_with_its_place) {
    _cleanup_(arena_done) Arena arena = {0};
    WebhookRequest request = json_request("{\"a\": 1,\n \"b\": }");
    Told answer = told(&arena, &request);

    cr_expect_eq(answer.r, WEBHOOK_E_SYNTAX);
    cr_expect_eq(answer.mistake.json.line, 2);
    cr_expect_eq(answer.mistake.json.column, 7);
}

Test(webhook_scope, what_cannot_be_stored_is_refused) {
    static const Field zero = {
        STR("a"), {.data = "\0", .length = 1}
    };
    WebhookRequest request = json_request("{\"a\": \"\\u0000\"}");

    expect_refused(&request, WEBHOOK_E_STORABLE, "body");
    request = json_request("[1e999]");
    expect_refused(&request, WEBHOOK_E_STORABLE, "body");
    request = json_request("\"\\ud800\"");
    expect_refused(&request, WEBHOOK_E_STORABLE, "body");
    request = (WebhookRequest){.body = STR("caf\xe9")};
    expect_refused(&request, WEBHOOK_E_TEXT, "body");
    request = (WebhookRequest){
        .body = {.data = "a\0b", .length = 3}
    };
    expect_refused(&request, WEBHOOK_E_TEXT, "body");
    request = (WebhookRequest){.path = STR("\xff")};
    expect_refused(&request, WEBHOOK_E_TEXT, "path");
    request = (WebhookRequest){
        .query = {&zero, 1}
    };
    expect_refused(&request, WEBHOOK_E_TEXT, "query");
}

Test(webhook_scope, nesting_has_an_end) {
    char deep[400];
    WebhookRequest request = json_request(NULL);

    for (int i = 0; i < 200; i++) {
        deep[i] = '[';
        deep[399 - i] = ']';
    }
    request.body = str_from(deep, sizeof deep);
    expect_refused(&request, WEBHOOK_E_SYNTAX, "body");
}
