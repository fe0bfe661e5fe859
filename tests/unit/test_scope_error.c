#include <criterion/criterion.h>

#include "common/json/storable.h"
#include "common/plan/scope.h"
#include "tests/unit/plan_made.h"

Test(scope_error, an_error_object_tells_everything_in_a_fixed_order) {
    _cleanup_(arena_done) Arena arena = {0};
    ScopeFailure failure = {
        .type = ERROR_HTTP_5XX,
        .status = 503,
        .message = STR("say \"no\"\n"),
        .step = STR("pay"),
        .scope_path = STR("/reserve#3"),
        .attempt = 2,
        .cause = STR("{\"a\":1}"),
        .retryable = true,
    };

    cr_expect_str_eq(scope_error_object(&arena, &failure).data,
                     "{\"type\":\"HTTP_5XX\",\"status\":503,\"title\":\"The target failed\","
                     "\"detail\":\"say \\\"no\\\"\\n\",\"message\":\"say \\\"no\\\"\\n\","
                     "\"stepId\":\"pay\",\"scopePath\":\"/reserve#3\",\"attempt\":2,"
                     "\"cause\":{\"a\":1},\"retryable\":true}");
}

Test(scope_error, every_type_has_a_title_and_reads_back) {
    for (int type = 0; type < _ERROR_TYPE_COUNT; type++) {
        _cleanup_(arena_done) Arena arena = {0};
        ScopeFailure failure = {.type = (ErrorType)type};
        Str text = scope_error_object(&arena, &failure);
        Json value;

        cr_assert_eq(json_parse(&arena, text, JSON_LIMITS_DEFAULT, &value, NULL), 0);
        cr_expect_gt(json_str(json_member(&value, STR("title"))).length, 0);
        cr_expect_eq(scope_error_type(text, &arena), type);
    }
}

Test(scope_error, an_author_s_own_type_is_a_user_error) {
    _cleanup_(arena_done) Arena arena = {0};
    ScopeFailure failure = {.type = ERROR_USER, .user_type = STR("USER:sold_out")};
    Str text = scope_error_object(&arena, &failure);

    cr_expect_geq(str_find(text, STR("\"type\":\"USER:sold_out\"")), 0);
    cr_expect_eq(scope_error_type(text, &arena), ERROR_USER);
}

Test(scope_error, what_cannot_be_read_is_internal) {
    static const char *const texts[] = {"", "{", "{}", "[]", "{\"type\":5}", "{\"type\":\"NOPE\"}"};
    _cleanup_(arena_done) Arena arena = {0};

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        cr_expect_eq(scope_error_type(str_of(texts[i]), &arena), ERROR_INTERNAL, "%s", texts[i]);
}

Test(scope_error, a_message_is_cut_between_letters) {
    _cleanup_(arena_done) Arena arena = {0};
    char *message = arena_alloc(&arena, 9001);
    ScopeFailure failure = {.message = str_from(message, 9001)};
    Str text;

    message[0] = 'x';
    for (size_t i = 1; i < 9001; i += 2) {
        message[i] = '\xc3';
        message[i + 1] = '\xa4';
    }
    text = scope_error_object(&arena, &failure);
    cr_expect_lt(text.length, 9000);
    cr_expect(str_is_utf8(text));
}

Test(scope_error, what_cannot_be_stored_is_replaced) {
    _cleanup_(arena_done) Arena arena = {0};
    ScopeFailure failure = {
        .message = str_from("a\0b\xff"
                            "c\xc3",
                            6),
        .cause = STR("{\"x\":\"\\u0000\"}"),
    };
    Str text = scope_error_object(&arena, &failure);

    cr_expect_geq(str_find(text, STR("\"message\":\"a?b?c?\"")), 0, "%.*s", STR_ARGS(text));
    cr_expect_geq(str_find(text, STR("\"cause\":null")), 0);
    cr_expect_eq(json_storable(text, NULL), 0);
}

