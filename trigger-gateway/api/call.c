/* One request in a lane: its transaction and its answer. */

#include "trigger-gateway/api/call.h"

#include <string.h>

#include "common/base/check.h"
#include "common/io/log.h"
#include "trigger-gateway/api/route.h"

/* Errors of PostgreSQL that mean something to the caller. */
static const struct {
    const char *sqlstate;
    ApiProblem problem;
    const char *detail;
} sql_problems[] = {
    {"22021", API_INVALID_REQUEST, "A path or parameter holds bytes that are no UTF-8 text."          },
    {"23505", API_CONFLICT,        "Something of that key or name is already there."                  },
    {"23503", API_CONFLICT,        "Something that this refers to, or that refers to this, is there." },
    {"40001", API_CONFLICT,        "Somebody else changed the same thing at the same time; try again."},
    {"40P01", API_CONFLICT,        "Somebody else changed the same thing at the same time; try again."},
    {"55P03", API_CONFLICT,        "Somebody else is changing the same thing; try again."             },
    {"57014", API_UNAVAILABLE,     "The database took too long."                                      },
};

int call_refuse(ApiCall *call, ApiProblem problem, Str detail) {
    buf_clear(&call->answer);
    api_problem_write(&call->answer, problem,
                      &(ApiProblemText){
                          .detail = detail,
                          .request_id = str_of(call->request_id.text),
                          .errors = &call->problems,
                      });
    call->status = api_problem_status(problem);
    call->is_problem = true;
    call->after = AFTER_NOTHING;
    call->etag = STR_NONE;
    call->location = STR_NONE;
    return CALL_REFUSED;
}

void call_complain(ApiCall *call, PlanProblemCode code, Str pointer, Str message) {
    plan_problem_add(&call->problems, &call->arena,
                     (PlanProblem){.code = code,
                                   .pointer = str_copy(&call->arena, pointer),
                                   .message = str_copy(&call->arena, message)});
}

int call_check_problems(ApiCall *call) {
    if (call->problems.count == 0)
        return 0;
    return call_refuse(call, API_VALIDATION_FAILED,
                       str_printf(&call->arena, "%u problem%s in the body; `errors` names each.",
                                  call->problems.count, call->problems.count == 1 ? "" : "s"));
}

int call_answer(ApiCall *call, uint32_t status, Str json) {
    buf_clear(&call->answer);
    buf_add_str(&call->answer, json);
    call->status = status;
    call->is_problem = false;
    return 0;
}

int call_answer_row(ApiCall *call, uint32_t status, const PgResult *result, Str missing) {
    if (pg_rows(result) == 0)
        return call_refuse(call, API_NOT_FOUND, missing);
    return call_answer(call, status, pg_str(result, 0, 0));
}

int call_page(ApiCall *call, CallPage *ret_page) {
    Str limit = call_param(call, "limit"), cursor = call_param(call, "cursor");
    CallPage page = {.limit = PAGE_LIMIT_DEFAULT};

    memset(page.after.bytes, 0xff, UUID_BYTES);
    if (limit.data != NULL && !str_to_int64(limit, 1, PAGE_LIMIT_MAX, &page.limit))
        return call_refuse(
            call, API_INVALID_REQUEST,
            str_printf(&call->arena, "limit must be a number from 1 to %d.", PAGE_LIMIT_MAX));
    if (cursor.data != NULL && !page_from_cursor(cursor, &page.after))
        return call_refuse(call, API_INVALID_REQUEST,
                           STR("cursor must be the nextCursor of an earlier answer."));
    *ret_page = page;
    return 0;
}

int call_answer_page(ApiCall *call, const CallPage *page, const PgResult *result) {
    uint32_t rows = pg_rows(result);
    uint32_t shown = rows > page->limit ? (uint32_t)page->limit : rows;

    buf_clear(&call->answer);
    buf_add_text(&call->answer, "{\"items\":[");
    for (uint32_t row = 0; row < shown; row++) {
        if (row > 0)
            buf_add_char(&call->answer, ',');
        buf_add_str(&call->answer, pg_str(result, row, 0));
    }
    buf_add_text(&call->answer, "],\"nextCursor\":");
    if (rows > shown)
        buf_printf(&call->answer, "\"%s\"}", page_cursor(pg_get_uuid(result, shown - 1, 1)).text);
    else
        buf_add_text(&call->answer, "null}");
    call->status = 200;
    call->is_problem = false;
    return 0;
}

int call_query(ApiCall *call, const char *sql, const PgParam *params, uint32_t count,
               PgResult **ret_result) {
    return pg_query(call->pg, sql, params, count, ret_result);
}

Str call_param(const ApiCall *call, const char *name) {
    for (uint32_t i = 0; i < call->query_count; i++)
        if (str_is(call->queries[i].name, name))
            return call->queries[i].value;
    return STR_NONE;
}

