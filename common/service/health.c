/*
 * The admin listener: GET /livez, /readyz and /metrics, one answer per connection.
 *
 * It stands apart from the HTTP server of the gateway, so that probes and metrics answer when that
 * one is full. A connection that does not ask within five seconds is closed; beyond 32 of them new
 * ones are closed at once.
 *
 * /livez says that the loop turns, and looks at nothing else: a process must not be killed because
 * its database is down.
 *
 * Runs on: loop.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/base/fault.h"
#include "common/base/list.h"
#include "common/io/log.h"
#include "common/service/service_private.h"

#define CONNECTIONS_MAX 32
#define REQUEST_BYTES_MAX 8192
#define REQUEST_MS_MAX 5000

struct Health {
    Loop *loop;
    HealthSpec spec;
    uv_tcp_t tcp;
    ListNode visits;
    uint32_t visit_count;
    bool is_closing, is_tcp_closed;
};

/* One connection: reading until the empty line, writing the answer, closing. */
typedef struct HealthVisit {
    ListNode node;
    Health *health;
    uv_tcp_t tcp;
    LoopTimer deadline;
    uint32_t open_handles;
    bool is_closing, is_answered;
    char request[REQUEST_BYTES_MAX];
    size_t request_length;
    uv_write_t write;
    Buf answer;
} HealthVisit;

/* ── closing ────────────────────────────────────────────────────────────────────────────────── */

static void health_free_when_empty(Health *health) {
    if (health->is_tcp_closed && list_is_empty(&health->visits))
        alloc_free(health);
}

static void visit_part_closed(HealthVisit *visit) {
    Health *health = visit->health;

    visit->open_handles--;
    if (visit->open_handles > 0)
        return;
    list_drop(&visit->node);
    health->visit_count--;
    buf_done(&visit->answer);
    alloc_free(visit);
    health_free_when_empty(health);
}

static void visit_tcp_closed(uv_handle_t *handle) {
    visit_part_closed(handle->data);
}

static void visit_deadline_closed(void *context) {
    visit_part_closed(context);
}

static void visit_close(HealthVisit *visit) {
    if (visit->is_closing)
        return;
    visit->is_closing = true;
    uv_close((uv_handle_t *)&visit->tcp, visit_tcp_closed);
    loop_timer_close(&visit->deadline, visit_deadline_closed);
}

static void visit_overdue(void *context) {
    visit_close(context);
}

/* ── answering ──────────────────────────────────────────────────────────────────────────────── */

static void answer_written(uv_write_t *write, int status) {
    (void)status;
    visit_close(CONTAINER_OF(write, HealthVisit, write));
}

static void answer(HealthVisit *visit, const char *status, const char *type, Str body) {
    uv_buf_t bytes;

    visit->is_answered = true;
    uv_read_stop((uv_stream_t *)&visit->tcp);
    buf_printf(&visit->answer,
               "HTTP/1.0 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
               "Cache-Control: no-store\r\nConnection: close\r\n\r\n",
               status, type, body.length);
    buf_add_str(&visit->answer, body);
    bytes = uv_buf_init(visit->answer.data, (unsigned)visit->answer.length);
    if (uv_write(&visit->write, (uv_stream_t *)&visit->tcp, &bytes, 1, answer_written))
        visit_close(visit);
}

static void answer_live(HealthVisit *visit) {
    answer(visit, "200 OK", "text/plain", STR("ok\n"));
}

static void answer_ready(HealthVisit *visit) {
    const HealthSpec *spec = &visit->health->spec;
    _cleanup_(buf_done) Buf reason = {0};

    if (spec->ready(spec->context, &reason)) {
        answer(visit, "200 OK", "text/plain", STR("ready\n"));
        return;
    }
    buf_add_char(&reason, '\n');
    answer(visit, "503 Service Unavailable", "text/plain", buf_str(&reason));
}

static void answer_metrics(HealthVisit *visit) {
    _cleanup_(buf_done) Buf text = {0};

    metrics_write(visit->health->spec.metrics, &text);
    answer(visit, "200 OK", "text/plain; version=0.0.4; charset=utf-8", buf_str(&text));
}

static const struct {
    const char *path;
    void (*answer)(HealthVisit *visit);
} pages[] = {
    {"/livez",   answer_live   },
    {"/readyz",  answer_ready  },
    {"/metrics", answer_metrics},
};

static void answer_request(HealthVisit *visit) {
    Str rest = str_from(visit->request, visit->request_length);
    Str line = str_split(&rest, '\n');
    Str method = str_split(&line, ' ');
    Str target = str_trim(str_split(&line, ' '));
    Str path = str_split(&target, '?');

    if (!str_is(method, "GET")) {
        answer(visit, "405 Method Not Allowed", "text/plain", STR("only GET\n"));
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(pages); i++) {
        if (str_is(path, pages[i].path)) {
            pages[i].answer(visit);
            return;
        }
    }
    answer(visit, "404 Not Found", "text/plain", STR("/livez /readyz /metrics\n"));
}

