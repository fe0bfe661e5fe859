/* /v1/executions: what runs and what ran. */

#include <string.h>

#include "common/io/clock.h"
#include "common/plan/instant.h"
#include "trigger-gateway/api/body.h"
#include "trigger-gateway/api/route.h"
#include "trigger-gateway/api/template.h"

#define REASON_BYTES_MAX 1024
#define MISSING STR("There is no such execution, or it is not shown to this key.")

#define EXECUTION_HEAD                                                                             \
    "json_build_object('id', e.id, 'tenantId', e.tenant_id, 'templateId', e.template_id,"          \
    " 'templateKey', e.template_key, 'templateName', e.template_name, 'versionId', e.version_id,"  \
    " 'versionNumber', e.version_number, 'triggerId', e.trigger_id, 'status', e.status,"           \
    " 'phase', e.phase, 'error', e.error, 'startedAt', e.started_at, 'completedAt',"               \
    " e.completed_at, 'executionTimeMs', e.execution_time_ms, 'retryOf', e.retry_of,"              \
    " 'parentExecutionId', e.parent_execution_id, 'priority', e.priority, 'concurrencyKey',"       \
    " e.concurrency_key, 'businessKeys', e.business_keys, 'acceptedAt', e.accepted_at,"            \
    " 'createdAt', e.created_at, 'updatedAt', e.updated_at, 'createdBy', e.created_by"

#define EXECUTION_SOURCE                                                                           \
    " FROM headrace_tenant.executions e JOIN headrace.workflow_template t ON t.id = e.template_id"

/* Listing ----------------------------------------------------------------------------------- */

typedef struct Filter {
    PgParam template_id, version, trigger, status, from, before;
    TemplateRow row;
    Uuid version_id, from_id, before_id;
} Filter;

/* The smallest id of that millisecond. */
static Uuid id_at(int64_t ms) {
    Uuid id = {{0}};

    for (int i = 0; i < 6; i++)
        id.bytes[i] = (uint8_t)(ms >> (40 - 8 * i));
    return id;
}

static int read_moment(ApiCall *call, const char *name, Uuid *id, PgParam *ret_param) {
    Str text = call_param(call, name);
    int64_t ms;

    *ret_param = pg_null();
    if (text.data == NULL)
        return 0;
    if (!instant_from_text(text, &ms) || ms < 0)
        return call_refuse(
            call, API_INVALID_REQUEST,
            str_printf(&call->arena, "%s must be a moment like 2026-03-29T01:30:00Z.", name));
    *id = id_at(ms);
    *ret_param = pg_uuid(id);
    return 0;
}

static int read_words(ApiCall *call, Filter *filter) {
    Str status = call_param(call, "status"), version = call_param(call, "versionId");
    ExecutionStatus known;

    if (status.data != NULL && !execution_status_from_word(status, &known))
        return call_refuse(call, API_INVALID_REQUEST,
                           STR("status must be one like RUNNING, COMPLETED or FAILED."));
    filter->version = call_uuid(version, &filter->version_id);
    if (version.data != NULL && filter->version.data == NULL)
        return call_refuse(call, API_INVALID_REQUEST, STR("versionId must be an id."));
    filter->status = call_text(status);
    filter->trigger = call_text(call_param(call, "triggerId"));
    return 0;
}

static int read_filter(ApiCall *call, Filter *filter) {
    static const char *const known[] = {"cursor", "limit",     "status", "templateId", "versionId",
                                        "from",   "triggerId", "to",     NULL};
    Str key = call_param(call, "templateId");
    int r = call_check_params(call, known);

    filter->template_id = pg_null();
    if (r == 0)
        r = read_words(call, filter);
    if (r == 0)
        r = read_moment(call, "from", &filter->from_id, &filter->from);
    if (r == 0)
        r = read_moment(call, "to", &filter->before_id, &filter->before);
    if (r == 0 && key.data != NULL) {
        r = template_find(call, key, TEMPLATE_FOR_READING, &filter->row);
        filter->template_id = pg_uuid(&filter->row.id);
    }
    return r;
}

int executions_list(ApiCall *call) {
    static const char sql[] =
        "SELECT " EXECUTION_HEAD "), e.id" EXECUTION_SOURCE " WHERE e.id < $1"
        " AND e.id < coalesce($8::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')"
        " AND e.id >= coalesce($7::uuid, '00000000-0000-0000-0000-000000000000')"
        " AND ($3::uuid IS NULL OR e.template_id = $3)"
        " AND ($4::uuid IS NULL OR e.version_id = $4)"
        " AND ($5::text IS NULL OR e.trigger_id = $5)"
        " AND ($6::text IS NULL OR e.status = $6) AND " SQL_ALLOWS(
            "t") " ORDER BY e.id DESC LIMIT $2 + 1";
    _cleanup_(pg_result_free_p) PgResult *result = NULL;
    Filter filter = {0};
    CallPage page;
    int r = read_filter(call, &filter);

    if (r == 0)
        r = call_page(call, &page);
    if (r == 0) {
        PgParam params[] = {pg_uuid(&page.after), pg_number(page.limit), filter.template_id,
                            filter.version,       filter.trigger,        filter.status,
                            filter.from,          filter.before};

        r = call_query(call, sql, params, ARRAY_SIZE(params), &result);
    }
    return r ? r : call_answer_page(call, &page, result);
}

