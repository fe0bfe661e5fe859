/*
 * Answers to webhooks.
 *
 * Runs on: loop.
 */

#include "trigger-gateway/answer.h"

#include <stdio.h>

#include "common/base/check.h"
#include "common/json/json.h"
#include "trigger-gateway/ports/metrics.h"

#define HOOK_PROBLEM_ROW(name, status, title) {#name, (status), (title)},

static const struct {
    const char *code;
    uint32_t status;
    const char *title;
} problems[] = {HOOK_PROBLEMS(HOOK_PROBLEM_ROW)};

static void count(Metrics *metrics, uint32_t status) {
    char text[8];

    snprintf(text, sizeof text, "%u", status);
    metric_add_label(metrics, METRIC_HOOKS, text, 1);
}

static void add_member(Buf *body, const char *key, Str text) {
    buf_printf(body, ",\"%s\":", key);
    json_write_string(body, text);
}

/* "INVALID_JSON" → "urn:headrace:problem:invalid-json" */
static void add_type(Buf *body, const char *code) {
    buf_add_text(body, "{\"type\":\"urn:headrace:problem:");
    for (const char *c = code; *c != '\0'; c++)
        buf_add_char(body, *c == '_' ? '-' : (char)(*c - 'A' + 'a'));
    buf_add_char(body, '"');
}

void answer_refuse(Metrics *metrics, HttpRequest *request, const HookRefusal *refusal) {
    _cleanup_(buf_done) Buf body = {0};
    const char *code = problems[refusal->problem].code;
    uint32_t status = problems[refusal->problem].status;
    HttpField headers[2];
    uint32_t header_count = 0;
    char seconds[24];

    CHECK(refusal->problem < _HOOK_PROBLEM_COUNT);
    add_type(&body, code);
    add_member(&body, "title", str_of(problems[refusal->problem].title));
    buf_printf(&body, ",\"status\":%u", status);
    if (refusal->detail.length > 0)
        add_member(&body, "detail", refusal->detail);
    add_member(&body, "code", str_of(code));
    buf_add_char(&body, '}');
    if (refusal->retry_after_s > 0) {
        snprintf(seconds, sizeof seconds, "%lld", (long long)refusal->retry_after_s);
        headers[header_count++] = (HttpField){STR("Retry-After"), str_of(seconds)};
    }
    if (refusal->problem == HOOK_METHOD_NOT_ALLOWED)
        headers[header_count++] = (HttpField){STR("Allow"), STR("POST, PUT")};
    count(metrics, status);
    http_reply(request, &(HttpReply){
                            .status = status,
                            .content_type = STR("application/problem+json"),
                            .headers = headers,
                            .header_count = header_count,
                            .body = buf_str(&body),
                        });
}

void answer_send(Metrics *metrics, HttpRequest *request, const HookAnswer *answer) {
    HttpField header = {STR("Headrace-Execution-Id"), answer->execution};

    count(metrics, answer->status);
    http_reply(request, &(HttpReply){
                            .status = answer->status,
                            .content_type = answer->content_type,
                            .headers = &header,
                            .header_count = answer->execution.length > 0,
                            .body = answer->body,
                        });
}
