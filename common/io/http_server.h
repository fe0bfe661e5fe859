#pragma once

/*
 * Http server: one listener, its limits, and requests that are answered now or later.
 *
 * A request is told twice: on_head when its head is read, on_request when its whole body is there.
 * Whoever has it answers once, with http_reply() or http_stream_open(), from inside the callback or
 * any time later, from the loop's thread. An answer in on_head means that the body is not read.
 *
 * The request lives in its own memory: everything its accessors give stays valid until it is
 * answered, also when the client is gone; an answer to a client that is gone is dropped in silence.
 *
 * Refused before anybody is asked, with the connection closed behind it: what is no HTTP, both
 * Content-Length and Transfer-Encoding, two different Content-Lengths, another transfer encoding
 * than chunked, no Host, a malformed path (400), a head too large (431, 414), a body too large
 * (413), too late (408 or no answer), CONNECT (501). A full house waits in the kernel's queue.
 * Deadlines are absolute: a byte each second keeps nobody alive.
 *
 * Words
 *   head    request line and headers
 *   drain   take no new connection, finish what is in hand, close
 *   stream  an answer without an end that is written bit by bit (server-sent events)
 *
 * Runs on: loop.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/str.h"
#include "common/io/http_field.h"
#include "common/io/loop.h"

typedef struct HttpServer HttpServer;
typedef struct HttpRequest HttpRequest;
typedef struct HttpStream HttpStream;

enum {
    HTTP_SERVER_E_ADDRESS = 1, /* not of the form host:port with a literal address */
    HTTP_SERVER_E_IN_USE,      /* somebody else listens there */
    HTTP_SERVER_E_FORBIDDEN,   /* this process may not listen there */
    HTTP_SERVER_E_STREAMS,     /* as many streams as allowed are open; answer 503 */
    HTTP_SERVER_E_BEHIND,      /* the stream's client reads too slowly; nothing was added */
};

/* 0 takes the default in brackets. */
typedef struct HttpLimits {
    size_t body_bytes_max;     /* [1 MiB] */
    size_t head_bytes_max;     /* [32 KiB] memory for one head */
    uint32_t header_count_max; /* [100] */
    uint32_t connections_max;  /* [4096] */
    uint32_t per_address_max;  /* [no limit] connections of one peer address */
    uint32_t streams_max;      /* [256] */
    size_t stream_bytes_max;   /* [256 KiB] that wait in one stream */
    int64_t head_ms;           /* [10 s] from the first byte, or the accept, to the head's end */
    int64_t body_ms;           /* [30 s] from the head's end to the body's end */
    int64_t reply_ms;          /* [60 s] to take the answer */
    int64_t idle_ms;           /* [30 s] between two requests */
} HttpLimits;

typedef struct HttpServerSpec {
    const char *name;    /* "hooks": for the log */
    const char *address; /* "127.0.0.1:8080", "0.0.0.0:0", "[::]:8080"; port 0: any free one */
    HttpLimits limits;
    void (*on_head)(void *owner, HttpRequest *request); /* NULL: nobody asks so early */
    void (*on_request)(void *owner, HttpRequest *request);
    void *owner;
} HttpServerSpec;

/* The spec is copied. A refusal is one of the first three; listens when it returns 0. */
int http_server_open(Loop *loop, const HttpServerSpec *spec, HttpServer **ret_server);

/* "127.0.0.1:41233": where it really listens. */
const char *http_server_address(const HttpServer *server);

typedef struct HttpServerCounts {
    uint32_t connections; /* now */
    uint32_t requests;    /* now, not yet answered */
    uint32_t streams;     /* now */
    uint64_t refused;     /* ever, by the rules above */
    uint64_t late;        /* ever, closed at a deadline */
} HttpServerCounts;

HttpServerCounts http_server_counts(const HttpServer *server);

/*
 * No new connections; every answer says Connection: close; idle connections and streams are closed
 * at once. done_fn comes once from the loop when no connection is left or deadline_ms are over.
 */
void http_server_drain(HttpServer *server, int64_t deadline_ms, LoopFn done_fn, void *context);

/*
 * Cuts what is left. Requests not yet answered stay valid for who has them, and must be answered to
 * be freed. The streams' gone_fn are called. closed_fn comes once, from the loop. Not from inside a
 * callback of the server.
 */
void http_server_close(HttpServer *server, LoopFn closed_fn, void *context);

/* The request ---------------------------------------------------------------------------------- */

Str http_request_method(const HttpRequest *request);   /* "POST" */
Str http_request_path(const HttpRequest *request);     /* decoded: "/h/a b"; never holds a NUL */
Str http_request_path_raw(const HttpRequest *request); /* as sent: "/h/a%20b" */
Str http_request_query(const HttpRequest *request);    /* as sent, behind the ? */
Str http_request_body(const HttpRequest *request);     /* empty in on_head */
Str http_request_peer(const HttpRequest *request);     /* "10.1.2.3", without the port */

/* The first value of that name; false when there is none. Values are decoded, + is a space. */
bool http_request_param(const HttpRequest *request, const char *name, Str *ret_value);
bool http_request_header(const HttpRequest *request, const char *name, Str *ret_value);

/* All of them, in their order. */
uint32_t http_request_params(const HttpRequest *request, const HttpField **ret_fields);
uint32_t http_request_headers(const HttpRequest *request, const HttpField **ret_fields);

/* Memory that lives as long as the request. */
Arena *http_request_arena(HttpRequest *request);

/* In on_head only: less body than the listener's limit for this route. */
void http_request_body_max(HttpRequest *request, size_t bytes_max);

/*
 * Something of the owner's that travels from on_head to on_request, and further. It lives in the
 * request's memory: nobody is told of a request whose client goes before on_request.
 */
void http_request_context_set(HttpRequest *request, void *context);
void *http_request_context(const HttpRequest *request);

/* The answer ----------------------------------------------------------------------------------- */

typedef struct HttpReply {
    uint32_t status;
    Str content_type;         /* empty: none is sent */
    const HttpField *headers; /* a value that cannot be sent is left out, and logged */
    uint32_t header_count;
    Str body;
    bool closes; /* the connection, afterwards */
} HttpReply;

/* Everything is copied; the request is over for the caller. */
void http_reply(HttpRequest *request, const HttpReply *reply);

/*
 * The head of the reply is sent (its body first, when there is one), and the request is over for
 * the caller. gone_fn comes once if the client goes, the server drains or closes: from the loop,
 * never from inside a call of these functions, and the stream is gone with it. It never comes after
 * http_stream_close(). On HTTP_SERVER_E_STREAMS the request must still be answered.
 */
int http_stream_open(HttpRequest *request, const HttpReply *head, LoopFn gone_fn, void *context,
                     HttpStream **ret_stream);

/* Copied. 0, or HTTP_SERVER_E_BEHIND. */
int http_stream_send(HttpStream *stream, Str bytes);

/* What waits is still sent; the stream is over for the caller. */
void http_stream_close(HttpStream *stream);