/* One --------------------------------------------------------------------------------------- */

/* The id that counts: any id ever answered for an event finds the execution it became. */
static int resolve(ApiCall *call, Uuid *ret_id) {
    static const char sql[] = "SELECT headrace.execution_resolve($1)";
    _cleanup_(pg_result_free_p) PgResult *result = NULL;
    Uuid asked;
    PgParam params[] = {call_uuid(call->params[0], &asked)};
    int r = call_query(call, sql, params, 1, &result);

    if (r)
        return r;
    if (pg_is_null(result, 0, 0))
        return call_refuse(call, API_NOT_FOUND, MISSING);
    *ret_id = pg_get_uuid(result, 0, 0);
    return 0;
}

/*
 * Answers by the execution's rows, or by its acceptance while no coordinator has started it.
 * Between two looks it may have been started: then the first one sees it.
 */
static int answer_one(ApiCall *call, const char *sql, const char *sql_accepted) {
    const char *const looks[] = {sql, sql_accepted, sql};
    _cleanup_(pg_result_free_p) PgResult *result = NULL;
    Uuid id = {{0}};
    PgParam params[] = {pg_uuid(&id)};
    int r = resolve(call, &id);

    for (size_t i = 0; r == 0 && i < ARRAY_SIZE(looks); i++) {
        result = pg_result_free(result);
        r = call_query(call, looks[i], params, 1, &result);
        if (r == 0 && pg_rows(result) > 0)
            break;
    }
    return r ? r : call_answer_row(call, 200, result, MISSING);
}

int executions_show(ApiCall *call) {
    static const char sql[] =
        "SELECT " EXECUTION_HEAD ", 'trigger', e.trigger, 'input', e.input, 'output', e.output,"
        " 'stepExecutions', (SELECT coalesce(json_agg(json_build_object("
        "  'executionId', s.execution_id, 'stepId', s.step_id, 'stepName', s.step_name,"
        "  'stepType', s.step_type, 'scopePath', s.scope_path, 'visit', s.visit,"
        "  'stepStatus', s.step_status, 'reason', s.reason, 'input', s.input,"
        "  'output', s.output, 'error', s.error, 'openedAt', s.opened_at, 'startedAt',"
        "  s.started_at, 'completedAt', s.completed_at, 'retryCount', s.retry_count,"
        "  'retryAttempt', s.retry_attempt, 'dueAt', s.due_at, 'worker', s.worker,"
        "  'reusedFrom', s.reused_from) ORDER BY s.opened_at, s.ord NULLS LAST), '[]')"
        " FROM headrace_tenant.step_executions s WHERE s.execution_id = $1),"
        " 'failedAttempts', (SELECT coalesce(json_agg(json_build_object("
        "  'stepId', a.step_id, 'scopePath', a.scope_path, 'visit', a.visit,"
        "  'attempt', a.attempt, 'stepStatus', a.step_status, 'reason', a.reason,"
        "  'error', a.error, 'startedAt', a.started_at, 'completedAt', a.completed_at)"
        "  ORDER BY a.ord), '[]')"
        " FROM headrace_tenant.step_attempts a WHERE a.execution_id = $1"
        "  AND a.reason IN ('RETRIED', 'LOST')))" EXECUTION_SOURCE
        " WHERE e.id = $1 AND " SQL_ALLOWS("t");
    static const char sql_accepted[] =
        "SELECT json_build_object('id', k.execution_id, 'tenantId', k.tenant_id, 'status',"
        " 'PENDING', 'acceptedAt', k.accepted_at, 'stepExecutions', '[]'::json,"
        " 'failedAttempts', '[]'::json)"
        " FROM headrace.execution_key k WHERE k.key = headrace.id_key($1)"
        " AND NOT EXISTS (SELECT 1 FROM headrace.execution e WHERE e.id = $1)";

    return answer_one(call, sql, sql_accepted);
}

