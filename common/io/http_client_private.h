#pragma once

/*
 * What the files of the HTTP client share, and nobody else sees.
 *
 *   http_client_curl.c    the client: calls, their line for lookups, answers
 *   http_pool_curl.c      connections of one pool: one multi handle on the loop
 *   http_exchange_curl.c  one request and its answer: options and callbacks of libcurl
 *   http_url.c            URLs
 *   http_error.c          words for what went wrong
 *
 * Every pool has a multi handle of its own, so that libcurl cannot hand one tenant's connection, or
 * its address cache, to another.
 */

#include <curl/curl.h>

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/list.h"
#include "common/base/map.h"
#include "common/io/http_client.h"
#include "common/io/http_url.h"

/*
 * A call:
 *
 *   LINE ─► LOOKUP ─► TALK ─► FINISHED       a redirect goes back to LINE
 *     └────────┴────────┴───►                refused, late, aborted
 */
typedef enum HttpCallState {
    CALL_LINE,     /* waits for its turn to look a name up */
    CALL_LOOKUP,   /* libcurl has it; no address is known yet */
    CALL_TALK,     /* connecting, sending, receiving */
    CALL_FINISHED, /* the answer waits to be told */
} HttpCallState;

typedef struct HttpPool {
    ListNode node; /* of the client's pools, the one used last is last */
    HttpClient *client;
    char *name;
    CURLM *multi;
    uv_timer_t timer;
    uv_idle_t soon; /* the timer, when it is due at once */
    uint32_t handles_open;
    uint32_t exchanges; /* not yet finished */
    uint32_t lookups;   /* of them */
    int64_t used_ms;
} HttpPool;

/* A socket libcurl wants watched. */
typedef struct HttpSocket {
    uv_poll_t poll;
    HttpClient *client; /* may outlive its pool by a turn of the loop */
    HttpPool *pool;
    int fd;
} HttpSocket;

struct HttpClient {
    Loop *loop;
    HttpClientSettings settings;
    EgressPolicy policy;
    char *user_agent;
    char *ca_file;
    char *proxy;
    ListNode calls;    /* in LINE, LOOKUP and TALK */
    ListNode finished; /* to be told */
    ListNode pools;
    Map pools_by_name;
    uint32_t call_count;
    uint32_t pool_count;
    uint32_t line_length;
    uint32_t lookups;
    HttpSocket **sockets; /* by file descriptor */
    size_t socket_slots;
    int64_t held[64]; /* when lookups that were given up give back their place */
    uint32_t held_count;
    uv_idle_t kick;
    uv_timer_t tick;
    uint32_t handles_open;
    bool is_closing;
    LoopFn closed_fn;
    void *closed_context;
};

struct HttpExchange {
    ListNode node;
    HttpClient *client;
    HttpPool *pool;
    HttpCallState state;
    Arena arena;
    HttpDoneFn done;
    void *context;
    HttpCall call; /* copied */
    int64_t started_ms;
    int64_t deadline_ms;
    CURL *easy; /* NULL between two requests */
    HttpUrl *url;
    struct curl_slist *headers;
    HttpField *fields; /* of the answer */
    uint32_t field_count;
    size_t head_bytes;
    Buf body;
    uint32_t status;
    uint32_t redirects;
    uint32_t sends;   /* requests that started, of this hop */
    bool is_sent;     /* something of a request left, in any hop */
    bool is_foreign;  /* redirected to another origin: no credentials any more */
    bool is_denied;   /* by the egress policy */
    bool is_repeated; /* libcurl wanted to send it again */
    bool is_large;
    int r;
};

/* http_client_curl.c */
int64_t http_client_now_ms(const HttpClient *client);
void http_client_finish(HttpExchange *exchange, int r);
void http_client_told(HttpPool *pool); /* libcurl has worked: what is finished is told */
void http_client_looked_up(HttpExchange *exchange);
void http_client_handle_closed(HttpClient *client);

/* http_pool_curl.c */
HttpPool *http_pool_of(HttpClient *client, Str name);
void http_pool_close(HttpPool *pool); /* no exchange is in it */
void http_pools_sweep(HttpClient *client);
void http_socket_close(HttpClient *client, int fd);

/* http_exchange_curl.c */
HttpExchange *http_exchange_new(HttpClient *client, const HttpCall *call);
void http_exchange_free(HttpExchange *exchange);
int http_exchange_check(HttpExchange *exchange); /* 0, or the refusal of this call */
void http_exchange_begin(HttpExchange *exchange);
void http_exchange_leave(HttpExchange *exchange); /* libcurl lets go of it */
int http_exchange_refusal(const HttpExchange *exchange, CURLcode code);
/* Whether the answer sends us elsewhere: then r is 0 and it goes back to the line, or a refusal. */
bool http_exchange_redirects(HttpExchange *exchange, int *ret_r);
HttpEffect http_exchange_effect(const HttpExchange *exchange);
