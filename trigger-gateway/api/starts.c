/* POST /v1/templates/…/executions: a start by hand, once however often it is asked for. */

#include <errno.h>

#include "common/base/fault.h"
#include "common/io/clock.h"
#include "common/model/limits.h"
#include "trigger-gateway/api/body.h"
#include "trigger-gateway/api/route.h"
#include "trigger-gateway/api/template.h"

#define MANUAL STR("manual")

typedef struct StartBody {
    const Json *input;
    const Json *trigger;
} StartBody;

#define AT(member) offsetof(StartBody, member)

static const BodyField fields[] = {
    {"input",     BODY_ANY,  AT(input),   false, 0                },
    {"triggerId", BODY_TEXT, AT(trigger), false, STEP_ID_BYTES_MAX},
};

static int check_template(ApiCall *call, const TemplateRow *row) {
    if (str_is(row->status, "ARCHIVED"))
        return call_refuse(call, API_CONFLICT, STR("The workflow is archived: it starts nothing."));
    if (!row->is_active)
        return call_refuse(call, API_CONFLICT, STR("The workflow is inactive: it starts nothing."));
    if (!row->is_published)
        return call_refuse(call, API_CONFLICT, STR("The workflow has no version; publish it."));
    return 0;
}

/* A start may name a MANUAL trigger, whose edges it then takes. */
static int check_trigger(ApiCall *call, const TemplateRow *row, Str trigger) {
    static const char sql[] = "SELECT 1 FROM headrace.workflow_trigger g"
                              " LEFT JOIN headrace.trigger_state s ON s.tenant_id = g.tenant_id"
                              "  AND s.template_id = g.template_id AND s.trigger_id = g.id"
                              " WHERE g.version_id = $1 AND g.id = $2 AND g.type = 'MANUAL'"
                              " AND coalesce(s.enabled, true)";
    _cleanup_(pg_result_free_p) PgResult *result = NULL;
    PgParam params[] = {pg_uuid(&row->active_version), pg_text(trigger)};
    int r;

    if (trigger.length == 0)
        return 0;
    r = call_query(call, sql, params, 2, &result);
    if (r == 0 && pg_rows(result) == 0)
        call_complain(call, PROBLEM_INVALID_VALUE, STR("/triggerId"),
                      STR("The active version has no enabled MANUAL trigger of that id."));
    return r ? r : call_check_problems(call);
}

/* Idempotency-Key --------------------------------------------------------------------------- */

static Sha256 digest_of(const ApiCall *call, const TemplateRow *row) {
    Str pieces[] = {STR("POST"), STR("executions"), uuid_bytes(&row->id), call->body};

    return sha256_of_pieces(pieces, ARRAY_SIZE(pieces));
}

/*
 * The first request with a key takes it, inside the transaction that also settles the execution's
 * id; an equal one gets the same id and is sent to Kafka again, where it changes nothing.
 */
static int take_key(ApiCall *call, const TemplateRow *row) {
    static const char sql[] =
        "WITH taken AS (INSERT INTO headrace.api_answer AS a (tenant_id, key, route,"
        "  request_sha256) VALUES ($1, $2, $3, $4)"
        "  ON CONFLICT (tenant_id, key) DO UPDATE SET route = excluded.route, request_sha256 ="
        "  excluded.request_sha256, created_at = now(), expires_at = now() + interval '1 day'"
        "  WHERE a.expires_at < now() OR a.request_sha256 = excluded.request_sha256"
        "  RETURNING 1)"
        " SELECT count(*) FROM taken";
    _cleanup_(pg_result_free_p) PgResult *result = NULL;
    Sha256 digest = digest_of(call, row);
    PgParam params[] = {
        pg_uuid(&call->principal.tenant.uuid),
        pg_text(call->idempotency_key),
        pg_text(str_of(call->route->pattern)),
        pg_bytes(str_from((const char *)digest.bytes, SHA256_BYTES)),
    };
    int r;

    if (call->idempotency_key.length == 0)
        return 0;
    if (call->idempotency_key.length > CALL_KEY_BYTES_MAX || !str_is_utf8(call->idempotency_key))
        return call_refuse(call, API_INVALID_REQUEST,
                           STR("An Idempotency-Key has 1 to 255 characters."));
    r = call_query(call, sql, params, ARRAY_SIZE(params), &result);
    if (r == 0 && pg_int(result, 0, 0) == 0)
        return call_refuse(call, API_IDEMPOTENCY_KEY_REUSED,
                           STR("A request with another path or body came with this key."));
    return r;
}

