/* Error objects: how a failure is told, and which error edge catches it. */

#include "common/base/buf.h"
#include "common/base/check.h"
#include "common/json/storable.h"
#include "common/model/limits.h"
#include "common/plan/place.h"
#include "common/plan/scope_private.h"

#define MESSAGE_BYTES_MAX_KEPT 4096u /* a remote's whole page is no message */

static const char *const titles[_ERROR_TYPE_COUNT] = {
    [ERROR_INTERNAL] = "Something went wrong inside the engine",
    [ERROR_TIMEOUT] = "The time was over",
    [ERROR_NETWORK] = "The target could not be reached",
    [ERROR_HTTP_4XX] = "The target refused the request",
    [ERROR_HTTP_429] = "The target asks for fewer requests",
    [ERROR_HTTP_5XX] = "The target failed",
    [ERROR_AUTH] = "The credentials were not accepted",
    [ERROR_VALIDATION] = "A value is not what it should be",
    [ERROR_EXPRESSION] = "An expression failed",
    [ERROR_NO_MATCH] = "No case matched",
    [ERROR_LOOP_LIMIT] = "A loop ran too often",
    [ERROR_PAYLOAD_TOO_LARGE] = "A value is too large",
    [ERROR_CONCURRENCY_REJECTED] = "Too many executions run already",
    [ERROR_LEASE_LOST] = "The worker was lost",
    [ERROR_CANCELLED] = "The work was cancelled",
    [ERROR_DISPATCH_LIMIT] = "The step was handed out too often without an answer",
    [ERROR_APPROVAL_REJECTED] = "The approval was refused",
    [ERROR_EGRESS_DENIED] = "The target's address is not allowed",
    [ERROR_USER] = "The workflow failed on purpose",
};

static Str message_kept(Str message) {
    size_t length = MIN(message.length, (size_t)MESSAGE_BYTES_MAX_KEPT);

    while (length < message.length && length > 0 &&
           ((unsigned char)message.data[length] & 0xc0) == 0x80)
        length--;
    return str_slice(message, 0, length);
}

static void add_key(Buf *buf, const char *key) {
    buf_printf(buf, "%s\"%s\":", buf->length > 1 ? "," : "", key);
}

static void add_text(Buf *buf, const char *key, Str text) {
    add_key(buf, key);
    json_write_string(buf, text);
}

static void add_raw(Buf *buf, const char *key, const char *raw) {
    add_key(buf, key);
    buf_add_text(buf, raw);
}

static void add_status(Buf *buf, uint32_t status) {
    add_key(buf, "status");
    if (status == 0)
        buf_add_text(buf, "null");
    else
        buf_printf(buf, "%u", status);
}

Str scope_error_object(Arena *arena, const ScopeFailure *failure) {
    _cleanup_(buf_done) Buf buf = {0};
    Str word = str_of(error_type_word(failure->type));
    Str title = failure->title.length > 0 ? text_storable(arena, message_kept(failure->title))
                                          : str_of(titles[failure->type]);
    Str message = text_storable(arena, message_kept(failure->message));
    Str detail = text_storable(arena, message_kept(failure->detail));
    bool has_cause = failure->cause.length > 0 && json_storable(failure->cause, NULL) == 0;

    buf_add_char(&buf, '{');
    add_text(&buf, "type", failure->user_type.length > 0 ? failure->user_type : word);
    add_status(&buf, failure->status);
    add_text(&buf, "title", title);
    add_text(&buf, "detail", detail.length > 0 ? detail : message);
    add_text(&buf, "message", message);
    add_text(&buf, "stepId", failure->step);
    add_text(&buf, "scopePath", failure->scope_path);
    add_key(&buf, "attempt");
    buf_printf(&buf, "%u", failure->attempt);
    add_key(&buf, "cause");
    buf_add_str(&buf, has_cause ? failure->cause : STR("null"));
    add_raw(&buf, "retryable", failure->retryable ? "true" : "false");
    buf_add_char(&buf, '}');
    return str_copy(arena, buf_str(&buf));
}

static ErrorType type_of(const Json *error) {
    Str word = json_str(json_member(error, STR("type")));
    ErrorType type;

    if (str_starts(word, STR("USER:")))
        return ERROR_USER;
    return error_type_from_word(word, &type) ? type : ERROR_INTERNAL;
}

ErrorType scope_error_type(Str error, Arena *arena) {
    Json value;

    return scope_parse(arena, error, &value) ? type_of(&value) : ERROR_INTERNAL;
}

static bool type_fits(const PlanMatch *match, const Json *error) {
    Str word = json_str(json_member(error, STR("type")));

    if (match->types == 0 && match->user_type_count == 0)
        return true;
    for (uint32_t i = 0; i < match->user_type_count; i++) {
        if (str_equal(match->user_types[i], word))
            return true;
    }
    return (match->types & (1u << type_of(error))) != 0;
}

static bool status_fits(const PlanMatch *match, const Json *error) {
    const Json *status = json_member(error, STR("status"));
    int64_t number;

    if (match->status == 0)
        return true;
    return json_is(status, JSON_NUMBER) && json_to_int64(status, &number) &&
           number == match->status;
}

static bool expr_fits(const PlanMatch *match, const Json *error, int64_t now_ms, Arena *arena) {
    ExprContext context = {.now_ms = now_ms, .budget = EXPR_BUDGET_DEFAULT, .arena = arena};
    ExprMistake mistake;
    Json result;

    if (match->expr == NULL)
        return true;
    return expr_eval_one(match->expr, error, &context, &result, &mistake) == 0 &&
           json_is(&result, JSON_TRUE);
}

uint32_t scope_error_port(const Scope *scope, uint32_t node, Str error, Arena *arena) {
    const PlanNode *plan_node = &scope->plan->nodes[node];
    Json value = json_null();

    CHECK(node < scope->plan->node_count);
    if (!scope_parse(arena, error, &value))
        value = json_null();
    for (uint32_t i = 0; i < plan_node->error_count; i++) {
        const PlanMatch *match = &plan_node->error_match[i];

        if (type_fits(match, &value) && status_fits(match, &value) &&
            expr_fits(match, &value, scope->now_ms, arena))
            return i;
    }
    return PLAN_NONE;
}
