/* Membership, leases, what a new owner reads first, timers, and the upkeep of tables. */

#include "coordinator/store.h"

#include <string.h>

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/io/clock.h"
#include "common/io/log.h"
#include "coordinator/store_private.h"

#define MS(column) "(extract(epoch FROM " column ") * 1000)::bigint"

static const char sql_beat[] = "INSERT INTO headrace.coordinator_member (id, beat_at, version)"
                               " VALUES ($1, now(), '" HEADRACE_VERSION "')"
                               " ON CONFLICT (id) DO UPDATE SET beat_at = now()";

static const char sql_live[] = "SELECT count(*) FROM headrace.coordinator_member"
                               " WHERE beat_at > now() - $1::int * interval '1 ms'";

/* Rows held by others are passed over, so that lanes that claim at once do not wait in line. */
static const char sql_claim[] =
    "UPDATE headrace.engine_partition p SET epoch = epoch + 1, owner_nonce = gen_random_uuid(),"
    " owner = $2, lease_until = now() + $3::int * interval '1 ms' WHERE part IN ("
    " SELECT part FROM headrace.engine_partition WHERE (owner_nonce IS NULL OR lease_until < now())"
    " AND part < $4::int ORDER BY part LIMIT $1::int FOR UPDATE SKIP LOCKED)"
    " RETURNING part, epoch, owner_nonce, txn, next_event, next_result, acked_txn";

static const char sql_renew[] =
    "UPDATE headrace.engine_partition p SET lease_until = now() + $5::int * interval '1 ms',"
    " acked_txn = greatest(p.acked_txn, u.acked)"
    " FROM unnest($1::smallint[], $2::uuid[], $3::bigint[], $4::bigint[]) u(part, nonce, txn, "
    "acked)"
    " WHERE p.part = u.part AND p.owner_nonce = u.nonce AND p.txn = u.txn RETURNING p.part";

static const char sql_release[] =
    "UPDATE headrace.engine_partition SET owner_nonce = NULL, owner = NULL, lease_until = now(),"
    " acked_txn = greatest(acked_txn, $3::bigint) WHERE part = $1::smallint AND owner_nonce = $2";

static const char sql_leave[] = "DELETE FROM headrace.coordinator_member WHERE id = $1";

static const char sql_opened[] =
    "SELECT opened, txn, " MS("turn_at") " FROM headrace.turn_log WHERE part = $1::smallint"
                                         " ORDER BY txn DESC, chunk";

/* 14 QUEUED, 20 RUNNING: work that was in flight for more than a second. */
static const char sql_old_work[] =
    "SELECT DISTINCT execution_id FROM headrace.open_step WHERE part = $1::smallint"
    " AND reason IN (14, 20)";

static const char sql_timers[] = "SELECT execution_id, node, visit, " MS(
    "due_at") " FROM headrace.open_step"
              " WHERE part = ANY($1::smallint[]) AND due_at > to_timestamp($2::float8 / 1000)"
              " AND due_at <= to_timestamp($3::float8 / 1000)";

static const char sql_trim[] =
    "DELETE FROM headrace.turn_log t USING unnest($1::smallint[], $2::bigint[]) u(part, low)"
    " WHERE t.part = u.part AND t.txn <= u.low";

static const char sql_partitions[] =
    "SELECT count(*), coalesce(max(upper_at)::text, '') FROM headrace.partitions_ensure()";
static const char sql_retention[] =
    "SELECT coalesce(string_agg(what || ' ' || name || ' ' || amount, ', '), '')"
    " FROM headrace.retention_apply() WHERE amount > 0";

int store_beat(Lane *lane, uint32_t *ret_live) {
    PgParam name = pg_text(str_of(lane->name));
    PgParam lease_param = pg_number(lane->config->lease_ms);
    PgResult *result = NULL;
    int r = pg_query(lane->pg, sql_beat, &name, 1, NULL);

    if (r == 0)
        r = pg_query(lane->pg, sql_live, &lease_param, 1, &result);
    if (r)
        return store_refusal(lane, r);
    *ret_live = (uint32_t)MAX(pg_int(result, 0, 0), (int64_t)1);
    pg_result_free(result);
    return 0;
}

