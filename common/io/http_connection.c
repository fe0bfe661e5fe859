/*
 * One connection: its phases and their absolute deadlines. The library itself only knows timeouts
 * of inactivity, which a byte now and then keeps alive for ever; here the sweeper looks at the
 * clock and shuts the socket down, which the library then sees.
 *
 * Runs on: loop.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/io/http_server_private.h"
#include "common/io/log.h"

/* A client that is still sending reads its refusal within this, or not at all. */
#define LINGER_MS 2000

/* More sockets than this do not linger: they are reset, as without this kindness. */
#define LINGERS_MAX 256

#define LINGER_READS_MAX 64

static int64_t phase_ms(const HttpLimits *limits, HttpPhase phase) {
    switch (phase) {
    case PHASE_OPEN:
    case PHASE_HEAD:
        return limits->head_ms;
    case PHASE_BODY:
        return limits->body_ms;
    case PHASE_REPLY:
        return limits->reply_ms;
    case PHASE_IDLE:
        return limits->idle_ms;
    case PHASE_HAND:
    case PHASE_STREAM:
    case PHASE_CUT:
        return 0;
    }
    CHECK_UNREACHABLE();
}

void http_connection_enter(HttpConnection *connection, HttpPhase phase) {
    int64_t ms = phase_ms(&connection->server->limits, phase);

    if (connection->phase == PHASE_CUT)
        return;
    connection->phase = phase;
    connection->deadline_ms = ms ? http_server_now_ms(connection->server) + ms : 0;
}

/*
 * The library closes when it reads the end. It does not read while its buffer is full of what it
 * cannot use; then its own timeout of inactivity, a second, ends the connection.
 */
void http_connection_cut(HttpConnection *connection) {
    http_connection_enter(connection, PHASE_CUT);
    shutdown(connection->fd, SHUT_RDWR);
    MHD_set_connection_option(connection->mhd, MHD_CONNECTION_OPTION_TIMEOUT, 1u);
}

HttpConnection *http_connection_of(struct MHD_Connection *mhd) {
    const union MHD_ConnectionInfo *known =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return known ? known->socket_context : NULL;
}

static int connection_fd(struct MHD_Connection *mhd) {
    const union MHD_ConnectionInfo *known =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);

    CHECK(known);
    return known->connect_fd;
}

static HttpConnection *connection_new(HttpServer *server, struct MHD_Connection *mhd) {
    HttpConnection *connection = alloc_zero(sizeof *connection);

    connection->server = server;
    connection->mhd = mhd;
    connection->fd = connection_fd(mhd);
    list_push_last(&server->connections, &connection->node);
    server->connection_count++;
    http_connection_enter(connection, PHASE_OPEN);
    return connection;
}

static uint32_t lingers_count(const HttpServer *server) {
    uint32_t count = 0;

    LIST_FOR_EACH(node, &server->lingers)
    count++;
    return count;
}

/*
 * Closing a socket with unread bytes resets it, and the reset may overtake the refusal that lies in
 * the client's queue. A second descriptor keeps the socket while what still comes is read away.
 */
static void linger(HttpConnection *connection) {
    HttpServer *server = connection->server;
    HttpLinger *lingering;
    int fd;

    if (!connection->has_rest || lingers_count(server) >= LINGERS_MAX)
        return;
    fd = fcntl(connection->fd, F_DUPFD_CLOEXEC, 3);
    if (fd < 0)
        return;
    shutdown(fd, SHUT_WR);
    lingering = alloc_zero(sizeof *lingering);
    lingering->fd = fd;
    lingering->deadline_ms = http_server_now_ms(server) + LINGER_MS;
    list_push_last(&server->lingers, &lingering->node);
}

static void linger_close(HttpLinger *lingering) {
    list_drop(&lingering->node);
    close(lingering->fd);
    alloc_free(lingering);
}