/* Which error edge -------------------------------------------------------------------------- */

static uint32_t port_for(const char *on_error, const char *error) {
    _cleanup_(arena_done) Arena arena = {0};
    _cleanup_(plan_free_p) Plan *plan = plan_made(
        str_printf(&arena,
                   "{'steps':[{'id':'a','type':'ACTION','integrationId':'core',"
                   "'integrationActionId':'noop','onErrorSteps':%s},{'id':'x','type':'TRANSFORM'},"
                   "{'id':'y','type':'TRANSFORM'}]}",
                   on_error)
            .data);
    _cleanup_(alloc_free_p) char *text = plan_text(error);
    Scope scope = {.plan = plan};

    return scope_error_port(&scope, 0, str_of(text), &arena);
}

#define MATCH(parts) "[{'stepId':'x','match':{" parts "}}]"

Test(scope_error, a_plain_step_catches_everything) {
    cr_expect_eq(port_for("['x','y']", "{'type':'TIMEOUT'}"), 0);
    cr_expect_eq(port_for("['x']", "what is this"), 0);
    cr_expect_eq(port_for("[{'stepId':'x'}]", "{'type':'USER:q'}"), 0);
}

Test(scope_error, without_edges_nothing_is_caught) {
    cr_expect_eq(port_for("[]", "{'type':'TIMEOUT'}"), PLAN_NONE);
}

Test(scope_error, types_match_by_word) {
    cr_expect_eq(port_for(MATCH("'types':['TIMEOUT','NETWORK']"), "{'type':'NETWORK'}"), 0);
    cr_expect_eq(port_for(MATCH("'types':['TIMEOUT']"), "{'type':'NETWORK'}"), PLAN_NONE);
    cr_expect_eq(port_for(MATCH("'types':['USER']"), "{'type':'USER:any'}"), 0);
    cr_expect_eq(port_for(MATCH("'types':['USER:a','USER:b']"), "{'type':'USER:b'}"), 0);
    cr_expect_eq(port_for(MATCH("'types':['USER:a']"), "{'type':'USER:ab'}"), PLAN_NONE);
    cr_expect_eq(port_for(MATCH("'types':['USER:a']"), "{'type':'TIMEOUT'}"), PLAN_NONE);
}

Test(scope_error, all_parts_must_match) {
    cr_expect_eq(
        port_for(MATCH("'types':['HTTP_4XX'],'status':404"), "{'type':'HTTP_4XX','status':404}"),
        0);
    cr_expect_eq(
        port_for(MATCH("'types':['HTTP_4XX'],'status':404"), "{'type':'HTTP_4XX','status':410}"),
        PLAN_NONE);
    cr_expect_eq(port_for(MATCH("'status':404"), "{'type':'HTTP_4XX','status':null}"), PLAN_NONE);
    cr_expect_eq(
        port_for(MATCH("'status':404,'expr':'.attempt > 1'"), "{'status':404,'attempt':2}"), 0);
}

Test(scope_error, an_expression_that_fails_or_is_no_boolean_does_not_match) {
    cr_expect_eq(port_for(MATCH("'expr':'.message | test(\\\"busy\\\")'"), "{'message':'so busy'}"),
                 0);
    cr_expect_eq(port_for(MATCH("'expr':'.message'"), "{'message':'x'}"), PLAN_NONE);
    cr_expect_eq(port_for(MATCH("'expr':'.message + 1'"), "{'message':'x'}"), PLAN_NONE);
}

Test(scope_error, the_first_port_that_fits_is_taken) {
    static const char ports[] = "[{'stepId':'x','match':{'types':['TIMEOUT']}},'x','y',"
                                "{'stepId':'y','match':{'types':['NETWORK']}}]";

    cr_expect_eq(port_for(ports, "{'type':'TIMEOUT'}"), 0);
    cr_expect_eq(port_for(ports, "{'type':'NETWORK'}"), 1);
}