static void own_row(Lane *lane, const PgResult *result, uint32_t row) {
    int32_t number = (int32_t)pg_int(result, row, 0);
    Partition *partition = partition_new(number);

    partition->epoch = (uint32_t)pg_int(result, row, 1);
    partition->nonce = pg_get_uuid(result, row, 2);
    partition->txn = pg_int(result, row, 3);
    partition->next_event = pg_int(result, row, 4);
    partition->next_result = pg_int(result, row, 5);
    partition->acked_txn = pg_int(result, row, 6);
    partition->claimed_ms = clock_monotonic_ms();
    partition->leased_ms = partition->claimed_ms;
    CHECK(lane->partitions[number] == NULL);
    lane->partitions[number] = partition;
}

int store_claim(Lane *lane, uint32_t wanted) {
    PgParam params[] = {
        pg_number(wanted),
        pg_text(str_of(lane->name)),
        pg_number(lane->config->lease_ms),
        pg_number(lane->partition_count),
    };
    PgResult *result = NULL;
    int r = pg_query(lane->pg, sql_claim, params, 4, &result);

    if (r)
        return store_refusal(lane, r);
    for (uint32_t row = 0; row < pg_rows(result); row++) {
        /* A lease of our own that ran out: whatever we knew of it is old. */
        lane_forget(lane, (int32_t)pg_int(result, row, 0));
        own_row(lane, result, row);
    }
    pg_result_free(result);
    return 0;
}

static void forget_missing(Lane *lane, const PgResult *renewed) {
    for (uint32_t number = 0; number < lane->partition_count; number++) {
        bool is_ours = false;

        if (lane->partitions[number] == NULL)
            continue;
        for (uint32_t row = 0; row < pg_rows(renewed); row++)
            is_ours = is_ours || pg_int(renewed, row, 0) == number;
        if (is_ours) {
            lane->partitions[number]->leased_ms = clock_monotonic_ms();
            continue;
        }
        log_event(LOG_WARN, "partition.lost", LOG_C("lane", lane->name),
                  LOG_INT("partition", number));
        lane_forget(lane, (int32_t)number);
    }
}

int store_renew(Lane *lane) {
    PgArray *parts = pg_array_new(PG_ARRAY_INT16), *nonces = pg_array_new(PG_ARRAY_UUID);
    PgArray *txns = pg_array_new(PG_ARRAY_INT64), *acked = pg_array_new(PG_ARRAY_INT64);
    PgResult *result = NULL;
    int r;

    for (uint32_t number = 0; number < lane->partition_count; number++) {
        const Partition *partition = lane->partitions[number];

        if (partition == NULL)
            continue;
        pg_array_add_int(parts, number);
        pg_array_add_bytes(nonces, uuid_bytes(&partition->nonce));
        pg_array_add_int(txns, partition->txn);
        pg_array_add_int(acked, partition->acked_txn);
    }
    PgParam params[] = {pg_array_param(parts), pg_array_param(nonces), pg_array_param(txns),
                        pg_array_param(acked), pg_number(lane->config->lease_ms)};

    r = pg_array_count(parts) ? pg_query(lane->pg, sql_renew, params, 5, &result) : 0;
    if (r == 0 && result != NULL)
        forget_missing(lane, result);
    pg_result_free(result);
    pg_array_free(parts);
    pg_array_free(nonces);
    pg_array_free(txns);
    pg_array_free(acked);
    return store_refusal(lane, r);
}

int store_release(Lane *lane, int32_t number) {
    const Partition *partition = lane_partition(lane, number);
    PgParam params[] = {pg_number(number), pg_uuid(&partition->nonce),
                        pg_number(partition->acked_txn)};

    return store_refusal(lane, pg_query(lane->pg, sql_release, params, 3, NULL));
}

int store_leave(Lane *lane) {
    PgParam name = pg_text(str_of(lane->name));

    return store_refusal(lane, pg_query(lane->pg, sql_leave, &name, 1, NULL));
}

/* What a new owner reads first -------------------------------------------------------------- */

typedef struct Opened {
    Arena *arena;
    Map seen;
    StoreOpened *out;
    uint32_t capacity;
} Opened;

static void note_opened(Opened *opened, Uuid id, int64_t txn, int64_t turn_ms) {
    StoreOpened *out = opened->out;

    if (map_set(&opened->seen, uuid_bytes(&id), opened) != NULL)
        return;
    if (out->count == opened->capacity) {
        uint32_t bigger = MAX(opened->capacity * 2, 64u);

        out->ids =
            arena_grow(opened->arena, out->ids, out->count * sizeof(Uuid), bigger * sizeof(Uuid));
        out->txns = arena_grow(opened->arena, out->txns, out->count * sizeof(int64_t),
                               bigger * sizeof(int64_t));
        out->turn_ms = arena_grow(opened->arena, out->turn_ms, out->count * sizeof(int64_t),
                                  bigger * sizeof(int64_t));
        opened->capacity = bigger;
    }
    out->ids[out->count] = id;
    out->txns[out->count] = txn;
    out->turn_ms[out->count++] = turn_ms;
}

