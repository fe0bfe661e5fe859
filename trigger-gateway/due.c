/*
 * Claims on schedules.
 *
 * Runs on: lane.
 */

#include "trigger-gateway/due.h"

#include "common/base/check.h"
#include "common/base/defs.h"
#include "common/io/log.h"
#include "common/io/zone.h"
#include "common/json/json.h"

/* Whether the template may start anything is asked here; what it may not, passes by unfired. */
static const char sql_claim[] =
    "WITH due AS ("
    " SELECT s.tenant_id, s.template_id, s.trigger_id FROM headrace.schedule s"
    " WHERE s.enabled AND s.next_fire_at <= now()"
    " AND (s.claimed_until IS NULL OR s.claimed_until < now())"
    " ORDER BY s.next_fire_at LIMIT $3 FOR UPDATE SKIP LOCKED"
    "), claimed AS ("
    " UPDATE headrace.schedule s SET claimed_by = $1,"
    " claimed_until = now() + $2 * interval '1 ms'"
    " FROM due d WHERE s.tenant_id = d.tenant_id AND s.template_id = d.template_id"
    " AND s.trigger_id = d.trigger_id"
    " RETURNING s.tenant_id, s.template_id, s.trigger_id, s.version_id, s.cron, s.timezone, s.rev,"
    " s.next_fire_at)"
    " SELECT c.tenant_id, c.template_id, c.trigger_id, c.cron, c.timezone, c.rev,"
    " c.next_fire_at::text, floor(extract(epoch FROM c.next_fire_at) * 1000)::bigint,"
    " floor(extract(epoch FROM now()) * 1000)::bigint, coalesce(g.config, '{}')::text,"
    " coalesce(n.is_active AND t.is_active AND t.status IN ('PUBLISHED', 'DEPRECATED')"
    " AND t.active_version_id = c.version_id, false)"
    " FROM claimed c"
    " LEFT JOIN headrace.tenant n ON n.id = c.tenant_id"
    " LEFT JOIN headrace.workflow_template t ON t.tenant_id = c.tenant_id AND t.id = c.template_id"
    " LEFT JOIN headrace.workflow_trigger g ON g.tenant_id = c.tenant_id"
    " AND g.template_id = c.template_id AND g.version_id = c.version_id AND g.id = c.trigger_id";

static const char sql_advance[] =
    "UPDATE headrace.schedule s SET next_fire_at = a.next_fire_at,"
    " last_fired_at = coalesce(a.last_fired_at, s.last_fired_at),"
    " claimed_by = NULL, claimed_until = NULL"
    " FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::text[],"
    " $7::timestamptz[], $8::timestamptz[])"
    " AS a(tenant_id, template_id, trigger_id, rev, claimed_at, next_fire_at, last_fired_at)"
    " WHERE s.tenant_id = a.tenant_id AND s.template_id = a.template_id"
    " AND s.trigger_id = a.trigger_id AND s.claimed_by = $1 AND s.rev = a.rev"
    " AND s.next_fire_at = a.claimed_at::timestamptz";

static const char sql_let_go[] =
    "UPDATE headrace.schedule s SET claimed_by = NULL, claimed_until = NULL"
    " FROM unnest($2::uuid[], $3::uuid[], $4::text[]) AS a(tenant_id, template_id, trigger_id)"
    " WHERE s.tenant_id = a.tenant_id AND s.template_id = a.template_id"
    " AND s.trigger_id = a.trigger_id AND s.claimed_by = $1";

/* Claiming ---------------------------------------------------------------------------------- */

static CatchUp policy_of(Arena *arena, Str config) {
    CatchUp policy = CATCH_UP_ONE;
    Json value;

    if (json_parse(arena, config, JSON_LIMITS_DEFAULT, &value, NULL) == 0)
        catch_up_from_word(json_str(json_member(&value, STR("catchUp"))), &policy);
    return policy;
}

static void broken(DueRow *row, const char *why) {
    row->is_broken = true;
    log_event(LOG_ERROR, "schedule.broken", LOG_ID("tenant", row->tenant.uuid),
              LOG_ID("template", row->template_id.uuid), LOG_TEXT("trigger", row->trigger),
              LOG_C("why", why));
}

static void owe(DueRow *row, FiringsOrder *order, bool can_start, Arena *arena) {
    CronMistake mistake;
    ZoneRules zone;
    Cron cron;

    order->cron = &cron;
    order->zone = &zone;
    if (cron_parse(row->cron, &cron, &mistake)) {
        broken(row, mistake.message);
    } else if (zone_find(row->timezone, &zone)) {
        broken(row, "this machine's tzdata does not know the time zone");
    } else {
        row->firings = firings_due(order, arena);
        row->firings.count = can_start ? row->firings.count : 0;
    }
}

