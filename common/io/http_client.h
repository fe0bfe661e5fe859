#pragma once

/*
 * Http client: one request, one deadline, a capped answer. Many at once; one that hangs holds up
 * nobody.
 *
 * Every call is answered exactly once, later, from the loop. r tells what went wrong, effect
 * whether the other side may have acted: who repeats a call that is not idempotent looks at effect.
 * A request is never sent twice behind the caller's back: where a kept connection turns out to be
 * dead after the request was handed to it, the call ends with HTTP_E_RESET and HTTP_UNKNOWN.
 *
 * Where it may connect is decided by the egress policy, on each address at the moment of connecting
 * and again before each request. A denied address is refused before anything is sent there, so a
 * tenant learns nothing of what listens there; refusals have no text of the network in them.
 *
 * Connections are reused only inside one pool (a tenant and what it signs in with).
 *
 * Runs on: loop.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/str.h"
#include "common/io/egress.h"
#include "common/io/http_field.h"
#include "common/io/loop.h"

typedef struct HttpClient HttpClient;
typedef struct HttpExchange HttpExchange;

/* The r of an answer. */
enum {
    HTTP_E_BAD_URL = 1, /* malformed, not http or https, with a user, a host that is not ASCII */
    HTTP_E_BAD_REQUEST, /* a method or header that cannot be sent */
    HTTP_E_DENIED,      /* the egress policy says no: address or port */
    HTTP_E_BUSY,        /* too many calls at once; nothing was tried */
    HTTP_E_RESOLVE,     /* the host has no address */
    HTTP_E_CONNECT,     /* nobody listens, or no way there */
    HTTP_E_TLS,         /* no session, or a certificate that is not theirs */
    HTTP_E_TIMEOUT,     /* the deadline, or the one for connecting */
    HTTP_E_RESET,       /* the connection broke before the answer was whole */
    HTTP_E_TOO_LARGE,   /* body or headers beyond the cap */
    HTTP_E_PROTOCOL,    /* not HTTP, or a body that cannot be decoded */
    HTTP_E_REDIRECTS,   /* more than HTTP_REDIRECTS_MAX, or to nowhere */
    HTTP_E_ABORTED,     /* http_client_abort(), or the client was closed */
    _HTTP_E_COUNT,
};

#define HTTP_REDIRECTS_MAX 5

typedef enum HttpEffect {
    HTTP_NOT_SENT, /* no byte of the request left: safe to repeat */
    HTTP_ANSWERED, /* the other side answered with a status */
    HTTP_UNKNOWN,  /* something was sent; nobody knows what became of it */
} HttpEffect;

/* 0 takes the default in brackets. */
typedef struct HttpClientSettings {
    const EgressPolicy *policy; /* borrowed for the client's life; NULL: global addresses only */
    const char *user_agent;     /* [headrace/version] */
    const char *ca_file;        /* NULL: the system's */
    const char *proxy;          /* NULL: none; the environment's is never used */
    uint32_t calls_max;         /* [1024] at once; beyond it HTTP_E_BUSY */
    uint32_t lookups_max;       /* [64] name lookups at once; further calls wait in line */
    uint32_t pools_max;         /* [256] pools kept; the longest unused one is closed */
} HttpClientSettings;

typedef struct HttpCall {
    Str method; /* "GET" */
    Str url;
    const HttpField *headers;
    uint32_t header_count;
    Str body;
    Str pool;           /* who shares connections: a tenant and one of its connections' ids */
    int64_t timeout_ms; /* [30 s] the whole call with its redirects */
    int64_t connect_timeout_ms; /* [10 s] */
    size_t response_bytes_max;  /* [10 MiB] after decoding */
    size_t header_bytes_max;    /* [64 KiB] of the answer, in at most 200 lines */
    bool is_repeat_forbidden;   /* the action is not idempotent: a connection of its own */
    bool is_redirect_final;     /* a 3xx is the answer; else GET and HEAD follow it */
} HttpCall;

/* Valid during the done function. */
typedef struct HttpAnswer {
    int r; /* 0: status, headers and body are there */
    HttpEffect effect;
    uint32_t status;          /* also with a refusal, when one was read; else 0 */
    const HttpField *headers; /* names in lower case */
    uint32_t header_count;
    Str body; /* decoded */
    Str url;  /* where the answer came from, after redirects */
    uint32_t redirects;
    int64_t duration_ms;
} HttpAnswer;

typedef void (*HttpDoneFn)(void *context, const HttpAnswer *answer);

HttpClient *http_client_new(Loop *loop, const HttpClientSettings *settings);

/* Ends what is in flight with HTTP_E_ABORTED first; closed_fn comes once, from the loop. */
void http_client_close(HttpClient *client, LoopFn closed_fn, void *context);

/* The call is copied. The exchange is valid until done is called. */
HttpExchange *http_client_call(HttpClient *client, const HttpCall *call, HttpDoneFn done,
                               void *context);

/* done comes soon, with HTTP_E_ABORTED. Twice, or after the answer came in, is fine. */
void http_client_abort(HttpExchange *exchange);

uint32_t http_client_calls(const HttpClient *client); /* now */

/* "TIMEOUT", "The other side did not answer in time." For errors of steps; constant. */
const char *http_error_word(int r);
const char *http_error_text(int r);
