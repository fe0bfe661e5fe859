/*
 * Calls on common/io/http_client.h, for test_http_client.py. Each line of standard input is a call
 * as JSON; each answer is a line of JSON. With the argument "serial" a call starts when the one
 * before is answered, else all start at once. allow=, deny=, ports= make the egress policy, ca=
 * names the file of who is trusted.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/io/http_client.h"
#include "common/json/json.h"

#define CALLS_MAX 4096
#define BODY_SHOWN_MAX 300

typedef struct Probe {
    Loop *loop;
    HttpClient *client;
    Arena arena;
    Json calls[CALLS_MAX];
    uint32_t count;
    uint32_t next;
    uint32_t open;
    bool is_serial;
} Probe;

typedef struct Asked {
    Probe *probe;
    Json call;
    HttpExchange *exchange;
    LoopTimer aborting;
} Asked;

static void call_start(Probe *probe);

static int64_t number_of(const Json *call, const char *name) {
    const Json *value = json_member(call, str_of(name));
    int64_t number = 0;

    if (value)
        json_to_int64(value, &number);
    return number;
}

static bool flag_of(const Json *call, const char *name) {
    return json_is(json_member(call, str_of(name)), JSON_TRUE);
}

static void answer_print(const Json *call, const HttpAnswer *answer) {
    _cleanup_(buf_done) Buf line = {0};
    static const char *const effects[] = {"NOT_SENT", "ANSWERED", "UNKNOWN"};

    buf_printf(&line, "{\"id\":%d,\"r\":\"%s\",\"effect\":\"%s\",\"status\":%u,\"redirects\":%u",
               (int)number_of(call, "id"), http_error_word(answer->r), effects[answer->effect],
               answer->status, answer->redirects);
    buf_printf(&line, ",\"ms\":%d,\"bytes\":%zu,\"url\":", (int)answer->duration_ms,
               answer->body.length);
    json_write_string(&line, answer->url);
    buf_add_text(&line, ",\"body\":");
    json_write_string(&line, str_slice(answer->body, 0, BODY_SHOWN_MAX));
    buf_add_text(&line, ",\"headers\":[");
    for (uint32_t i = 0; i < answer->header_count; i++) {
        buf_add_text(&line, i ? ",[" : "[");
        json_write_string(&line, answer->headers[i].name);
        buf_add_char(&line, ',');
        json_write_string(&line, answer->headers[i].value);
        buf_add_char(&line, ']');
    }
    buf_add_text(&line, "]}");
    puts(line.data);
    fflush(stdout);
}

static void closed(void *context) {
    Probe *probe = context;

    loop_stop(probe->loop);
}

static void asked_closed(void *context) {
    alloc_free(context);
}

static void call_done(void *context, const HttpAnswer *answer) {
    Asked *asked = context;
    Probe *probe = asked->probe;

    answer_print(&asked->call, answer);
    asked->exchange = NULL;
    loop_timer_close(&asked->aborting, asked_closed);
    probe->open--;
    if (probe->next < probe->count)
        call_start(probe);
    else if (probe->open == 0)
        http_client_close(probe->client, closed, probe);
}

static void abort_due(void *context) {
    Asked *asked = context;

    if (asked->exchange)
        http_client_abort(asked->exchange);
}

static void call_start(Probe *probe) {
    const Json *call = &probe->calls[probe->next++];
    const Json *headers = json_member(call, STR("headers"));
    uint32_t count = headers ? headers->count : 0;
    HttpField *fields = arena_alloc(&probe->arena, count * sizeof *fields);
    const Json *method = json_member(call, STR("method"));
    Asked *asked = alloc_zero(sizeof *asked);

    for (uint32_t i = 0; i < count; i++)
        fields[i] = (HttpField){.name = json_str(json_at(&headers->items[i], 0)),
                                .value = json_str(json_at(&headers->items[i], 1))};
    asked->probe = probe;
    asked->call = *call;
    loop_timer_open(probe->loop, &asked->aborting, abort_due, asked);
    probe->open++;
    asked->exchange =
        http_client_call(probe->client,
                         &(HttpCall){
                             .method = method ? json_str(method) : STR("GET"),
                             .url = json_str(json_member(call, STR("url"))),
                             .headers = fields,
                             .header_count = count,
                             .body = json_str(json_member(call, STR("body"))),
                             .pool = json_str(json_member(call, STR("pool"))),
                             .timeout_ms = number_of(call, "timeoutMs"),
                             .connect_timeout_ms = number_of(call, "connectTimeoutMs"),
                             .response_bytes_max = (size_t)number_of(call, "bytesMax"),
                             .is_repeat_forbidden = flag_of(call, "repeatForbidden"),
                             .is_redirect_final = flag_of(call, "redirectFinal"),
                         },
                         call_done, asked);
    if (number_of(call, "abortMs"))
        loop_timer_start(&asked->aborting, number_of(call, "abortMs"), 0);
}

static void read_calls(Probe *probe) {
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;

    while ((length = getline(&line, &capacity, stdin)) > 0) {
        Str text = str_copy(&probe->arena, str_from(line, (size_t)length));

        CHECK(probe->count < CALLS_MAX);
        CHECK(json_parse(&probe->arena, text, JSON_LIMITS_DEFAULT, &probe->calls[probe->count++],
                         NULL) == 0);
    }
    free(line);
}

static uint32_t whole(const char *text) {
    int64_t number;

    CHECK(str_to_int64(str_of(text), 0, UINT32_MAX, &number));
    return (uint32_t)number;
}

static void argument(Probe *probe, EgressText *policy, HttpClientSettings *settings, char *text) {
    if (strcmp(text, "serial") == 0)
        probe->is_serial = true;
    else if (strncmp(text, "allow=", 6) == 0)
        policy->allow = str_of(text + 6);
    else if (strncmp(text, "deny=", 5) == 0)
        policy->deny = str_of(text + 5);
    else if (strncmp(text, "ports=", 6) == 0)
        policy->ports = str_of(text + 6);
    else if (strncmp(text, "ca=", 3) == 0)
        settings->ca_file = text + 3;
    else if (strncmp(text, "calls=", 6) == 0)
        settings->calls_max = whole(text + 6);
    else if (strncmp(text, "lookups=", 8) == 0)
        settings->lookups_max = whole(text + 8);
    else if (strncmp(text, "pools=", 6) == 0)
        settings->pools_max = whole(text + 6);
    else
        CHECK(!"a known argument");
}

int main(int argc, char **argv) {
    Probe *probe = alloc_zero(sizeof *probe);
    HttpClientSettings settings = {0};
    EgressText text = {0};
    EgressPolicy policy;
    Str bad;

    for (int i = 1; i < argc; i++)
        argument(probe, &text, &settings, argv[i]);
    probe->loop = loop_new();
    CHECK(egress_policy_read(&probe->arena, &text, &policy, &bad) == 0);
    settings.policy = &policy;
    probe->client = http_client_new(probe->loop, &settings);
    read_calls(probe);
    CHECK(probe->count > 0);
    do
        call_start(probe);
    while (!probe->is_serial && probe->next < probe->count);
    loop_run(probe->loop);
    loop_settle(probe->loop);
    loop_free(probe->loop);
    arena_done(&probe->arena);
    alloc_free(probe);
    return 0;
}
