/* The SCHEDULED triggers of a version. */

#include "trigger-gateway/api/timetable.h"

#include <stdio.h>

#include "common/io/clock.h"
#include "common/io/zone.h"
#include "trigger-gateway/fire/cron.h"

bool timetable_parses_cron(void *context, Str cron, char ret_message[PLAN_CRON_MESSAGE_BYTES]) {
    CronMistake mistake = {.message = ""};
    Cron parsed;

    (void)context;
    if (cron_parse(cron, &parsed, &mistake) == 0)
        return true;
    snprintf(ret_message, PLAN_CRON_MESSAGE_BYTES, "%s", mistake.message);
    return false;
}

bool timetable_has_timezone(void *context, Str timezone) {
    ZoneRules rules;

    (void)context;
    return zone_find(timezone, &rules) == 0;
}

/* Ms since 1970; 0: never again. Both parse: the plan was compiled with them. */
static int64_t next_fire_ms(Str expression, Str timezone, int64_t now_ms) {
    ZoneRules zone;
    int64_t next_ms;
    Cron cron;

    if (cron_parse(expression, &cron, NULL) || zone_find(timezone, &zone))
        return 0;
    return cron_next(&cron, &zone, now_ms, &next_ms) ? next_ms : 0;
}

static const char sql_drop[] = "DELETE FROM headrace.schedule WHERE template_id = $1"
                               " AND trigger_id <> ALL ($2::text[])";

static const char sql_store[] =
    "INSERT INTO headrace.schedule AS s (tenant_id, template_id, trigger_id, version_id, cron,"
    " timezone, enabled, next_fire_at, created_by)"
    " SELECT $1, $2, n.id, $3, n.cron, n.zone, coalesce(t.enabled, true), n.next_at, $8"
    " FROM unnest($4::text[], $5::text[], $6::text[], $7::timestamptz[])"
    "  n (id, cron, zone, next_at)"
    " LEFT JOIN headrace.trigger_state t ON t.tenant_id = $1 AND t.template_id = $2"
    "  AND t.trigger_id = n.id"
    " ON CONFLICT (tenant_id, template_id, trigger_id) DO UPDATE"
    " SET version_id = excluded.version_id, cron = excluded.cron, timezone = excluded.timezone,"
    " enabled = excluded.enabled,"
    " next_fire_at = CASE WHEN (s.cron, s.timezone) = (excluded.cron, excluded.timezone)"
    "  AND s.enabled THEN s.next_fire_at ELSE excluded.next_fire_at END,"
    " rev = s.rev + CASE WHEN (s.cron, s.timezone, s.enabled)"
    "  = (excluded.cron, excluded.timezone, excluded.enabled) THEN 0 ELSE 1 END";

typedef struct Columns {
    PgArray *ids, *crons, *zones, *nexts;
} Columns;

static void add_schedule(Columns *columns, const PlanTrigger *trigger, int64_t now_ms) {
    int64_t next_ms = next_fire_ms(trigger->cron, trigger->timezone, now_ms);

    pg_array_add_bytes(columns->ids, trigger->id);
    pg_array_add_bytes(columns->crons, trigger->cron);
    pg_array_add_bytes(columns->zones, trigger->timezone);
    if (next_ms > 0)
        pg_array_add_int(columns->nexts, next_ms);
    else
        pg_array_add_null(columns->nexts);
}

static int store(ApiCall *call, const Projection *projection, Columns *columns) {
    PgParam drop[] = {pg_uuid(&projection->row->id), pg_array_param(columns->ids)};
    PgParam params[] = {
        pg_uuid(&call->principal.tenant.uuid), pg_uuid(&projection->row->id),
        pg_uuid(&projection->version),         pg_array_param(columns->ids),
        pg_array_param(columns->crons),        pg_array_param(columns->zones),
        pg_array_param(columns->nexts),        pg_text(str_of(call->principal.user)),
    };
    int r = call_query(call, sql_drop, drop, ARRAY_SIZE(drop), NULL);

    if (r || pg_array_count(columns->ids) == 0)
        return r;
    return call_query(call, sql_store, params, ARRAY_SIZE(params), NULL);
}

int timetable_store(ApiCall *call, const Projection *projection) {
    const Plan *plan = projection->plan;
    Columns columns = {
        .ids = pg_array_new(PG_ARRAY_TEXT),
        .crons = pg_array_new(PG_ARRAY_TEXT),
        .zones = pg_array_new(PG_ARRAY_TEXT),
        .nexts = pg_array_new(PG_ARRAY_TIMESTAMPTZ),
    };
    int64_t now_ms = clock_now_ms();
    int r;

    for (uint32_t i = 0; i < plan->trigger_count; i++)
        if (plan->triggers[i].type == TRIGGER_SCHEDULED)
            add_schedule(&columns, &plan->triggers[i], now_ms);
    r = store(call, projection, &columns);
    pg_array_free(columns.ids);
    pg_array_free(columns.crons);
    pg_array_free(columns.zones);
    pg_array_free(columns.nexts);
    return r;
}

int timetable_switch(ApiCall *call, const TemplateRow *row, Str trigger, bool is_enabled) {
    static const char sql_read[] = "SELECT s.cron, s.timezone FROM headrace.schedule s"
                                   " WHERE s.template_id = $1 AND s.trigger_id = $2";
    static const char sql_switch[] = "UPDATE headrace.schedule SET enabled = $3, rev = rev + 1,"
                                     " next_fire_at = CASE WHEN enabled = $3 THEN next_fire_at"
                                     "  ELSE to_timestamp(nullif($4::bigint, 0) / 1000.0) END"
                                     " WHERE template_id = $1 AND trigger_id = $2";
    _cleanup_(pg_result_free_p) PgResult *result = NULL;
    PgParam params[] = {pg_uuid(&row->id), pg_text(trigger), pg_flag(is_enabled), pg_number(0)};
    int r = call_query(call, sql_read, params, 2, &result);

    if (r || pg_rows(result) == 0)
        return r;
    params[3] = pg_number(next_fire_ms(pg_str(result, 0, 0), pg_str(result, 0, 1), clock_now_ms()));
    return call_query(call, sql_switch, params, ARRAY_SIZE(params), NULL);
}