static void read_row(const PgResult *result, uint32_t number, const DueClaim *claim, Arena *arena,
                     DueRow *ret_row) {
    FiringsOrder order = {
        .first_ms = pg_int(result, number, 7),
        .now_ms = MAX(pg_int(result, number, 7), pg_int(result, number, 8)),
        .policy = policy_of(arena, str_copy(arena, pg_str(result, number, 9))),
        .missed_max = claim->missed_max,
    };

    *ret_row = (DueRow){
        .tenant = {pg_get_uuid(result, number, 0)},
        .template_id = {pg_get_uuid(result, number, 1)},
        .trigger = str_copy(arena, pg_str(result, number, 2)),
        .cron = str_copy(arena, pg_str(result, number, 3)),
        .timezone = str_copy(arena, pg_str(result, number, 4)),
        .rev = pg_int(result, number, 5),
        .claimed_at = str_copy(arena, pg_str(result, number, 6)),
    };
    owe(ret_row, &order, pg_bool(result, number, 10), arena);
    if (ret_row->firings.left_out > 0)
        log_event(LOG_WARN, "schedule.missed", LOG_ID("tenant", ret_row->tenant.uuid),
                  LOG_ID("template", ret_row->template_id.uuid),
                  LOG_TEXT("trigger", ret_row->trigger),
                  LOG_INT("count", (int64_t)ret_row->firings.left_out));
}

int due_claim(Pg *pg, const DueClaim *claim, Arena *arena, DueRow **ret_rows, uint32_t *ret_count) {
    const PgParam params[] = {
        pg_text(str_of(claim->claimer)),
        pg_number(claim->claim_ms),
        pg_number(claim->row_max),
    };
    PgResult *result = NULL;
    DueRow *rows;
    int r = pg_query(pg, sql_claim, params, ARRAY_SIZE(params), &result);

    if (r)
        return r;
    rows = arena_zero(arena, (pg_rows(result) + 1) * sizeof *rows);
    for (uint32_t i = 0; i < pg_rows(result); i++)
        read_row(result, i, claim, arena, &rows[i]);
    *ret_rows = rows;
    *ret_count = pg_rows(result);
    pg_result_free(result);
    return 0;
}

/* Advancing --------------------------------------------------------------------------------- */

enum { TENANTS, TEMPLATES, TRIGGERS, REVS, CLAIMED, NEXT, LAST, _COLUMN_COUNT };

static const PgArrayType column_types[_COLUMN_COUNT] = {
    [TENANTS] = PG_ARRAY_UUID,     [TEMPLATES] = PG_ARRAY_UUID, [TRIGGERS] = PG_ARRAY_TEXT,
    [REVS] = PG_ARRAY_INT64,       [CLAIMED] = PG_ARRAY_TEXT,   [NEXT] = PG_ARRAY_TIMESTAMPTZ,
    [LAST] = PG_ARRAY_TIMESTAMPTZ,
};

typedef struct Columns {
    PgArray *arrays[_COLUMN_COUNT];
} Columns;

static void columns_open(Columns *columns) {
    for (int i = 0; i < _COLUMN_COUNT; i++)
        columns->arrays[i] = pg_array_new(column_types[i]);
}

static void columns_close(Columns *columns) {
    for (int i = 0; i < _COLUMN_COUNT; i++)
        pg_array_free(columns->arrays[i]);
}

static void add_instant(PgArray *array, bool is_there, int64_t instant_ms) {
    if (is_there)
        pg_array_add_int(array, instant_ms);
    else
        pg_array_add_null(array);
}

static void add_row(Columns *columns, const DueRow *row) {
    const Firings *firings = &row->firings;

    pg_array_add_bytes(columns->arrays[TENANTS], uuid_bytes(&row->tenant.uuid));
    pg_array_add_bytes(columns->arrays[TEMPLATES], uuid_bytes(&row->template_id.uuid));
    pg_array_add_bytes(columns->arrays[TRIGGERS], row->trigger);
    pg_array_add_int(columns->arrays[REVS], row->rev);
    pg_array_add_bytes(columns->arrays[CLAIMED], row->claimed_at);
    add_instant(columns->arrays[NEXT], firings->has_next, firings->next_ms);
    add_instant(columns->arrays[LAST], firings->count > 0,
                firings->count > 0 ? firings->instants_ms[firings->count - 1] : 0);
}

static void send_columns(Pg *pg, const char *sql, const char *claimer, Columns *columns,
                         int column_count) {
    PgParam params[_COLUMN_COUNT + 1] = {pg_text(str_of(claimer))};

    for (int i = 0; i < column_count; i++)
        params[i + 1] = pg_array_param(columns->arrays[i]);
    pg_send(pg, sql, params, (uint32_t)column_count + 1);
}

int due_advance(Pg *pg, const char *claimer, const DueRow *rows, uint32_t count) {
    Columns moved, all;
    int r;

    columns_open(&moved);
    columns_open(&all);
    for (uint32_t i = 0; i < count; i++) {
        if (rows[i].is_broken)
            continue;
        add_row(&all, &rows[i]);
        if (!rows[i].has_failed)
            add_row(&moved, &rows[i]);
    }
    pg_begin(pg);
    send_columns(pg, sql_advance, claimer, &moved, _COLUMN_COUNT);
    send_columns(pg, sql_let_go, claimer, &all, REVS);
    r = pg_finish(pg, true, NULL, 0);
    columns_close(&moved);
    columns_close(&all);
    return r;
}
