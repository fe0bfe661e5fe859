/*
 * One request and its answer: what libcurl is told, what it tells, and what that means.
 *
 * Runs on: loop.
 */

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/io/http_client_private.h"

#define FIELDS_MAX 200

/* A connection older than this is not used again: names move. */
#define CONNECTION_AGE_S 300L
#define CONNECTION_IDLE_S 60L

/* Frame and hops are ours to say, not the caller's. */
static const char *const reserved[] = {
    "content-length",
    "transfer-encoding",
    "connection",
    "expect",
    "upgrade",
    "te",
    "trailer",
    "keep-alive",
    "http2-settings",
    "proxy-connection",
    "proxy-authorization",
};

/* All else may be a credential, and stays at the origin it was meant for. */
static const char *const carried[] = {
    "accept", "accept-language", "user-agent", "range", "if-none-match", "if-modified-since",
};

static bool is_one_of(Str name, const char *const *names, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (str_equal_nocase(name, str_of(names[i])))
            return true;
    return false;
}

HttpExchange *http_exchange_new(HttpClient *client, const HttpCall *call) {
    HttpExchange *exchange = alloc_zero(sizeof *exchange);
    Arena *arena = &exchange->arena;
    HttpField *fields;

    arena_init(arena, 0);
    exchange->client = client;
    exchange->call = *call;
    exchange->call.method = str_copy(arena, call->method);
    exchange->call.url = str_copy(arena, call->url);
    exchange->call.body = str_copy(arena, call->body);
    fields = arena_alloc(arena, call->header_count * sizeof *fields);
    for (uint32_t i = 0; i < call->header_count; i++)
        fields[i] = (HttpField){.name = str_copy(arena, call->headers[i].name),
                                .value = str_copy(arena, call->headers[i].value)};
    exchange->call.headers = fields;
    exchange->fields = arena_alloc(arena, FIELDS_MAX * sizeof *exchange->fields);
    exchange->started_ms = http_client_now_ms(client);
    exchange->deadline_ms = exchange->started_ms + call->timeout_ms;
    return exchange;
}

void http_exchange_free(HttpExchange *exchange) {
    CHECK(!exchange->easy);
    http_url_free(exchange->url);
    buf_done(&exchange->body);
    arena_done(&exchange->arena);
    alloc_free(exchange);
}

static int check_url(const HttpExchange *exchange) {
    return egress_allows_port(&exchange->client->policy, http_url_port(exchange->url))
               ? 0
               : HTTP_E_DENIED;
}

int http_exchange_check(HttpExchange *exchange) {
    const HttpCall *call = &exchange->call;

    if (!http_field_is_token(call->method) || str_is(call->method, "CONNECT"))
        return HTTP_E_BAD_REQUEST;
    for (uint32_t i = 0; i < call->header_count; i++) {
        if (!http_field_is_token(call->headers[i].name) ||
            !http_field_is_value(call->headers[i].value) ||
            is_one_of(call->headers[i].name, reserved, ARRAY_SIZE(reserved)))
            return HTTP_E_BAD_REQUEST;
    }
    if (http_url_read(call->url, &exchange->url))
        return HTTP_E_BAD_URL;
    return check_url(exchange);
}

/* What libcurl tells ----------------------------------------------------------------------------
 */

