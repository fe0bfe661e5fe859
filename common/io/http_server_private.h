#pragma once

/*
 * What the files of the HTTP server share, and nobody else sees.
 *
 *   http_server.c      the listener: opened, driven from the loop, drained, closed
 *   http_connection.c  one connection: its phases and their absolute deadlines
 *   http_head.c        a head is read into a request, or refused
 *   http_request.c     what is known of a request
 *   http_reply.c       answers, and the road of a request through the library
 *   http_stream.c      answers without an end
 */

#include <microhttpd.h>

#include "common/base/buf.h"
#include "common/base/list.h"
#include "common/io/http_server.h"

/*
 * A connection:
 *
 *   OPEN ─► HEAD ─► BODY ─► HAND ─► REPLY ─► IDLE ─► HEAD …
 *             └───────┴───────────► REPLY           refused early
 *                             └───► STREAM
 *   every phase ─► CUT      the socket is shut down; the library sees it and closes
 */
typedef enum HttpPhase {
    PHASE_OPEN,   /* accepted; no request line yet */
    PHASE_HEAD,   /* the request line is here */
    PHASE_BODY,   /* the head is here */
    PHASE_HAND,   /* somebody has the request; suspended until the answer */
    PHASE_REPLY,  /* the answer is being taken */
    PHASE_STREAM, /* an answer without an end */
    PHASE_IDLE,   /* between two requests */
    PHASE_CUT,
} HttpPhase;

typedef struct HttpConnection {
    ListNode node; /* of the server's connections */
    HttpServer *server;
    struct MHD_Connection *mhd;
    HttpRequest *request; /* the one being read or answered, or NULL */
    HttpPhase phase;
    int64_t deadline_ms; /* 0: none */
    int fd;
    int unread;       /* bytes in the socket, and … */
    size_t body_seen; /* … bytes of the body, when the sweeper last looked */
    bool has_rest;    /* answered with a body unread: the socket lingers */
} HttpConnection;

/* A socket whose client still sends what nobody reads: read to nothing for a while. */
typedef struct HttpLinger {
    ListNode node;
    int fd;
    int64_t deadline_ms;
} HttpLinger;

struct HttpServer {
    Loop *loop;
    HttpServerSpec spec;
    HttpLimits limits;
    char *name;
    char address[64];
    struct MHD_Daemon *daemon;
    uv_poll_t poll;
    uv_idle_t kick;   /* the library has something to do */
    uv_timer_t sweep; /* deadlines are looked at */
    uint32_t handles_open;
    ListNode connections;
    ListNode lingers;
    ListNode streams;
    ListNode gone; /* streams whose owner must still be told */
    uint32_t connection_count;
    uint32_t request_count;
    uint32_t stream_count;
    uint64_t refused;
    uint64_t late;
    bool is_draining;
    int64_t drain_deadline_ms;
    LoopFn drained_fn;
    void *drained_context;
    LoopFn closed_fn;
    void *closed_context;
};

struct HttpRequest {
    Arena arena;
    HttpServer *server;         /* NULL: closed */
    HttpConnection *connection; /* NULL: the client is gone */
    Str method;
    Str target; /* as sent */
    Str path_raw;
    Str path;
    Str query;
    Str peer;
    HttpField *headers;
    HttpField *params;
    uint32_t header_count;
    uint32_t param_count;
    Buf body;
    size_t body_bytes_max;
    uint64_t body_bytes; /* declared; 0 when it comes in chunks */
    bool has_body;       /* a body follows the head */
    bool is_head_read;   /* on_head was asked */
    bool is_told;        /* on_request was asked */
    bool is_suspended;
    bool is_dropped; /* nobody will answer on this connection any more */
    struct MHD_Response *response;
    uint32_t status;
    HttpStream *stream; /* the answer is this stream */
    void *context;
};

/* http_server.c */
void http_server_kick(HttpServer *server);
int64_t http_server_now_ms(const HttpServer *server);

/* http_connection.c */
void http_connection_event(void *server, struct MHD_Connection *mhd, void **context,
                           enum MHD_ConnectionNotificationCode code);
HttpConnection *http_connection_of(struct MHD_Connection *mhd);
void http_connection_enter(HttpConnection *connection, HttpPhase phase);
void http_connection_cut(HttpConnection *connection);
void http_connections_sweep(HttpServer *server);
void http_lingers_close(HttpServer *server);

/* http_head.c: 0, or the status to refuse with. */
uint32_t http_head_read(HttpRequest *request, const char *version);

/* http_request.c */
HttpRequest *http_request_new(HttpConnection *connection, const char *target);
void http_request_free(HttpRequest *request);

/* http_reply.c */
void *http_request_line(void *server, const char *target, struct MHD_Connection *mhd);
enum MHD_Result http_request_step(void *server, struct MHD_Connection *mhd, const char *url,
                                  const char *method, const char *version, const char *bytes,
                                  size_t *length, void **context);
void http_request_over(void *server, struct MHD_Connection *mhd, void **context,
                       enum MHD_RequestTerminationCode code);
void http_request_resume(HttpRequest *request);
void http_reply_headers(const HttpRequest *request, struct MHD_Response *response,
                        const HttpReply *reply);

/* http_stream.c */
void http_streams_end(HttpServer *server);  /* drain and close: all of them */
void http_streams_tell(HttpServer *server); /* owners of those that are gone */
void http_stream_lost(HttpStream *stream);  /* its client is gone */
void http_stream_over(HttpStream *stream);  /* the library has let go of it */