int call_check_params(ApiCall *call, const char *const *known) {
    for (uint32_t i = 0; i < call->query_count; i++) {
        Str name = call->queries[i].name;
        bool is_known = false;

        for (const char *const *word = known; *word != NULL; word++)
            is_known = is_known || str_is(name, *word);
        if (!is_known)
            return call_refuse(call, API_INVALID_REQUEST,
                               str_printf(&call->arena, "There is no query parameter '%.*s' here.",
                                          STR_ARGS(str_slice(name, 0, 64))));
    }
    return 0;
}

PgParam call_text(Str text) {
    return text.length == 0 ? pg_null() : pg_text(text);
}

PgParam call_uuid(Str text, Uuid *uuid) {
    return uuid_from_text(text, uuid) ? pg_uuid(uuid) : pg_null();
}

int call_audit(ApiCall *call, const CallAudit *audit) {
    static const char sql[] =
        "INSERT INTO headrace.audit_log (tenant_id, writer, actor, verb, object_kind, object_id,"
        " detail, prev_hash, hash, seq)"
        " VALUES ($1, 'api', $2, $3, $4, $5, $6::json, '', '', 0)";
    PgParam params[] = {
        pg_uuid(&call->principal.tenant.uuid),
        pg_text(str_of(call->principal.user)),
        pg_text(str_of(audit->verb)),
        pg_text(str_of(audit->kind)),
        pg_text(audit->id),
        call_text(audit->detail),
    };

    return call_query(call, sql, params, ARRAY_SIZE(params), NULL);
}

/* The transaction ------------------------------------------------------------------------- */

static int begin(ApiCall *call) {
    static const char sql_settings[] =
        "SELECT set_config('app.tenant', $1, true), set_config('app.user', $2, true),"
        " set_config('app.role', $3, true), set_config('app.open', $4, true),"
        " set_config('TimeZone', 'UTC', true),"
        /* The views are wide, their rows few: planning and compiling takes longer than running. */
        " set_config('jit', 'off', true),"
        " set_config('plan_cache_mode', 'force_generic_plan', true)";
    const Principal *principal = &call->principal;
    UuidText tenant = uuid_text(principal->tenant.uuid);
    PgParam params[] = {
        pg_text(str_of(tenant.text)),
        pg_text(str_of(principal->user)),
        pg_text(str_of(role_word(principal->role))),
        pg_text(verb_is_open(call->route->verb) ? STR("on") : STR("off")),
    };

    pg_begin(call->pg);
    pg_send(call->pg, "BEGIN", NULL, 0);
    pg_send(call->pg, sql_settings, params, ARRAY_SIZE(params));
    return pg_finish(call->pg, false, NULL, 0);
}

static void forget_answer(ApiCall *call) {
    buf_clear(&call->answer);
    call->problems = (PlanProblems){0};
    call->after = AFTER_NOTHING;
    call->status = 0;
    call->etag = STR_NONE;
    call->location = STR_NONE;
}

static int try_once(ApiCall *call) {
    int r;

    forget_answer(call);
    r = begin(call);
    if (r == 0)
        r = call->route->run(call);
    if (r == 0)
        return pg_exec(call->pg, "COMMIT");
    if (pg_is_connected(call->pg) && r != PG_E_SQL)
        pg_exec(call->pg, "ROLLBACK");
    return r;
}

static void refuse_sql(ApiCall *call) {
    const PgFailure *failure = pg_failure(call->pg);

    for (size_t i = 0; i < ARRAY_SIZE(sql_problems); i++) {
        if (strcmp(failure->sqlstate, sql_problems[i].sqlstate) == 0) {
            call_refuse(call, sql_problems[i].problem, str_of(sql_problems[i].detail));
            return;
        }
    }
    log_event(LOG_ERROR, "api.sql", LOG_C("request", call->request_id.text),
              LOG_C("route", call->route->pattern), LOG_C("sqlstate", failure->sqlstate),
              LOG_C("constraint", failure->constraint), LOG_C("message", failure->message));
    call_refuse(call, API_INTERNAL, STR("The requestId names the line of our log."));
}

void call_run(void *lane, void *context) {
    ApiCall *call = context;
    int r;

    call->pg = lane;
    r = try_once(call);
    /* The connection had died since its last use: nothing was done yet. */
    if (r == PG_E_UNAVAILABLE)
        r = try_once(call);
    if (r == 0 || r == CALL_REFUSED)
        return;
    call->problems = (PlanProblems){0};
    if (r == PG_E_SQL) {
        refuse_sql(call);
    } else if (r == PG_E_UNKNOWN || r == PG_E_UNAVAILABLE) {
        call->retry_after_s = 2;
        call_refuse(call, API_UNAVAILABLE, STR("The database cannot be reached."));
    } else {
        log_fault("api.fault", r, LOG_C("request", call->request_id.text),
                  LOG_C("route", call->route->pattern));
        call_refuse(call, API_INTERNAL, STR("The requestId names the line of our log."));
    }
}