/* ── reading ────────────────────────────────────────────────────────────────────────────────── */

static void visit_room(uv_handle_t *handle, size_t wanted, uv_buf_t *ret_room) {
    HealthVisit *visit = handle->data;

    (void)wanted;
    *ret_room = uv_buf_init(visit->request + visit->request_length,
                            (unsigned)(sizeof visit->request - visit->request_length));
}

static void visit_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *room) {
    HealthVisit *visit = stream->data;
    Str request;

    (void)room;
    if (visit->is_answered || visit->is_closing)
        return;
    if (length < 0) { /* also when there is no room: such a request is no probe */
        visit_close(visit);
        return;
    }
    visit->request_length += (size_t)length;
    request = str_from(visit->request, visit->request_length);
    if (str_find(request, STR("\r\n\r\n")) >= 0 || str_find(request, STR("\n\n")) >= 0)
        answer_request(visit);
}

static void visit_open(uv_stream_t *listener, int status) {
    Health *health = listener->data;
    HealthVisit *visit;

    if (status < 0 || health->is_closing)
        return;
    visit = alloc_zero(sizeof *visit);
    visit->health = health;
    visit->tcp.data = visit;
    visit->open_handles = 2;
    CHECK(uv_tcp_init(listener->loop, &visit->tcp) == 0);
    loop_timer_open(health->loop, &visit->deadline, visit_overdue, visit);
    list_push_last(&health->visits, &visit->node);
    health->visit_count++;
    if (uv_accept(listener, (uv_stream_t *)&visit->tcp) || health->visit_count > CONNECTIONS_MAX ||
        uv_read_start((uv_stream_t *)&visit->tcp, visit_room, visit_read)) {
        visit_close(visit);
        return;
    }
    loop_timer_start(&visit->deadline, REQUEST_MS_MAX, 0);
}

/* ── the listener ───────────────────────────────────────────────────────────────────────────── */

/* "127.0.0.1:9464", "[::1]:9464" */
static int read_address(const char *text, struct sockaddr_storage *ret_address) {
    const char *colon = strrchr(text, ':');
    char host[64];
    int64_t port;
    Str part;

    if (!colon || !str_to_int64(str_of(colon + 1), 0, 65535, &port))
        return fault_raise(-EINVAL);
    part = str_from(text, (size_t)(colon - text));
    if (str_starts(part, STR("[")) && str_ends(part, STR("]")))
        part = str_slice(part, 1, part.length - 2);
    snprintf(host, sizeof host, "%.*s", STR_ARGS(part));
    if (uv_ip4_addr(host, (int)port, (struct sockaddr_in *)ret_address) == 0 ||
        uv_ip6_addr(host, (int)port, (struct sockaddr_in6 *)ret_address) == 0)
        return 0;
    return fault_raise(-EINVAL);
}

static void log_address(Health *health) {
    struct sockaddr_storage address = {0};
    int length = sizeof address;
    char host[64] = "";
    uint16_t port;

    uv_tcp_getsockname(&health->tcp, (struct sockaddr *)&address, &length);
    if (address.ss_family == AF_INET6) {
        uv_ip6_name((struct sockaddr_in6 *)&address, host, sizeof host);
        port = ((struct sockaddr_in6 *)&address)->sin6_port;
    } else {
        uv_ip4_name((struct sockaddr_in *)&address, host, sizeof host);
        port = ((struct sockaddr_in *)&address)->sin_port;
    }
    log_event(LOG_INFO, "admin.listening", LOG_C("address", host), LOG_INT("port", ntohs(port)));
}

static void health_tcp_closed(uv_handle_t *handle) {
    Health *health = handle->data;

    health->is_tcp_closed = true;
    health_free_when_empty(health);
}

int health_open(Loop *loop, const HealthSpec *spec, Health **ret_health) {
    struct sockaddr_storage address;
    Health *health;
    int r = read_address(spec->listen, &address);

    if (r)
        return fault_pass(r);
    health = alloc_zero(sizeof *health);
    health->loop = loop;
    health->spec = *spec;
    health->tcp.data = health;
    list_init(&health->visits);
    CHECK(uv_tcp_init(loop_uv(loop), &health->tcp) == 0);
    r = uv_tcp_bind(&health->tcp, (struct sockaddr *)&address, 0);
    if (r == 0)
        r = uv_listen((uv_stream_t *)&health->tcp, CONNECTIONS_MAX, visit_open);
    if (r) {
        health_close(health);
        return fault_raise(r);
    }
    log_address(health);
    *ret_health = health;
    return 0;
}

void health_close(Health *health) {
    if (!health)
        return;
    health->is_closing = true;
    LIST_FOR_EACH(node, &health->visits)
    visit_close(CONTAINER_OF(node, HealthVisit, node));
    uv_close((uv_handle_t *)&health->tcp, health_tcp_closed);
}
