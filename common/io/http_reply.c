/*
 * The road of a request through the library, and answers on it.
 *
 * The library asks several times about one request: once with its head, for each piece of its body,
 * once when it is whole, and once more after it was suspended and resumed. Only in the first and in
 * the last two can an answer be given to it.
 *
 * Runs on: loop.
 */

#include <stdio.h>
#include <sys/socket.h>

#include "common/base/check.h"
#include "common/io/http_server_private.h"
#include "common/io/log.h"

void *http_request_line(void *context, const char *target, struct MHD_Connection *mhd) {
    HttpConnection *connection = http_connection_of(mhd);

    (void)context;
    CHECK(connection && !connection->request);
    connection->request = http_request_new(connection, target);
    http_connection_enter(connection, PHASE_HEAD);
    return connection->request;
}

/*
 * A value that would begin another line comes from outside, however it got here. It is left out: an
 * answer without it is better than no answer, and than two.
 */
static void header_add(struct MHD_Response *response, Str name, Str value) {
    _cleanup_(buf_done) Buf text = {0};
    Str trimmed = str_trim(value);
    size_t name_end;

    CHECK(http_field_is_token(name));
    if (trimmed.length == 0)
        return;
    if (!http_field_is_value(trimmed)) {
        log_event(LOG_WARN, "http.header_left_out", LOG_TEXT("name", name));
        return;
    }
    buf_add_str(&text, name);
    buf_add_char(&text, '\0');
    name_end = text.length;
    buf_add_str(&text, trimmed);
    CHECK(MHD_add_response_header(response, text.data, text.data + name_end) == MHD_YES);
}

void http_reply_headers(const HttpRequest *request, struct MHD_Response *response,
                        const HttpReply *reply) {
    bool has_rest = request->has_body && !request->is_told;

    if (reply->content_type.length)
        header_add(response, STR("Content-Type"), reply->content_type);
    for (uint32_t i = 0; i < reply->header_count; i++)
        header_add(response, reply->headers[i].name, reply->headers[i].value);
    if (reply->closes || has_rest || request->server->is_draining)
        header_add(response, STR("Connection"), STR("close"));
    request->connection->has_rest |= has_rest;
}

void http_request_resume(HttpRequest *request) {
    if (!request->is_suspended)
        return;
    request->is_suspended = false;
    MHD_resume_connection(request->connection->mhd);
    http_server_kick(request->server);
}

void http_reply(HttpRequest *request, const HttpReply *reply) {
    CHECK(!request->response);
    CHECK(reply->status >= 200 && reply->status <= 599);
    if (!request->connection) {
        http_request_free(request);
        return;
    }
    request->status = reply->status;
    request->response = MHD_create_response_from_buffer(
        reply->body.length, (void *)(reply->body.data ? reply->body.data : ""),
        MHD_RESPMEM_MUST_COPY);
    CHECK(request->response);
    http_reply_headers(request, request->response, reply);
    http_request_resume(request);
}

/* A refusal by the rules of the listener, before anybody was asked. */
static void refuse(HttpRequest *request, uint32_t status) {
    char text[160];
    int length =
        snprintf(text, sizeof text, "{\"type\":\"about:blank\",\"status\":%u,\"title\":\"%s\"}\n",
                 status, MHD_get_reason_phrase_for(status));

    request->server->refused++;
    log_event(LOG_DEBUG, "http.refused", LOG_C("listener", request->server->name),
              LOG_INT("status", status), LOG_TEXT("peer", request->peer));
    http_reply(request, &(HttpReply){.status = status,
                                     .content_type = STR("application/problem+json"),
                                     .body = str_from(text, (size_t)length),
                                     .closes = true});
}

static enum MHD_Result answer(HttpRequest *request) {
    HttpConnection *connection = request->connection;

    http_connection_enter(connection, request->stream ? PHASE_STREAM : PHASE_REPLY);
    return MHD_queue_response(connection->mhd, request->status, request->response);
}

static enum MHD_Result head_step(HttpRequest *request, const char *method, const char *version) {
    const HttpServerSpec *spec = &request->server->spec;
    uint32_t status;

    request->is_head_read = true;
    request->method = str_copy(&request->arena, str_of(method));
    status = http_head_read(request, version);
    if (status) {
        refuse(request, status);
        return answer(request);
    }
    http_connection_enter(request->connection, PHASE_BODY);
    if (spec->on_head)
        spec->on_head(spec->owner, request);
    if (!request->response && request->body_bytes > request->body_bytes_max)
        refuse(request, 413);
    return request->response && request->has_body ? answer(request) : MHD_YES;
}

/*
 * Chunks grew beyond the limit. The library takes no answer in the middle of a body, but nothing of
 * an answer was written yet, so it can be written to the socket.
 */
static enum MHD_Result refuse_piece(HttpRequest *request) {
    static const char large[] = "HTTP/1.1 413 Content Too Large\r\n"
                                "Connection: close\r\nContent-Length: 0\r\n\r\n";

    request->server->refused++;
    request->connection->has_rest = true;
    send(request->connection->fd, large, sizeof large - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    return MHD_NO;
}

static enum MHD_Result body_step(HttpRequest *request, const char *bytes, size_t *length) {
    if (*length > request->body_bytes_max - request->body.length)
        return refuse_piece(request);
    buf_add(&request->body, bytes, *length);
    *length = 0;
    return MHD_YES;
}

static enum MHD_Result whole_step(HttpRequest *request) {
    const HttpServerSpec *spec = &request->server->spec;

    request->is_told = true;
    http_connection_enter(request->connection, PHASE_HAND);
    spec->on_request(spec->owner, request);
    if (request->response)
        return answer(request);
    request->is_suspended = true;
    MHD_suspend_connection(request->connection->mhd);
    return MHD_YES;
}

enum MHD_Result http_request_step(void *server, struct MHD_Connection *mhd, const char *url,
                                  const char *method, const char *version, const char *bytes,
                                  size_t *length, void **context) {
    HttpRequest *request = *context;

    (void)server;
    (void)url;
    CHECK(request && request->connection->mhd == mhd);
    if (request->is_dropped)
        return MHD_NO;
    if (!request->is_head_read)
        return head_step(request, method, version);
    if (*length)
        return body_step(request, bytes, length);
    if (request->response)
        return answer(request);
    return whole_step(request);
}

/* Whose turn it was to answer still has the request: it is freed when the answer comes. */
static void leave(HttpRequest *request) {
    if (!request->is_told || request->response) {
        http_request_free(request);
        return;
    }
    request->server->request_count--;
    request->server = NULL;
    request->connection = NULL;
}

void http_request_over(void *server, struct MHD_Connection *mhd, void **context,
                       enum MHD_RequestTerminationCode code) {
    HttpRequest *request = *context;
    HttpConnection *connection;

    (void)server;
    (void)mhd;
    if (!request)
        return;
    *context = NULL;
    connection = request->connection;
    connection->request = NULL;
    if (request->stream)
        http_stream_over(request->stream);
    leave(request);
    if (code == MHD_REQUEST_TERMINATED_COMPLETED_OK)
        http_connection_enter(connection, PHASE_IDLE);
}
