/*
 * The listener: libmicrohttpd polls its sockets in an epoll set of its own; the loop watches that
 * set and runs the library when something is there.
 *
 * Runs on: loop.
 */

#include "common/io/http_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/base/fault.h"
#include "common/io/http_server_private.h"
#include "common/io/log.h"

/* Deadlines are late by at most this. */
#define SWEEP_MS 250

/* Fits a burst of webhooks between two turns of a busy loop. */
#define BACKLOG 1024

/* The library keeps its own notes on a head beside the head's bytes. */
#define HEAD_NOTES_BYTES 16384

#define CONNECTION_GRACE_MS 1000

static void limits_fill(HttpLimits *limits) {
#define OR(member, value) limits->member = limits->member ? limits->member : (value)
    OR(body_bytes_max, 1u << 20);
    OR(head_bytes_max, 32u << 10);
    OR(header_count_max, 100);
    OR(connections_max, 4096);
    OR(streams_max, 256);
    OR(stream_bytes_max, 256u << 10);
    OR(head_ms, 10000);
    OR(body_ms, 30000);
    OR(reply_ms, 60000);
    OR(idle_ms, 30000);
#undef OR
}

/* "127.0.0.1:80" and "[::1]:80"; names are for the configuration's author to resolve. */
static int address_read(const char *address, struct sockaddr_storage *ret_address,
                        socklen_t *ret_length) {
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret_address;
    struct sockaddr_in *v4 = (struct sockaddr_in *)ret_address;
    const char *colon = strrchr(address, ':');
    char host[INET6_ADDRSTRLEN + 2] = {0};
    int64_t port;

    if (!colon || colon == address || (size_t)(colon - address) >= sizeof host ||
        !str_to_int64(str_of(colon + 1), 0, 65535, &port))
        return HTTP_SERVER_E_ADDRESS;

    memcpy(host, address, (size_t)(colon - address));
    memset(ret_address, 0, sizeof *ret_address);
    if (host[0] == '[' && host[strlen(host) - 1] == ']') {
        host[strlen(host) - 1] = '\0';
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons((uint16_t)port);
        *ret_length = sizeof *v6;
        return inet_pton(AF_INET6, host + 1, &v6->sin6_addr) == 1 ? 0 : HTTP_SERVER_E_ADDRESS;
    }
    v4->sin_family = AF_INET;
    v4->sin_port = htons((uint16_t)port);
    *ret_length = sizeof *v4;
    return inet_pton(AF_INET, host, &v4->sin_addr) == 1 ? 0 : HTTP_SERVER_E_ADDRESS;
}

