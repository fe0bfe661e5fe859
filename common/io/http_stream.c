/*
 * Answers without an end. What the owner writes waits in a buffer until the library asks for it;
 * while nothing waits the connection is suspended.
 *
 * A stream ends in two halves: its owner closes it or is told that it is gone, and the library lets
 * go of the request. It is freed with the second of them.
 *
 * Runs on: loop.
 */

#include <string.h>

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/io/http_server_private.h"

/* The library asks for pieces of this size. */
#define PIECE_BYTES 16384

struct HttpStream {
    ListNode node; /* of the server's streams, or of those whose owner must be told */
    HttpServer *server;
    HttpRequest *request; /* NULL: the library has let go of it */
    Buf waiting;
    size_t sent; /* of what waits */
    LoopFn gone_fn;
    void *context;
    bool is_closed; /* by its owner */
    bool is_ending; /* by the server: what waits is still sent */
    bool is_lost;   /* nobody reads any more */
};

static void stream_free(HttpStream *stream) {
    stream->server->stream_count--;
    list_drop(&stream->node);
    buf_done(&stream->waiting);
    alloc_free(stream);
}

static ssize_t stream_read(void *context, uint64_t position, char *bytes, size_t bytes_max) {
    HttpStream *stream = context;
    size_t length = MIN(bytes_max, stream->waiting.length - stream->sent);

    (void)position;
    if (stream->is_lost)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (length) {
        memcpy(bytes, stream->waiting.data + stream->sent, length);
        stream->sent += length;
        if (stream->sent == stream->waiting.length) {
            buf_clear(&stream->waiting);
            stream->sent = 0;
        }
        return (ssize_t)length;
    }
    if (stream->is_closed || stream->is_ending)
        return MHD_CONTENT_READER_END_OF_STREAM;
    stream->request->is_suspended = true;
    MHD_suspend_connection(stream->request->connection->mhd);
    return 0;
}

int http_stream_open(HttpRequest *request, const HttpReply *head, LoopFn gone_fn, void *context,
                     HttpStream **ret_stream) {
    HttpServer *server = request->server;
    HttpStream *stream;

    CHECK(!request->response && gone_fn);
    if (!request->connection || server->is_draining ||
        server->stream_count == server->limits.streams_max)
        return HTTP_SERVER_E_STREAMS;

    stream = alloc_zero(sizeof *stream);
    stream->server = server;
    stream->request = request;
    stream->gone_fn = gone_fn;
    stream->context = context;
    buf_add_str(&stream->waiting, head->body);
    list_push_last(&server->streams, &stream->node);
    server->stream_count++;

    request->stream = stream;
    request->status = head->status;
    request->response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, PIECE_BYTES, stream_read, stream, NULL);
    CHECK(request->response);
    http_reply_headers(request, request->response, head);
    http_request_resume(request);
    *ret_stream = stream;
    return 0;
}

static void stream_wake(HttpStream *stream) {
    if (stream->request)
        http_request_resume(stream->request);
}

/* What was sent already makes room. */
static void waiting_shift(HttpStream *stream) {
    Buf rest = {0};

    if (!stream->sent)
        return;
    buf_add(&rest, stream->waiting.data + stream->sent, stream->waiting.length - stream->sent);
    buf_done(&stream->waiting);
    stream->waiting = rest;
    stream->sent = 0;
}

int http_stream_send(HttpStream *stream, Str bytes) {
    size_t waiting = stream->waiting.length - stream->sent;

    CHECK(!stream->is_closed);
    if (!stream->request || stream->is_lost || stream->is_ending)
        return 0;
    if (waiting + bytes.length > stream->server->limits.stream_bytes_max)
        return HTTP_SERVER_E_BEHIND;
    waiting_shift(stream);
    buf_add_str(&stream->waiting, bytes);
    stream_wake(stream);
    return 0;
}

void http_stream_close(HttpStream *stream) {
    CHECK(!stream->is_closed);
    stream->is_closed = true;
    if (stream->request)
        stream_wake(stream);
    else
        stream_free(stream);
}

void http_stream_lost(HttpStream *stream) {
    stream->is_lost = true;
    stream_wake(stream);
}

void http_stream_over(HttpStream *stream) {
    stream->request = NULL;
    if (stream->is_closed) {
        stream_free(stream);
        return;
    }
    list_drop(&stream->node);
    list_push_last(&stream->server->gone, &stream->node);
    http_server_kick(stream->server);
}

void http_streams_end(HttpServer *server) {
    LIST_FOR_EACH(node, &server->streams) {
        HttpStream *stream = CONTAINER_OF(node, HttpStream, node);

        stream->is_ending = true;
        stream_wake(stream);
    }
}

void http_streams_tell(HttpServer *server) {
    while (!list_is_empty(&server->gone)) {
        HttpStream *stream = CONTAINER_OF(list_first(&server->gone), HttpStream, node);
        LoopFn gone_fn = stream->gone_fn;
        void *context = stream->context;

        stream_free(stream);
        gone_fn(context);
    }
}
