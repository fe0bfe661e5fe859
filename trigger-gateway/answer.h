#pragma once

/*
 * Answer: what a webhook's sender is told. Refusals are problem documents (RFC 9457) with a stable
 * code; they say no more than a stranger may know.
 *
 * Runs on: loop.
 */

#include "common/io/http_server.h"
#include "common/service/metrics.h"

/* code, HTTP status, title */
#define HOOK_PROBLEMS(X)                                                                           \
    X(INVALID_JSON, 400, "The body is not JSON.")                                                  \
    X(NOT_TEXT, 400, "The request is not UTF-8 text.")                                             \
    X(NOT_STORABLE, 400, "The body holds what cannot be stored.")                                  \
    X(SIGNATURE_INVALID, 401, "The request is not signed as it must be.")                          \
    X(NOT_FOUND, 404, "There is no such webhook.")                                                 \
    X(METHOD_NOT_ALLOWED, 405, "This webhook takes POST and PUT.")                                 \
    X(TOO_LARGE, 413, "The request is too large.")                                                 \
    X(RATE_LIMITED, 429, "Too many requests to this webhook.")                                     \
    X(UNAVAILABLE, 503, "Events cannot be taken right now; send it again.")

#define HOOK_PROBLEM_VALUE(name, status, title) HOOK_##name,
typedef enum HookProblem { HOOK_PROBLEMS(HOOK_PROBLEM_VALUE) _HOOK_PROBLEM_COUNT } HookProblem;

typedef struct HookRefusal {
    HookProblem problem;
    Str detail;            /* a sentence, or none */
    int64_t retry_after_s; /* 0: none */
} HookRefusal;

void answer_refuse(Metrics *metrics, HttpRequest *request, const HookRefusal *refusal);

typedef struct HookAnswer {
    uint32_t status;
    Str content_type;
    Str body;
    Str execution; /* for the header Headrace-Execution-Id; none: no header */
} HookAnswer;

void answer_send(Metrics *metrics, HttpRequest *request, const HookAnswer *answer);
