/* The rows by which a version's steps and triggers are found. */

#include "trigger-gateway/api/projection.h"

#include <string.h>

#include "common/base/check.h"
#include "common/io/clock.h"
#include "trigger-gateway/api/body.h"

/* $4: [{"node": 3, "parent": "loop" or null, "step": as the author wrote it}] */
static const char sql_steps[] =
    "INSERT INTO headrace.workflow_step (tenant_id, template_id, version_id, id, node, parent_id,"
    " name, type, integration_id, integration_action_id, next_steps, on_error_steps, condition,"
    " input_mappings, output_mappings, connection_id, config, retry, timeout_ms, \"join\","
    " \"position\", created_by)"
    " SELECT $1, $2, $3, s.step ->> 'id', s.node, s.parent,"
    " coalesce(s.step ->> 'name', s.step ->> 'id'), s.step ->> 'type',"
    " s.step ->> 'integrationId', s.step ->> 'integrationActionId',"
    " ARRAY(SELECT json_array_elements_text(coalesce(s.step -> 'nextSteps', '[]'))),"
    " coalesce(s.step -> 'onErrorSteps', '[]'), s.step ->> 'condition',"
    " s.step -> 'inputMappings', s.step -> 'outputMappings', s.step ->> 'connectionId',"
    " coalesce(s.step -> 'config', '{}'), s.step -> 'retry',"
    " (s.step ->> 'timeoutMs')::numeric::bigint, s.step -> 'join', s.step -> 'position', $5"
    " FROM (SELECT (e ->> 'node')::smallint AS node, e ->> 'parent' AS parent, e -> 'step' AS step"
    "       FROM json_array_elements($4::json) e) s";

static const char sql_triggers[] =
    "INSERT INTO headrace.workflow_trigger (tenant_id, template_id, version_id, id, name, type,"
    " integration_id, integration_event_id, config, cron_expression, created_by)"
    " SELECT $1, $2, $3, t ->> 'id', coalesce(t ->> 'name', t ->> 'id'), t ->> 'type',"
    " t ->> 'integrationId', t ->> 'integrationEventId', coalesce(t -> 'config', '{}'),"
    " t ->> 'cronExpression', $5 FROM json_array_elements($4::json) t";

/* A trigger that was there before keeps its address and its switch. */
static const char sql_states[] =
    "INSERT INTO headrace.trigger_state (tenant_id, template_id, trigger_id, token, token_hash,"
    " path, created_by)"
    " SELECT $1, $2, s.id, s.token, sha256(convert_to(s.token, 'UTF8')), s.path, $3"
    " FROM unnest($4::text[], $5::text[], $6::text[]) s (id, token, path)"
    " ON CONFLICT (tenant_id, template_id, trigger_id) DO UPDATE SET path = excluded.path"
    " WHERE trigger_state.path <> excluded.path";

/* Steps ------------------------------------------------------------------------------------- */

static void add_step(const Projection *projection, JsonArray *rows, const Json *step) {
    const Plan *plan = projection->plan;
    uint32_t node = plan_find_node(plan, json_str(json_member(step, STR("id"))));
    JsonObject row = {.arena = rows->arena};
    uint32_t parent;

    CHECK(node != PLAN_NONE);
    parent = plan->nodes[node].parent;
    json_add(&row, STR("node"), json_integer(rows->arena, node));
    json_add(&row, STR("parent"),
             parent == PLAN_ROOT ? json_null() : json_string(plan->nodes[parent].id));
    json_add(&row, STR("step"), *step);
    json_push(rows, json_object_done(&row));
}

/* Bodies are nested at most NESTING_MAX deep: the plan has checked it. */
static void add_steps(const Projection *projection, JsonArray *rows, const Json *steps) {
    for (uint32_t i = 0; steps != NULL && i < steps->count; i++) {
        const Json *step = json_at(steps, i);

        add_step(projection, rows, step);
        add_steps(projection, rows, json_member(step, STR("steps")));
    }
}

static int store_list(ApiCall *call, const Projection *projection, const char *sql,
                      const Json *rows) {
    PgParam params[] = {
        pg_uuid(&call->principal.tenant.uuid), pg_uuid(&projection->row->id),
        pg_uuid(&projection->version),         body_json(call, rows),
        pg_text(str_of(call->principal.user)),
    };

    return call_query(call, sql, params, ARRAY_SIZE(params), NULL);
}

static int store_steps(ApiCall *call, const Projection *projection) {
    JsonArray rows = {.arena = &call->arena};
    Json list;

    add_steps(projection, &rows, json_member(projection->plan->definition, STR("steps")));
    list = json_array_done(&rows);
    return store_list(call, projection, sql_steps, &list);
}

/* Triggers ---------------------------------------------------------------------------------- */

static Str new_token(ApiCall *call) {
    uint8_t bytes[16];
    char *text = arena_alloc(&call->arena, 2 * sizeof bytes + 1);

    clock_random(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++) {
        text[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
        text[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
    }
    text[2 * sizeof bytes] = '\0';
    return str_of(text);
}

static int store_states(ApiCall *call, const Projection *projection) {
    const Plan *plan = projection->plan;
    _cleanup_(pg_array_free_p) PgArray *ids = pg_array_new(PG_ARRAY_TEXT);
    _cleanup_(pg_array_free_p) PgArray *tokens = pg_array_new(PG_ARRAY_TEXT);
    _cleanup_(pg_array_free_p) PgArray *paths = pg_array_new(PG_ARRAY_TEXT);
    PgParam params[6];

    for (uint32_t i = 0; i < plan->trigger_count; i++) {
        const PlanTrigger *trigger = &plan->triggers[i];
        Str path = json_str(json_member(trigger->config, STR("path")));

        pg_array_add_bytes(ids, trigger->id);
        pg_array_add_bytes(tokens, new_token(call));
        pg_array_add_bytes(paths, path.data ? path : STR(""));
    }
    params[0] = pg_uuid(&call->principal.tenant.uuid);
    params[1] = pg_uuid(&projection->row->id);
    params[2] = pg_text(str_of(call->principal.user));
    params[3] = pg_array_param(ids);
    params[4] = pg_array_param(tokens);
    params[5] = pg_array_param(paths);
    return call_query(call, sql_states, params, ARRAY_SIZE(params), NULL);
}

int projection_store(ApiCall *call, const Projection *projection) {
    const Json *triggers = json_member(projection->plan->definition, STR("triggers"));
    int r = store_steps(call, projection);

    if (r == 0 && projection->plan->trigger_count > 0) {
        r = store_list(call, projection, sql_triggers, triggers);
        if (r == 0)
            r = store_states(call, projection);
    }
    return r;
}