static curl_socket_t socket_wanted(void *context, curlsocktype purpose,
                                   struct curl_sockaddr *address) {
    HttpExchange *exchange = context;
    HttpClient *client = exchange->client;

    (void)purpose;
    http_client_looked_up(exchange);
    if (!client->proxy && !egress_allows_address(&client->policy, &address->addr)) {
        exchange->is_denied = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* Called long after the exchange that opened it: only the client lives so long. */
static int socket_unwanted(void *context, curl_socket_t fd) {
    http_socket_close(context, fd);
    return close(fd);
}

/*
 * A request is about to be sent. That it is the second one means that libcurl found a kept
 * connection dead after it had sent the first one there, and the other side may have acted on it.
 */
static int send_wanted(void *context, char *peer, char *local, int peer_port, int local_port) {
    HttpExchange *exchange = context;
    HttpClient *client = exchange->client;
    bool is_harmless =
        !exchange->call.is_repeat_forbidden &&
        (str_is(exchange->call.method, "GET") || str_is(exchange->call.method, "HEAD"));

    (void)local;
    (void)peer_port;
    (void)local_port;
    http_client_looked_up(exchange);
    if (!client->proxy && !egress_allows_text(&client->policy, peer)) {
        exchange->is_denied = true;
        return CURL_PREREQFUNC_ABORT;
    }
    if (exchange->sends > 0 && !is_harmless) {
        exchange->is_repeated = true;
        return CURL_PREREQFUNC_ABORT;
    }
    exchange->sends++;
    exchange->is_sent = true;
    return CURL_PREREQFUNC_OK;
}

static void answer_clear(HttpExchange *exchange) {
    exchange->status = 0;
    exchange->field_count = 0;
}

/* "HTTP/1.1 200 OK": also of what is no answer yet (1xx). */
static void status_line(HttpExchange *exchange, Str line) {
    int64_t status = 0;
    Str rest = line;

    answer_clear(exchange);
    str_split(&rest, ' ');
    if (rest.data && str_to_int64(str_slice(rest, 0, 3), 100, 999, &status) && status >= 200)
        exchange->status = (uint32_t)status;
}

static void field_add(HttpExchange *exchange, Str line) {
    Str value = line;
    Str name = str_split(&value, ':');
    char *lower = arena_copy(&exchange->arena, name.data, name.length);

    for (size_t i = 0; i < name.length; i++)
        if (lower[i] >= 'A' && lower[i] <= 'Z')
            lower[i] = (char)(lower[i] + 'a' - 'A');
    exchange->fields[exchange->field_count++] = (HttpField){
        .name = str_from(lower, name.length),
        .value = str_copy(&exchange->arena, str_trim(value)),
    };
}

/* Lines of the head; those behind the body (trailers) have no meaning here. */
static size_t head_came(char *bytes, size_t one, size_t length, void *context) {
    HttpExchange *exchange = context;
    Str line = str_trim(str_from(bytes, length));

    CHECK(one == 1);
    exchange->head_bytes += length;
    if (exchange->head_bytes > exchange->call.header_bytes_max) {
        exchange->is_large = true;
        return 0;
    }
    if (str_starts(line, STR("HTTP/"))) {
        status_line(exchange, line);
    } else if (str_find_char(line, ':') > 0 && exchange->body.length == 0) {
        if (exchange->field_count == FIELDS_MAX) {
            exchange->is_large = true;
            return 0;
        }
        field_add(exchange, line);
    }
    return length;
}

static size_t body_came(char *bytes, size_t one, size_t length, void *context) {
    HttpExchange *exchange = context;

    CHECK(one == 1);
    if (length > exchange->call.response_bytes_max - exchange->body.length) {
        exchange->is_large = true;
        return 0;
    }
    buf_add(&exchange->body, bytes, length);
    return length;
}

/* What libcurl is told --------------------------------------------------------------------------
 */

static void header_append(HttpExchange *exchange, const HttpField *field) {
    _cleanup_(buf_done) Buf line = {0};
    struct curl_slist *longer;

    buf_add_str(&line, field->name);
    /* "Name:" would take the header away, "Name;" sends it empty. */
    buf_add_text(&line, str_trim(field->value).length ? ": " : ";");
    buf_add_str(&line, str_trim(field->value));
    longer = curl_slist_append(exchange->headers, line.data);
    CHECK(longer);
    exchange->headers = longer;
}

static void headers_set(HttpExchange *exchange, bool has_body) {
    const HttpCall *call = &exchange->call;

    for (uint32_t i = 0; i < call->header_count; i++)
        if (!exchange->is_foreign || is_one_of(call->headers[i].name, carried, ARRAY_SIZE(carried)))
            header_append(exchange, &call->headers[i]);
    exchange->headers = curl_slist_append(exchange->headers, "Expect:");
    if (has_body && !http_field_find(call->headers, call->header_count, STR("content-type")))
        exchange->headers = curl_slist_append(exchange->headers, "Content-Type:");
    CHECK(exchange->headers);
    curl_easy_setopt(exchange->easy, CURLOPT_HTTPHEADER, exchange->headers);
}

static void request_set(HttpExchange *exchange) {
    const HttpCall *call = &exchange->call;
    bool takes_body = str_is(call->method, "POST") || str_is(call->method, "PUT") ||
                      str_is(call->method, "PATCH");
    bool has_body = takes_body || call->body.length > 0;
    CURL *easy = exchange->easy;

    if (str_is(call->method, "HEAD") && !has_body) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    } else if (has_body) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.length);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call->body.data);
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, call->method.data);
    headers_set(exchange, has_body);
    if (call->is_repeat_forbidden) {
        curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
        curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    }
}

