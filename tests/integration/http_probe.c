/*
 * A small server on common/io/http_server.h, for test_http_server.py. Arguments are limits,
 * name=value; it prints the address it listens on. SIGTERM drains and ends it.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/buf.h"
#include "common/base/check.h"
#include "common/io/http_server.h"
#include "common/io/loop.h"

typedef struct Probe {
    Loop *loop;
    HttpServer *server;
    uv_signal_t term;
    uint64_t gone;   /* streams we were told about */
    uint32_t laters; /* requests and streams in our hands */
    bool is_closed;
} Probe;

/* A request, or a stream, that something is done about later. */
typedef struct Later {
    Probe *probe;
    LoopTimer timer;
    HttpRequest *request;
    HttpStream *stream;
    int64_t left;
    Str bytes;
    bool is_gone;
} Later;

static const struct {
    const char *name;
    size_t offset;
    size_t bytes;
} limits[] = {
#define LIMIT(member)                                                                              \
    { #member, offsetof(HttpLimits, member), sizeof(((HttpLimits *)0)->member) }
    LIMIT(body_bytes_max),  LIMIT(head_bytes_max), LIMIT(header_count_max), LIMIT(connections_max),
    LIMIT(per_address_max), LIMIT(streams_max),    LIMIT(stream_bytes_max), LIMIT(head_ms),
    LIMIT(body_ms),         LIMIT(reply_ms),       LIMIT(idle_ms),
#undef LIMIT
};

static void limit_set(HttpLimits *to, char *argument) {
    char *equals = strchr(argument, '=');
    int64_t value;

    CHECK(equals && str_to_int64(str_of(equals + 1), 0, INT64_MAX, &value));
    *equals = '\0';
    for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
        if (strcmp(limits[i].name, argument) != 0)
            continue;
        memcpy((char *)to + limits[i].offset, &value, limits[i].bytes);
        return;
    }
    CHECK(!"a limit of that name");
}

static void text_reply(HttpRequest *request, uint32_t status, Str body) {
    http_reply(request,
               &(HttpReply){.status = status, .content_type = STR("text/plain"), .body = body});
}

static int64_t number_of(const HttpRequest *request, const char *name, int64_t otherwise) {
    Str text;

    if (http_request_param(request, name, &text))
        str_to_int64(text, 0, INT64_MAX, &otherwise);
    return otherwise;
}

/* Who has a request answers it, also when the server is gone. */
static void end_when_done(Probe *probe) {
    if (probe->is_closed && probe->laters == 0)
        loop_stop(probe->loop);
}

static void later_closed(void *context) {
    Later *later = context;
    Probe *probe = later->probe;

    alloc_free(later);
    probe->laters--;
    end_when_done(probe);
}

static void later_end(Later *later) {
    loop_timer_close(&later->timer, later_closed);
}

static Later *later_new(Probe *probe, HttpRequest *request, LoopFn fn) {
    Later *later = alloc_zero(sizeof *later);

    later->probe = probe;
    later->request = request;
    probe->laters++;
    loop_timer_open(probe->loop, &later->timer, fn, later);
    return later;
}

static void reply_due(void *context) {
    Later *later = context;

    text_reply(later->request, 200, STR("later"));
    later_end(later);
}

static void stream_gone(void *context) {
    Later *later = context;

    later->probe->gone++;
    later_end(later);
}

static void stream_due(void *context) {
    Later *later = context;

    if (http_stream_send(later->stream, later->bytes) == 0 && --later->left > 0)
        return;
    http_stream_close(later->stream);
    later_end(later);
}

static void stream_start(Probe *probe, HttpRequest *request) {
    static char filler[65536];
    HttpReply head = {.status = 200, .content_type = STR("text/event-stream")};
    Later *later = later_new(probe, request, stream_due);
    int64_t ms = number_of(request, "ms", 50);

    memset(filler, 'x', sizeof filler);
    later->left = number_of(request, "count", 3);
    later->bytes =
        number_of(request, "wide", 0) ? str_from(filler, sizeof filler) : STR("data: tick\n\n");
    if (http_stream_open(request, &head, stream_gone, later, &later->stream)) {
        text_reply(request, 503, STR("streams"));
        later_end(later);
        return;
    }
    loop_timer_start(&later->timer, ms, ms);
}