static bool linger_is_over(const HttpLinger *lingering, int64_t now_ms) {
    char nowhere[16384];
    ssize_t got = 1;

    for (int i = 0; i < LINGER_READS_MAX && got > 0; i++)
        got = recv(lingering->fd, nowhere, sizeof nowhere, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
        return true;
    return now_ms >= lingering->deadline_ms;
}

void http_lingers_close(HttpServer *server) {
    LIST_FOR_EACH(node, &server->lingers)
    linger_close(CONTAINER_OF(node, HttpLinger, node));
}

static void connection_over(HttpConnection *connection) {
    HttpServer *server = connection->server;

    linger(connection);
    if (connection->request)
        http_request_over(server, connection->mhd, (void **)&connection->request,
                          MHD_REQUEST_TERMINATED_WITH_ERROR);
    list_drop(&connection->node);
    server->connection_count--;
    alloc_free(connection);
}

void http_connection_event(void *context, struct MHD_Connection *mhd, void **socket_context,
                           enum MHD_ConnectionNotificationCode code) {
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *socket_context = connection_new(context, mhd);
    } else {
        connection_over(*socket_context);
        *socket_context = NULL;
    }
}

/*
 * The client sends nothing any more while we wait for it to, or for nobody to read a stream. The
 * library misses the end when it arrives together with bytes, and while a stream is suspended.
 */
static bool is_lost(const HttpConnection *connection) {
    HttpPhase phase = connection->phase;
    char byte;

    if (phase == PHASE_HAND || phase == PHASE_REPLY || phase == PHASE_CUT)
        return false;

    ssize_t got = recv(connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

    return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

/*
 * Bytes lie in the socket, and since the last look nobody took any: the library's buffer is full of
 * something it can neither use nor refuse (the endless extension of a chunk), and it would try
 * again and again.
 */
static bool is_stuck(HttpConnection *connection) {
    HttpRequest *request = connection->request;
    int unread = 0;
    bool is_stuck;

    if (connection->phase != PHASE_BODY || ioctl(connection->fd, FIONREAD, &unread))
        return false;
    is_stuck =
        unread > 0 && unread == connection->unread && request->body.length == connection->body_seen;
    connection->unread = unread;
    connection->body_seen = request->body.length;
    return is_stuck;
}

/* Nothing of an answer was written in these phases, so the client can be told. */
static void say(const HttpConnection *connection, const char *status) {
    char text[128];
    int length = snprintf(text, sizeof text,
                          "HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", status);

    if (connection->phase == PHASE_HEAD || connection->phase == PHASE_BODY)
        send(connection->fd, text, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void connection_sweep(HttpConnection *connection, int64_t now_ms) {
    HttpServer *server = connection->server;

    if (is_lost(connection)) {
        if (connection->phase == PHASE_STREAM)
            http_stream_lost(connection->request->stream);
        else
            http_connection_cut(connection);
    } else if (is_stuck(connection)) {
        server->refused++;
        say(connection, "400 Bad Request");
        http_connection_cut(connection);
    }
    if (!connection->deadline_ms || now_ms < connection->deadline_ms)
        return;
    if (connection->phase != PHASE_IDLE) {
        server->late++;
        log_event(LOG_DEBUG, "http.late", LOG_C("listener", server->name),
                  LOG_INT("phase", connection->phase));
    }
    say(connection, "408 Request Timeout");
    http_connection_cut(connection);
}

void http_connections_sweep(HttpServer *server) {
    int64_t now_ms = http_server_now_ms(server);

    LIST_FOR_EACH(node, &server->connections)
    connection_sweep(CONTAINER_OF(node, HttpConnection, node), now_ms);
    LIST_FOR_EACH(lingering_node, &server->lingers) {
        HttpLinger *lingering = CONTAINER_OF(lingering_node, HttpLinger, node);

        if (linger_is_over(lingering, now_ms))
            linger_close(lingering);
    }
}