int executions_why(ApiCall *call) {
    static const char sql[] =
        "SELECT json_build_object('executionId', e.id, 'status', e.status, 'waits', w.waits,"
        " 'explanation', CASE WHEN e.is_terminal THEN 'It has ended; nothing is awaited.'"
        "  WHEN json_array_length(w.waits) > 0 THEN 'Each open step and what it waits for.'"
        "  ELSE 'No step has been open for a second: it is moving.' END)"
        " FROM headrace_tenant.executions e"
        " JOIN headrace.workflow_template t ON t.id = e.template_id"
        " CROSS JOIN LATERAL (SELECT coalesce(json_agg(json_build_object('stepId', s.step_id,"
        "  'stepName', s.step_name, 'stepType', s.step_type, 'scopePath', s.scope_path,"
        "  'visit', s.visit, 'retryAttempt', s.retry_attempt, 'stepStatus', s.step_status,"
        "  'reason', s.reason, 'meaning', s.meaning, 'since', s.since, 'dueAt', s.due_at,"
        "  'waitingMs', s.waiting_ms, 'worker', s.worker) ORDER BY s.since), '[]') AS waits"
        "  FROM headrace_tenant.step_waits s WHERE s.execution_id = $1) w"
        " WHERE e.id = $1 AND " SQL_ALLOWS("t");
    static const char sql_accepted[] =
        "SELECT json_build_object('executionId', k.execution_id, 'status', 'PENDING', 'waits',"
        " '[]'::json, 'explanation', 'It has been accepted; no coordinator has started it yet.')"
        " FROM headrace.execution_key k WHERE k.key = headrace.id_key($1)"
        " AND NOT EXISTS (SELECT 1 FROM headrace.execution e WHERE e.id = $1)";

    return answer_one(call, sql, sql_accepted);
}

/* Cancelling -------------------------------------------------------------------------------- */

typedef struct CancelBody {
    const Json *reason;
} CancelBody;

static const BodyField cancel_fields[] = {
    {"reason", BODY_TEXT, offsetof(CancelBody, reason), false, REASON_BYTES_MAX},
};

typedef struct CancelRow {
    Str status;
    bool is_terminal;
    uint32_t part;
} CancelRow;

/* Accepted, and not started by a coordinator yet; anything else is not shown to this key. */
static int check_accepted(ApiCall *call, const Uuid *id) {
    static const char sql[] =
        "SELECT 1 FROM headrace.execution_key k WHERE k.key = headrace.id_key($1)"
        " AND NOT EXISTS (SELECT 1 FROM headrace.execution e WHERE e.id = $1)";
    _cleanup_(pg_result_free_p) PgResult *result = NULL;
    PgParam params[] = {pg_uuid(id)};
    int r = call_query(call, sql, params, 1, &result);

    if (r == 0 && pg_rows(result) == 0)
        return call_refuse(call, API_NOT_FOUND, MISSING);
    return r;
}

static int find_running(ApiCall *call, const Uuid *id, CancelRow *ret_row) {
    static const char sql[] = "SELECT c.word, c.is_terminal, e.part, " SQL_ALLOWS(
        "t") " FROM headrace.execution e"
             " JOIN headrace.execution_status_code c ON c.code = e.status"
             " JOIN headrace.workflow_template t ON t.id = e.template_id"
             " WHERE e.id = $1 AND " SQL_SEES("t");
    _cleanup_(pg_result_free_p) PgResult *result = NULL;
    PgParam params[] = {pg_uuid(id)};
    int r = call_query(call, sql, params, 1, &result);

    if (r)
        return r;
    if (pg_rows(result) == 0) {
        r = check_accepted(call, id);
        if (r)
            return r;
        call->retry_after_s = 1;
        return call_refuse(call, API_CONFLICT,
                           STR("No coordinator has started it yet; try again in a moment."));
    }
    if (!pg_bool(result, 0, 3))
        return call_refuse(call, API_FORBIDDEN,
                           STR("The workflow lets this key see it, but not do that."));
    ret_row->status = str_copy(&call->arena, pg_str(result, 0, 0));
    ret_row->is_terminal = pg_bool(result, 0, 1);
    ret_row->part = (uint32_t)pg_int(result, 0, 2);
    return 0;
}

static void send_cancel(ApiCall *call, const Uuid *id, uint32_t part, Str reason) {
    call->after = AFTER_COMMAND;
    call->partition = part;
    call->command = (Command){
        .type = COMMAND_CANCEL,
        .tenant = call->principal.tenant,
        .execution = {*id},
        .request = str_of(call->request_id.text),
        .reason = reason,
        .actor = str_of(call->principal.user),
        .at_ms = clock_now_ms(),
    };
}

int executions_cancel(ApiCall *call) {
    CancelBody body = {0};
    CancelRow row = {0};
    UuidText text;
    Uuid id;
    int r = resolve(call, &id);

    if (r == 0)
        r = find_running(call, &id, &row);
    if (r == 0)
        r = body_read(call, cancel_fields, ARRAY_SIZE(cancel_fields), &body);
    if (r == 0)
        r = call_check_problems(call);
    if (r)
        return r;
    text = uuid_text(id);
    if (row.is_terminal && !str_is(row.status, "CANCELLED"))
        return call_refuse(
            call, API_CONFLICT,
            str_printf(&call->arena, "It has ended already: %.*s.", STR_ARGS(row.status)));
    if (!row.is_terminal) {
        send_cancel(call, &id, row.part, json_str(body.reason));
        r = call_audit(call, &(CallAudit){"cancel", "execution", str_of(text.text), STR_NONE});
    }
    return r ? r
             : call_answer(call, row.is_terminal ? 200 : 202,
                           str_printf(&call->arena, "{\"executionId\":\"%s\",\"status\":\"%s\"}",
                                      text.text, row.is_terminal ? "CANCELLED" : "CANCELLING"));
}
