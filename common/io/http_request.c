/*
 * What is known of a request.
 *
 * Runs on: loop.
 */

#include <arpa/inet.h>

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/io/http_server_private.h"

static Str peer_text(Arena *arena, struct MHD_Connection *mhd) {
    const union MHD_ConnectionInfo *known =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    char text[INET6_ADDRSTRLEN] = "";

    if (known && known->client_addr->sa_family == AF_INET) {
        struct sockaddr_in *v4 = (struct sockaddr_in *)known->client_addr;

        inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text);
    } else if (known && known->client_addr->sa_family == AF_INET6) {
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)known->client_addr;

        if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
            inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], text, sizeof text);
        else
            inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text);
    }
    return str_copy(arena, str_of(text));
}

HttpRequest *http_request_new(HttpConnection *connection, const char *target) {
    HttpRequest *request = alloc_zero(sizeof *request);

    arena_init(&request->arena, 0);
    request->server = connection->server;
    request->connection = connection;
    request->target = str_copy(&request->arena, str_of(target));
    request->peer = peer_text(&request->arena, connection->mhd);
    request->body_bytes_max = connection->server->limits.body_bytes_max;
    connection->server->request_count++;
    return request;
}

void http_request_free(HttpRequest *request) {
    if (request->server)
        request->server->request_count--;
    if (request->response)
        MHD_destroy_response(request->response);
    buf_done(&request->body);
    arena_done(&request->arena);
    alloc_free(request);
}

Str http_request_method(const HttpRequest *request) {
    return request->method;
}

Str http_request_path(const HttpRequest *request) {
    return request->path;
}

Str http_request_path_raw(const HttpRequest *request) {
    return request->path_raw;
}

Str http_request_query(const HttpRequest *request) {
    return request->query;
}

Str http_request_body(const HttpRequest *request) {
    return buf_str(&request->body);
}

Str http_request_peer(const HttpRequest *request) {
    return request->peer;
}

bool http_request_param(const HttpRequest *request, const char *name, Str *ret_value) {
    for (uint32_t i = 0; i < request->param_count; i++) {
        if (!str_is(request->params[i].name, name))
            continue;
        *ret_value = request->params[i].value;
        return true;
    }
    return false;
}

bool http_request_header(const HttpRequest *request, const char *name, Str *ret_value) {
    const HttpField *field = http_field_find(request->headers, request->header_count, str_of(name));

    if (!field)
        return false;
    *ret_value = field->value;
    return true;
}

uint32_t http_request_params(const HttpRequest *request, const HttpField **ret_fields) {
    *ret_fields = request->params;
    return request->param_count;
}

uint32_t http_request_headers(const HttpRequest *request, const HttpField **ret_fields) {
    *ret_fields = request->headers;
    return request->header_count;
}

Arena *http_request_arena(HttpRequest *request) {
    return &request->arena;
}

void http_request_body_max(HttpRequest *request, size_t bytes_max) {
    CHECK(!request->is_told);
    request->body_bytes_max = MIN(request->body_bytes_max, bytes_max);
}

void http_request_context_set(HttpRequest *request, void *context) {
    request->context = context;
}

void *http_request_context(const HttpRequest *request) {
    return request->context;
}
