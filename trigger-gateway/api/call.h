#pragma once

/*
 * Call: one request of the API on its way through a lane, and its answer.
 *
 * A resource's function runs inside a transaction that is already the tenant's. It returns
 *
 *   0              the answer is in the call; the transaction is committed, then `after` is done
 *   CALL_REFUSED   call_refuse() has put a problem into the call; everything is rolled back
 *   PG_E_…         PostgreSQL refused or is away; call_run() finds the answer
 *   below 0        a fault
 *
 * Everybody in this room passes these on.
 *
 * Runs on: lane, but for what says otherwise.
 */

#include "common/base/buf.h"
#include "common/io/http_field.h"
#include "common/io/pg.h"
#include "common/json/json.h"
#include "common/model/message.h"
#include "trigger-gateway/api/api_problem.h"
#include "trigger-gateway/api/page.h"
#include "trigger-gateway/api/principal.h"
#include "trigger-gateway/ports/ports.h"

/* Beyond the refusals of pg.h. */
enum { CALL_REFUSED = 100 };

CLEANUP_POINTER(PgResult, pg_result_free);
CLEANUP_POINTER(PgArray, pg_array_free);

/* A path names at most a workflow and something of it. */
#define CALL_PARAMS_MAX 2

#define CALL_KEY_BYTES_MAX 255

/* What follows when the transaction is committed; its texts live in the call's arena. */
typedef enum CallAfter { AFTER_NOTHING, AFTER_START, AFTER_COMMAND } CallAfter;

struct ApiRoute;

typedef struct ApiCall {
    const struct ApiRoute *route;
    const GatewayPorts *ports;
    const struct SealKeys *seal_keys; /* of common/seal */
    Principal principal;
    UuidText request_id;

    /* Borrowed from the request, which waits for the answer. */
    Str params[CALL_PARAMS_MAX];
    Str path;
    Str body;
    const HttpField *queries;
    uint32_t query_count;
    Str content_type;
    Str idempotency_key; /* "" when none came */
    Str if_match;
    Str if_none_match;
    Str traceparent;

    Arena arena; /* of this call alone; freed with `answer` by who made the call */
    Pg *pg;      /* the lane's */
    PlanProblems problems;

    uint32_t status;
    Buf answer;
    bool is_problem;
    Str etag;     /* with its quotes; "": none */
    Str location; /* a path of ours; "": none */
    uint32_t retry_after_s;

    CallAfter after;
    TriggerEvent start;
    Command command;
    uint32_t partition; /* of the command */
} ApiCall;

/* Begins, calls the route's function, ends; the answer is in the call whatever happens. */
void call_run(void *lane, void *call);

/* Answers ---------------------------------------------------------------------------------- */

/* Always CALL_REFUSED; what was answered before is forgotten. From loop or lane. */
int call_refuse(ApiCall *call, ApiProblem problem, Str detail);

/* One more problem of the body; call_check_problems() refuses when there is any. */
void call_complain(ApiCall *call, PlanProblemCode code, Str pointer, Str message);
int call_check_problems(ApiCall *call);

/* A JSON text as it is. */
int call_answer(ApiCall *call, uint32_t status, Str json);

/* The first column of the first row as the answer; NOT_FOUND with the detail without a row. */
int call_answer_row(ApiCall *call, uint32_t status, const PgResult *result, Str missing);

/* Rows of (json, id): one page, and a cursor if there is a row beyond the limit. */
typedef struct CallPage {
    int64_t limit;
    Uuid after; /* the largest id when there is no cursor */
} CallPage;

int call_page(ApiCall *call, CallPage *ret_page);
int call_answer_page(ApiCall *call, const CallPage *page, const PgResult *result);

/* Questions -------------------------------------------------------------------------------- */

/* One query with its answer; a refusal as above. */
int call_query(ApiCall *call, const char *sql, const PgParam *params, uint32_t count,
               PgResult **ret_result);

/* A query parameter, or STR_NONE. */
Str call_param(const ApiCall *call, const char *name);

/* Refuses parameters that are not in the NULL-terminated list. */
int call_check_params(ApiCall *call, const char *const *known);

/* SQL NULL for an empty text. */
PgParam call_text(Str text);

/* The id in the text, or SQL NULL. uuid must outlive the query. */
PgParam call_uuid(Str text, Uuid *uuid);

/* One row of the tenant's trail. detail is a JSON object, or "". */
typedef struct CallAudit {
    const char *verb;
    const char *kind;
    Str id;
    Str detail;
} CallAudit;

int call_audit(ApiCall *call, const CallAudit *audit);
