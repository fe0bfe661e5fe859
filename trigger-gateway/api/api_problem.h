#pragma once

/*
 * Api problem: what a refused request is answered, as RFC 9457 wants it, with a stable code:
 *
 *   {"type": "urn:headrace:problem:not-found", "title": "…", "status": 404, "detail": "…",
 *    "code": "NOT_FOUND", "requestId": "…", "errors": [{"code", "pointer", "message"}]}
 *
 * `errors` is there when more is known than one sentence can say: pointers are RFC 6901 into the
 * request's body.
 */

#include <stdint.h>

#include "common/base/buf.h"
#include "common/plan/problem.h"

/* code, HTTP status, title */
#define API_PROBLEMS(X)                                                                            \
    X(INVALID_REQUEST, 400, "The request cannot be understood.")                                   \
    X(INVALID_JSON, 400, "The body is no JSON that can be stored.")                                \
    X(UNAUTHENTICATED, 401, "No valid API key came with the request.")                             \
    X(FORBIDDEN, 403, "The key may not do that.")                                                  \
    X(NOT_FOUND, 404, "There is no such thing.")                                                   \
    X(METHOD_NOT_ALLOWED, 405, "The resource knows no such method.")                               \
    X(CONFLICT, 409, "The state of the resource does not allow it.")                               \
    X(IDEMPOTENCY_KEY_REUSED, 409, "The Idempotency-Key belongs to another request.")              \
    X(PRECONDITION_FAILED, 412, "Somebody else has changed it meanwhile.")                         \
    X(TOO_LARGE, 413, "The request is too large.")                                                 \
    X(UNSUPPORTED_MEDIA_TYPE, 415, "The body must be application/json.")                           \
    X(VALIDATION_FAILED, 422, "The body has problems.")                                            \
    X(RATE_LIMITED, 429, "Too many requests with this key.")                                       \
    X(INTERNAL, 500, "Something went wrong here.")                                                 \
    X(UNAVAILABLE, 503, "The service cannot do that right now; try again.")

#define API_PROBLEM_VALUE(name, status, title) API_##name,
typedef enum ApiProblem { API_PROBLEMS(API_PROBLEM_VALUE) _API_PROBLEM_COUNT } ApiProblem;

const char *api_problem_code(ApiProblem problem);
uint32_t api_problem_status(ApiProblem problem);

typedef struct ApiProblemText {
    Str detail;                 /* a sentence for people */
    Str request_id;             /* "": left out */
    const PlanProblems *errors; /* NULL or none: left out */
} ApiProblemText;

void api_problem_write(Buf *buf, ApiProblem problem, const ApiProblemText *text);

/* [{"code", "pointer", "message"}] */
void api_problem_write_errors(Buf *buf, const PlanProblems *errors);