static void address_write(int fd, char *text, size_t bytes) {
    struct sockaddr_storage address = {0};
    socklen_t length = sizeof address;
    char host[INET6_ADDRSTRLEN] = "";
    char port[8] = "";

    getsockname(fd, (struct sockaddr *)&address, &length);
    getnameinfo((struct sockaddr *)&address, length, host, sizeof host, port, sizeof port,
                NI_NUMERICHOST | NI_NUMERICSERV);
    snprintf(text, bytes, address.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

static int bind_refusal(int error) {
    if (error == EADDRINUSE)
        return HTTP_SERVER_E_IN_USE;
    if (error == EACCES || error == EPERM)
        return HTTP_SERVER_E_FORBIDDEN;
    if (error == EADDRNOTAVAIL || error == EAFNOSUPPORT)
        return HTTP_SERVER_E_ADDRESS;
    return fault_raise(-error);
}

static int listen_at(const char *address, int *ret_fd) {
    struct sockaddr_storage where;
    socklen_t length;
    int on = 1, off = 0, r, fd;

    r = address_read(address, &where, &length);
    if (r)
        return r;

    fd = socket(where.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return bind_refusal(errno);

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (where.ss_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(fd, (struct sockaddr *)&where, length) || listen(fd, BACKLOG)) {
        r = bind_refusal(errno);
        close(fd);
        return r;
    }
    *ret_fd = fd;
    return 0;
}

/* Heads are judged by http_head.c, not by the library's own levels of strictness. */
static struct MHD_Daemon *daemon_start(HttpServer *server, int fd) {
    struct MHD_OptionItem options[] = {
        {MHD_OPTION_LISTEN_SOCKET,           fd,                              NULL  },
        {MHD_OPTION_CONNECTION_LIMIT,        server->limits.connections_max,  NULL  },
        {MHD_OPTION_PER_IP_CONNECTION_LIMIT, server->limits.per_address_max,  NULL  },
        {MHD_OPTION_CONNECTION_TIMEOUT,      0,                               NULL  },
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT,
         (intptr_t)(server->limits.head_bytes_max + HEAD_NOTES_BYTES),        NULL  },
        {MHD_OPTION_NOTIFY_CONNECTION,       (intptr_t)http_connection_event, server},
        {MHD_OPTION_NOTIFY_COMPLETED,        (intptr_t)http_request_over,     server},
        {MHD_OPTION_URI_LOG_CALLBACK,        (intptr_t)http_request_line,     server},
        {MHD_OPTION_END,                     0,                               NULL  },
    };

    return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
                            http_request_step, server, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
}

static void drained(HttpServer *server) {
    LoopFn fn = server->drained_fn;

    if (!fn || (server->connection_count && http_server_now_ms(server) < server->drain_deadline_ms))
        return;
    server->drained_fn = NULL;
    fn(server->drained_context);
}

/* Everything the library has to do now, and then a look at what that changed. */
static void daemon_run(HttpServer *server) {
    MHD_UNSIGNED_LONG_LONG timeout_ms = 1;

    MHD_run(server->daemon);
    if (MHD_get_timeout(server->daemon, &timeout_ms) == MHD_YES && timeout_ms == 0)
        http_server_kick(server);
    http_streams_tell(server);
}

static void poll_ready(uv_poll_t *poll, int status, int events) {
    (void)status;
    (void)events;
    daemon_run(poll->data);
}

static void kick_due(uv_idle_t *idle) {
    uv_idle_stop(idle);
    daemon_run(idle->data);
}

static void sweep_due(uv_timer_t *timer) {
    HttpServer *server = timer->data;

    http_connections_sweep(server);
    daemon_run(server);
    drained(server);
}

/* Not a timer of 0 ms: one that starts itself again never lets the loop go on (libuv 1.44). */
void http_server_kick(HttpServer *server) {
    uv_idle_start(&server->kick, kick_due);
}

int64_t http_server_now_ms(const HttpServer *server) {
    return (int64_t)uv_now(loop_uv(server->loop));
}

static void handles_open(HttpServer *server) {
    uv_loop_t *uv = loop_uv(server->loop);
    const union MHD_DaemonInfo *epoll =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);

    CHECK(epoll && uv_poll_init(uv, &server->poll, epoll->epoll_fd) == 0);
    uv_idle_init(uv, &server->kick);
    uv_timer_init(uv, &server->sweep);
    server->poll.data = server;
    server->kick.data = server;
    server->sweep.data = server;
    server->handles_open = 3;
    uv_poll_start(&server->poll, UV_READABLE, poll_ready);
    uv_timer_start(&server->sweep, sweep_due, SWEEP_MS, SWEEP_MS);
    http_server_kick(server);
}

int http_server_open(Loop *loop, const HttpServerSpec *spec, HttpServer **ret_server) {
    HttpServer *server;
    int r, fd = -1;

    CHECK(spec->on_request);
    r = listen_at(spec->address, &fd);
    if (r)
        return r;

    server = alloc_zero(sizeof *server);
    server->loop = loop;
    server->spec = *spec;
    server->limits = spec->limits;
    server->name = str_dup(str_of(spec->name));
    limits_fill(&server->limits);
    list_init(&server->connections);
    list_init(&server->lingers);
    list_init(&server->streams);
    list_init(&server->gone);
    address_write(fd, server->address, sizeof server->address);

    server->daemon = daemon_start(server, fd);
    if (!server->daemon) {
        close(fd);
        alloc_free(server->name);
        alloc_free(server);
        return fault_raise(-ENOSYS);
    }
    handles_open(server);
    *ret_server = server;
    return 0;
}

const char *http_server_address(const HttpServer *server) {
    return server->address;
}

HttpServerCounts http_server_counts(const HttpServer *server) {
    return (HttpServerCounts){
        .connections = server->connection_count,
        .requests = server->request_count,
        .streams = server->stream_count,
        .refused = server->refused,
        .late = server->late,
    };
}

static void listener_close(HttpServer *server) {
    int fd;

    if (server->is_draining)
        return;
    server->is_draining = true;
    fd = MHD_quiesce_daemon(server->daemon);
    if (fd >= 0)
        close(fd);
}

/* Whose first request may be on its way gets a moment; who is between two is told to come again. */
static void idle_close(HttpServer *server) {
    int64_t grace_ms = http_server_now_ms(server) + CONNECTION_GRACE_MS;

    LIST_FOR_EACH(node, &server->connections) {
        HttpConnection *connection = CONTAINER_OF(node, HttpConnection, node);

        if (connection->phase == PHASE_IDLE)
            http_connection_cut(connection);
        else if (connection->phase == PHASE_OPEN)
            connection->deadline_ms = MIN(connection->deadline_ms, grace_ms);
    }
}

void http_server_drain(HttpServer *server, int64_t deadline_ms, LoopFn done_fn, void *context) {
    CHECK(done_fn && !server->drained_fn);
    server->drained_fn = done_fn;
    server->drained_context = context;
    server->drain_deadline_ms = http_server_now_ms(server) + deadline_ms;
    listener_close(server);
    idle_close(server);
    http_streams_end(server);
    http_server_kick(server);
}

static void handle_closed(uv_handle_t *handle) {
    HttpServer *server = handle->data;
    LoopFn closed_fn = server->closed_fn;
    void *context = server->closed_context;

    if (--server->handles_open)
        return;
    http_streams_tell(server);
    CHECK(list_is_empty(&server->connections) && server->stream_count == 0);
    alloc_free(server->name);
    alloc_free(server);
    if (closed_fn)
        closed_fn(context);
}

/* The library insists that nothing is suspended when it stops. */
static void requests_drop(HttpServer *server) {
    LIST_FOR_EACH(node, &server->connections) {
        HttpConnection *connection = CONTAINER_OF(node, HttpConnection, node);
        HttpRequest *request = connection->request;

        if (request && !request->stream) {
            request->is_dropped = true;
            http_request_resume(request);
        }
    }
}

void http_server_close(HttpServer *server, LoopFn closed_fn, void *context) {
    server->closed_fn = closed_fn;
    server->closed_context = context;
    server->drained_fn = NULL;
    listener_close(server);
    http_streams_end(server);
    requests_drop(server);
    uv_poll_stop(&server->poll);
    MHD_run(server->daemon);
    MHD_stop_daemon(server->daemon);
    server->daemon = NULL;
    http_lingers_close(server);
    uv_close((uv_handle_t *)&server->poll, handle_closed);
    uv_close((uv_handle_t *)&server->kick, handle_closed);
    uv_close((uv_handle_t *)&server->sweep, handle_closed);
}