static void network_set(HttpExchange *exchange) {
    HttpClient *client = exchange->client;
    CURL *easy = exchange->easy;
    int64_t left_ms = exchange->deadline_ms - http_client_now_ms(client);

    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    /* A lookup that hangs must not hold up the loop when its call is given up. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROXY, client->proxy ? client->proxy : "");
    curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(easy, CURLOPT_USERAGENT, client->user_agent);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)MAX(left_ms, 1));
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)exchange->call.connect_timeout_ms);
    curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, CONNECTION_AGE_S);
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, CONNECTION_IDLE_S);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    if (client->ca_file)
        curl_easy_setopt(easy, CURLOPT_CAINFO, client->ca_file);
}

static void callbacks_set(HttpExchange *exchange) {
    CURL *easy = exchange->easy;

    curl_easy_setopt(easy, CURLOPT_PRIVATE, exchange);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, socket_wanted);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, socket_unwanted);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, exchange->client);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, send_wanted);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, head_came);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, body_came);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange);
}

void http_exchange_begin(HttpExchange *exchange) {
    exchange->easy = curl_easy_init();
    CHECK(exchange->easy);
    exchange->sends = 0;
    exchange->head_bytes = 0;
    answer_clear(exchange);
    buf_clear(&exchange->body);
    curl_easy_setopt(exchange->easy, CURLOPT_URL, http_url_text(exchange->url));
    network_set(exchange);
    request_set(exchange);
    callbacks_set(exchange);
    CHECK(curl_multi_add_handle(exchange->pool->multi, exchange->easy) == CURLM_OK);
}

void http_exchange_leave(HttpExchange *exchange) {
    if (!exchange->easy)
        return;
    curl_multi_remove_handle(exchange->pool->multi, exchange->easy);
    curl_easy_cleanup(exchange->easy);
    curl_slist_free_all(exchange->headers);
    exchange->easy = NULL;
    exchange->headers = NULL;
}

/* What became of it -----------------------------------------------------------------------------
 */

static const struct {
    CURLcode code;
    int r;
} refusals[] = {
    {CURLE_COULDNT_RESOLVE_HOST,     HTTP_E_RESOLVE  },
    {CURLE_COULDNT_RESOLVE_PROXY,    HTTP_E_RESOLVE  },
    {CURLE_COULDNT_CONNECT,          HTTP_E_CONNECT  },
    {CURLE_URL_MALFORMAT,            HTTP_E_BAD_URL  },
    {CURLE_OPERATION_TIMEDOUT,       HTTP_E_TIMEOUT  },
    {CURLE_GOT_NOTHING,              HTTP_E_RESET    },
    {CURLE_SEND_ERROR,               HTTP_E_RESET    },
    {CURLE_RECV_ERROR,               HTTP_E_RESET    },
    {CURLE_PARTIAL_FILE,             HTTP_E_RESET    },
    {CURLE_FILESIZE_EXCEEDED,        HTTP_E_TOO_LARGE},
    {CURLE_OUT_OF_MEMORY,            HTTP_E_TOO_LARGE}, /* a header line beyond libcurl's own cap */
    {CURLE_SSL_CONNECT_ERROR,        HTTP_E_TLS      },
    {CURLE_PEER_FAILED_VERIFICATION, HTTP_E_TLS      },
    {CURLE_SSL_CERTPROBLEM,          HTTP_E_TLS      },
    {CURLE_SSL_CIPHER,               HTTP_E_TLS      },
    {CURLE_SSL_CACERT_BADFILE,       HTTP_E_TLS      },
    {CURLE_SSL_ISSUER_ERROR,         HTTP_E_TLS      },
    {CURLE_SSL_INVALIDCERTSTATUS,    HTTP_E_TLS      },
};

int http_exchange_refusal(const HttpExchange *exchange, CURLcode code) {
    if (code == CURLE_OK)
        return exchange->status ? 0 : HTTP_E_PROTOCOL;
    if (exchange->is_large)
        return HTTP_E_TOO_LARGE;
    if (exchange->is_repeated)
        return HTTP_E_RESET;
    if (exchange->is_denied && exchange->sends == 0)
        return HTTP_E_DENIED;
    for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
        if (refusals[i].code == code)
            return refusals[i].r;
    return HTTP_E_PROTOCOL;
}

HttpEffect http_exchange_effect(const HttpExchange *exchange) {
    if (exchange->status && exchange->r != HTTP_E_REDIRECTS)
        return HTTP_ANSWERED;
    return exchange->is_sent ? HTTP_UNKNOWN : HTTP_NOT_SENT;
}

static bool is_redirect(const HttpExchange *exchange) {
    bool may = str_is(exchange->call.method, "GET") || str_is(exchange->call.method, "HEAD");

    switch (exchange->status) {
    case 301:
    case 302:
    case 303:
    case 307:
    case 308:
        return may && !exchange->call.is_redirect_final && exchange->call.body.length == 0;
    default:
        return false;
    }
}

bool http_exchange_redirects(HttpExchange *exchange, int *ret_r) {
    const HttpField *location =
        http_field_find(exchange->fields, exchange->field_count, STR("location"));
    HttpUrl *next;

    if (!is_redirect(exchange) || !location)
        return false;
    if (exchange->redirects == HTTP_REDIRECTS_MAX ||
        http_url_follow(exchange->url, location->value, &next)) {
        *ret_r = HTTP_E_REDIRECTS;
        return true;
    }
    exchange->redirects++;
    exchange->is_foreign |= !http_url_same_origin(exchange->url, next);
    http_url_free(exchange->url);
    exchange->url = next;
    *ret_r = check_url(exchange);
    return true;
}