static void note_log_row(Opened *opened, PgResult *result, uint32_t row) {
    Str ids = pg_get_bytes(result, row, 0);

    for (size_t at = 0; at + UUID_BYTES <= ids.length; at += UUID_BYTES) {
        Uuid id;

        memcpy(id.bytes, ids.data + at, UUID_BYTES);
        note_opened(opened, id, pg_int(result, row, 1), pg_int(result, row, 2));
    }
}

int store_read_opened(Lane *lane, const Partition *partition, Arena *arena,
                      StoreOpened *ret_opened) {
    Opened opened = {.arena = arena, .out = ret_opened};
    PgResult *results[2] = {0};
    PgParam param = pg_number(partition->number);
    int r;

    *ret_opened = (StoreOpened){0};
    pg_begin(lane->pg);
    pg_send(lane->pg, sql_opened, &param, 1);
    pg_send(lane->pg, sql_old_work, &param, 1);
    r = pg_finish(lane->pg, false, results, 2);
    if (r)
        return store_refusal(lane, r);
    map_init(&opened.seen, 0);
    for (uint32_t row = 0; row < pg_rows(results[0]); row++)
        note_log_row(&opened, results[0], row);
    for (uint32_t row = 0; row < pg_rows(results[1]); row++)
        note_opened(&opened, pg_get_uuid(results[1], row, 0), 0, 0);
    map_done(&opened.seen);
    pg_result_free(results[0]);
    pg_result_free(results[1]);
    return 0;
}

/* Timers ------------------------------------------------------------------------------------ */

int store_read_timers(Lane *lane, int32_t part, int64_t from_ms, int64_t to_ms) {
    PgArray *parts = pg_array_new(PG_ARRAY_INT16);
    PgResult *result = NULL;
    int r;

    for (uint32_t number = 0; number < lane->partition_count; number++)
        if (lane->partitions[number] != NULL && (part < 0 || part == (int32_t)number))
            pg_array_add_int(parts, number);
    PgParam params[] = {pg_array_param(parts), pg_number(from_ms), pg_number(to_ms)};

    r = pg_query(lane->pg, sql_timers, params, 3, &result);
    pg_array_free(parts);
    if (r)
        return store_refusal(lane, r);
    for (uint32_t row = 0; row < pg_rows(result); row++) {
        int64_t node = pg_int(result, row, 1);

        timers_add(&lane->timers, (Timer){
                                      .execution = {pg_get_uuid(result, row, 0)},
                                      .node = node < 0 ? PLAN_NONE : (uint32_t)node,
                                      .visit = (uint32_t)pg_int(result, row, 2),
                                      .due_ms = pg_int(result, row, 3),
                                  });
    }
    pg_result_free(result);
    return 0;
}

int store_trim_log(Lane *lane, const int64_t *lows) {
    PgArray *parts = pg_array_new(PG_ARRAY_INT16), *low = pg_array_new(PG_ARRAY_INT64);
    int r;

    for (uint32_t number = 0; number < lane->partition_count; number++) {
        if (lane->partitions[number] == NULL)
            continue;
        pg_array_add_int(parts, number);
        pg_array_add_int(low, lows[number]);
    }
    PgParam params[] = {pg_array_param(parts), pg_array_param(low)};

    r = pg_query(lane->pg, sql_trim, params, 2, NULL);
    pg_array_free(parts);
    pg_array_free(low);
    return store_refusal(lane, r);
}

int store_upkeep(Lane *lane, Buf *ret_text) {
    PgResult *result = NULL;
    int r = pg_query(lane->pg, sql_partitions, NULL, 0, &result);

    if (r)
        return store_refusal(lane, r);
    buf_printf(ret_text, "%lld partitions made", (long long)pg_int(result, 0, 0));
    result = pg_result_free(result);
    r = pg_query(lane->pg, sql_retention, NULL, 0, &result);
    if (r)
        return store_refusal(lane, r);
    buf_add_text(ret_text, "; retention: ");
    buf_add_str(ret_text, pg_str(result, 0, 0));
    pg_result_free(result);
    return 0;
}
