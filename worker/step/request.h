#pragma once

/*
 * Request: the input of http.request, checked and made into what is sent.
 *
 *   method     "GET" when missing; a token, sent in upper case
 *   url        http or https, with at most REQUEST_URL_BYTES_MAX bytes
 *   query      object: scalars and arrays of scalars, added to the url; null is left out
 *   headers    object: the same; names that belong to the connection are refused
 *   body       text is sent as it is; an object whose content-type header is
 *              application/x-www-form-urlencoded as a form; everything else but null as JSON
 *   timeoutMs  the whole call, at most what is left of the attempt
 *   success    which statuses are one: 200, "2xx", or a list of them; 2xx when missing
 *
 * Other members are refused, so that a slip of the pen is not sent. Added to every request:
 * Idempotency-Key (the same for all attempts of a step instance) and traceparent, unless the author
 * gave them, and X-Workflow-Attempt.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/json/json.h"
#include "common/plan/plan.h"

enum { REQUEST_E_INVALID = 1 }; /* the message names the member and what is wrong with it */

#define REQUEST_URL_BYTES_MAX 8192 /* longer ones are refused by most servers */
#define REQUEST_HEADERS_MAX 100    /* as many as we take from others */

typedef struct StepOrder StepOrder;

typedef struct StepField {
    Str name;
    Str value;
} StepField;

typedef struct StepRequest {
    Str method;
    Str url;
    const StepField *headers;
    uint32_t header_count;
    Str body;
    int64_t timeout_ms;
    bool is_single; /* the call must not be made twice */
} StepRequest;

int request_build(const StepOrder *order, Arena *arena, StepRequest *ret_request, Str *ret_message);

/* Whether the status is a success by the input's rule. The rule was checked by request_build(). */
bool request_is_success(const Json *input, uint32_t status);

/*
 * Whether a call of this step counts each time, so that it must not be made twice: idempotency
 * NONE, unless the method says otherwise: repeating GET, HEAD, PUT, DELETE and OPTIONS changes
 * nothing.
 */
bool request_is_single(const Plan *plan, uint32_t node, const Json *input);

/* Percent-encoded; everything but letters, digits and "-._~". */
void request_encode(Buf *buf, Str text);
