#pragma once

/*
 * Step: one attempt at one step, as a worker makes it: ask, don't call.
 *
 * step_begin() gives either the end of the attempt or the HTTP request that it needs; whoever asked
 * makes the call and brings the answer to step_resume(), which gives the end. Nothing here waits,
 * reads a clock or rolls dice, so the worker and `headrace simulate` give the same ends.
 *
 * Words
 *   order    what is to be done: a node of a plan, its evaluated input, whose attempt it is
 *   ask      what step_begin() wants: nothing more, or an HTTP request
 *   answer   what came of the request
 *   raw      the result as the target gave it: {status, headers, body}; `.` of outputMappings
 *   end      what is reported: status, output or error, and what is known about the effect
 *
 * Actions known here: http.request and core.noop. The input of http.request is {method, url, query,
 * headers, body, timeoutMs, success}: see request.h. core.noop's raw result is its input.
 *
 * Ownership: texts live in the arena, the order's borrowed parts must outlive the call.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/base/id.h"
#include "common/json/json.h"
#include "common/model/kinds.h"
#include "common/plan/plan.h"
#include "worker/step/request.h"

struct StepOrder {
    const Plan *plan;
    uint32_t node;
    ExecutionId execution;
    Str scope; /* path of the scope, "" at the root */
    uint32_t visit;
    uint32_t attempt;
    int64_t opened_ms;  /* what `now` gives in outputMappings */
    int64_t timeout_ms; /* what is left for the attempt, > 0 */
    Str traceparent;    /* W3C, or "" */
    const Json *input;  /* with every secret in it */
};

typedef struct StepEnd {
    StepStatus status; /* COMPLETED, FAILED, TIMED_OUT or INDETERMINATE */
    Effect effect;
    Str outcome; /* the ports it leaves through; none: next alone */
    Str output;  /* JSON, when COMPLETED */
    Str error;   /* JSON of the error object, otherwise */
    bool retryable;
    int64_t retry_after_ms; /* the target asked for this pause; 0: it did not */
} StepEnd;

typedef enum StepAskType { ASK_NOTHING, ASK_HTTP } StepAskType;

typedef struct StepAsk {
    StepAskType type;
    StepEnd end;         /* of ASK_NOTHING */
    StepRequest request; /* of ASK_HTTP */
} StepAsk;

typedef enum StepAnswerType {
    ANSWER_RESPONSE,    /* a status, headers and a body */
    ANSWER_UNREACHABLE, /* no connection, or one that broke */
    ANSWER_TIMEOUT,
    ANSWER_DENIED,    /* the target's address or port is not allowed */
    ANSWER_TOO_LARGE, /* more than HTTP_RESPONSE_BYTES_MAX */
    ANSWER_UNFIT,     /* the request cannot be sent as it is */
    _ANSWER_TYPE_COUNT,
} StepAnswerType;

typedef struct StepAnswer {
    StepAnswerType type;
    Effect effect;
    Str message;     /* what went wrong, in words for the author; not of ANSWER_RESPONSE */
    uint32_t status; /* of ANSWER_RESPONSE */
    const StepField *headers;
    uint32_t header_count;
    Str body;
    int64_t now_ms; /* when it came: a Retry-After may name a date */
} StepAnswer;

void step_begin(const StepOrder *order, Arena *arena, StepAsk *ret_ask);
void step_resume(const StepOrder *order, const StepAnswer *answer, Arena *arena, StepEnd *ret_end);

/*
 * The same for a response that is told, not received: the mock {status, headers, body} of a
 * simulation. status 200, headers {} and body null where they are missing.
 */
void step_resume_mock(const StepOrder *order, const Json *response, Arena *arena, StepEnd *ret_end);

/* An end that the shell has to make itself: no call was made, or what came cannot be told. */
typedef struct StepFailure {
    StepStatus status;
    ErrorType type;
    Effect effect;
    Str message;
    bool retryable;
} StepFailure;

StepEnd step_failed(const StepOrder *order, const StepFailure *failure, Arena *arena);