/* The answer is kept for people who look; the id alone decides what a repeat is told. */
static int keep_answer(ApiCall *call) {
    static const char sql[] = "UPDATE headrace.api_answer SET status = $3, body = $4::json"
                              " WHERE tenant_id = $1 AND key = $2";
    PgParam params[] = {
        pg_uuid(&call->principal.tenant.uuid),
        pg_text(call->idempotency_key),
        pg_number(call->status),
        pg_text(buf_str(&call->answer)),
    };

    if (call->idempotency_key.length == 0)
        return 0;
    return call_query(call, sql, params, ARRAY_SIZE(params), NULL);
}

/* The execution ----------------------------------------------------------------------------- */

/*
 * Who sent no key repeats nothing: losing the row with the server's last moments costs an alias,
 * and the start itself is safe in Kafka. Waiting for the disk would cost more than all the rest.
 */
static int hurry_commit(ApiCall *call) {
    if (call->idempotency_key.length > 0)
        return 0;
    return pg_exec(call->pg, "SET LOCAL synchronous_commit = off");
}

static const char sql_settle[] =
    "WITH made AS (INSERT INTO headrace.execution_key (key, tenant_id, execution_id, accepted_at)"
    "  VALUES ($1, $2, $3, to_timestamp($4::bigint / 1000.0))"
    "  ON CONFLICT (key) DO NOTHING RETURNING execution_id)"
    " SELECT m.execution_id FROM made m"
    " UNION ALL SELECT k.execution_id FROM headrace.execution_key k WHERE k.key = $1";

/*
 * The first id stored for an event counts. One statement does not see what another transaction has
 * stored since it began; asked again, it does.
 */
static int settle_id(ApiCall *call, const ExecutionOrigin *origin, Uuid *ret_id) {
    ExecutionId id = execution_id(origin);
    Uuid key = execution_key(origin);
    PgParam params[] = {
        pg_uuid(&key),
        pg_uuid(&call->principal.tenant.uuid),
        pg_uuid(&id.uuid),
        pg_number(origin->accepted_ms),
    };

    for (int tries = 0; tries < 2; tries++) {
        _cleanup_(pg_result_free_p) PgResult *result = NULL;
        int r = call_query(call, sql_settle, params, ARRAY_SIZE(params), &result);

        if (r)
            return r;
        if (pg_rows(result) > 0) {
            *ret_id = pg_get_uuid(result, 0, 0);
            return 0;
        }
    }
    return fault_raise(-EPROTO);
}

/* `.trigger.body` and `.input` are the same value. */
static Str scope_of(ApiCall *call, const Json *input) {
    JsonMember body = {.key = STR("body"), .value = input ? *input : json_null()};
    Json scope = json_object(&body, 1);

    return json_text(&call->arena, &scope);
}

static int send_start(ApiCall *call, const TemplateRow *row, Str trigger, Str scope) {
    ExecutionOrigin origin = {
        .accepted_ms = clock_now_ms(),
        .tenant = call->principal.tenant,
        .template_id = {row->id},
        .trigger = trigger.length > 0 ? trigger : MANUAL,
        .event = call->idempotency_key.length > 0 ? call->idempotency_key
                                                  : str_of(call->request_id.text),
    };
    Uuid id;
    int r = hurry_commit(call);

    if (r == 0)
        r = settle_id(call, &origin, &id);
    if (r)
        return r;
    call->after = AFTER_START;
    call->start = (TriggerEvent){
        .tenant = call->principal.tenant,
        .template_id = {row->id},
        .trigger = trigger,
        .type = TRIGGER_MANUAL,
        .event = origin.event,
        .execution = {id},
        .accepted_ms = uuid_time_ms(id),
        .scope = scope,
        .traceparent = call->traceparent,
        .started_by = str_of(call->principal.user),
    };
    r = call_answer(call, 202,
                    str_printf(&call->arena, "{\"executionId\":\"%s\",\"status\":\"PENDING\"}",
                               uuid_text(id).text));
    call->location = str_printf(&call->arena, "/v1/executions/%s", uuid_text(id).text);
    return r ? r : keep_answer(call);
}

int executions_start(ApiCall *call) {
    StartBody body = {0};
    TemplateRow row;
    Str trigger, scope;
    int r = template_find(call, call->params[0], TEMPLATE_FOR_READING, &row);

    if (r == 0)
        r = body_read(call, fields, ARRAY_SIZE(fields), &body);
    if (r == 0)
        r = call_check_problems(call);
    if (r == 0)
        r = take_key(call, &row);
    if (r == 0)
        r = check_template(call, &row);
    if (r)
        return r;
    trigger = json_str(body.trigger);
    scope = scope_of(call, body.input);
    if (scope.length > PAYLOAD_BYTES_MAX)
        return call_refuse(call, API_TOO_LARGE, STR("An input has at most 512 KiB."));
    r = check_trigger(call, &row, trigger);
    return r ? r : send_start(call, &row, trigger, scope);
}