static void echo(HttpRequest *request) {
    _cleanup_(buf_done) Buf text = {0};
    const HttpField *fields;
    uint32_t count;

    buf_printf(&text, "%.*s %.*s", STR_ARGS(http_request_method(request)),
               STR_ARGS(http_request_path(request)));
    buf_printf(&text, " raw=%.*s query=%.*s peer=%.*s\n", STR_ARGS(http_request_path_raw(request)),
               STR_ARGS(http_request_query(request)), STR_ARGS(http_request_peer(request)));
    count = http_request_params(request, &fields);
    for (uint32_t i = 0; i < count; i++)
        buf_printf(&text, "?%.*s=%.*s\n", STR_ARGS(fields[i].name), STR_ARGS(fields[i].value));
    count = http_request_headers(request, &fields);
    for (uint32_t i = 0; i < count; i++)
        buf_printf(&text, "%.*s: %.*s\n", STR_ARGS(fields[i].name), STR_ARGS(fields[i].value));
    buf_printf(&text, "\n%zu:", http_request_body(request).length);
    buf_add_str(&text, http_request_body(request));
    text_reply(request, 200, buf_str(&text));
}

static void counts_reply(Probe *probe, HttpRequest *request) {
    HttpServerCounts counts = http_server_counts(probe->server);
    char text[200];
    int length = snprintf(
        text, sizeof text, "connections=%u requests=%u streams=%u refused=%llu late=%llu gone=%llu",
        counts.connections, counts.requests, counts.streams, (unsigned long long)counts.refused,
        (unsigned long long)counts.late, (unsigned long long)probe->gone);

    text_reply(request, 200, str_from(text, (size_t)length));
}

static void wide_reply(HttpRequest *request) {
    size_t bytes = (size_t)number_of(request, "bytes", 1 << 20);
    char *body = alloc_bytes(bytes);

    memset(body, 'y', bytes);
    text_reply(request, 200, str_from(body, bytes));
    alloc_free(body);
}

static void on_head(void *owner, HttpRequest *request) {
    (void)owner;
    if (str_is(http_request_path(request), "/early"))
        text_reply(request, 401, STR("early"));
    if (str_is(http_request_path(request), "/small"))
        http_request_body_max(request, 10);
    http_request_context_set(request, arena_copy(http_request_arena(request), "seen", 5));
}

static void on_request(void *owner, HttpRequest *request) {
    Probe *probe = owner;
    Str path = http_request_path(request);

    CHECK(strcmp(http_request_context(request), "seen") == 0);
    if (str_is(path, "/later"))
        loop_timer_start(&later_new(probe, request, reply_due)->timer,
                         number_of(request, "ms", 100), 0);
    else if (str_is(path, "/stream"))
        stream_start(probe, request);
    else if (str_is(path, "/wide"))
        wide_reply(request);
    else if (str_is(path, "/counts"))
        counts_reply(probe, request);
    else
        echo(request);
}

static void closed(void *context) {
    Probe *probe = context;

    probe->is_closed = true;
    end_when_done(probe);
}

static void drained(void *context) {
    Probe *probe = context;

    http_server_close(probe->server, closed, probe);
}

static void terminated(uv_signal_t *handle, int number) {
    Probe *probe = handle->data;

    (void)number;
    uv_close((uv_handle_t *)handle, NULL);
    http_server_drain(probe->server, 2000, drained, probe);
}

int main(int argc, char **argv) {
    Probe probe = {.loop = loop_new()};
    HttpServerSpec spec = {
        .name = "probe",
        .address = "127.0.0.1:0",
        .on_head = on_head,
        .on_request = on_request,
        .owner = &probe,
    };
    int r;

    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "address=", 8) == 0)
            spec.address = argv[i] + 8;
        else
            limit_set(&spec.limits, argv[i]);
    }
    r = http_server_open(probe.loop, &spec, &probe.server);
    if (r) {
        printf("refused %d\n", r);
        loop_free(probe.loop);
        return 1;
    }
    printf("listening %s\n", http_server_address(probe.server));
    fflush(stdout);
    uv_signal_init(loop_uv(probe.loop), &probe.term);
    probe.term.data = &probe;
    uv_signal_start(&probe.term, terminated, SIGTERM);
    loop_run(probe.loop);
    loop_settle(probe.loop);
    loop_free(probe.loop);
    return 0;
}
