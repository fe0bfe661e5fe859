/* Writing a batch: the fence, the rows, the commit; and finding out what became of an unknown one.
 */

#include "coordinator/store.h"

#include "common/base/check.h"
#include "common/io/clock.h"
#include "common/io/log.h"
#include "coordinator/store_private.h"

#define FENCE_COLUMNS 10

/*
 * The update moves every partition of the batch on; when one of them is not as we left it, the
 * count is too small and the statement raises. The rest of the pipeline is then ignored by the
 * server.
 */
static const char sql_fence[] =
    "WITH moved AS (UPDATE headrace.engine_partition p SET txn = p.txn + 1, next_event = u.e1,"
    " next_result = u.r1, acked_txn = u.acked, lease_until = now() + $10::int * interval '1 ms'"
    " FROM unnest($1::smallint[], $2::int[], $3::uuid[], $4::bigint[], $5::bigint[],"
    " $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[])"
    " u(part, epoch, nonce, txn, e0, r0, e1, r1, acked)"
    " WHERE (p.part, p.epoch, p.owner_nonce, p.txn, p.next_event, p.next_result) ="
    " (u.part, u.epoch, u.nonce, u.txn, u.e0, u.r0) RETURNING 1)"
    " SELECT CASE WHEN count(*) = cardinality($1::smallint[]) THEN 1"
    " ELSE headrace.raise_fenced() END FROM moved";

static const char sql_rows_of[] =
    "SELECT part, epoch, owner_nonce, txn FROM headrace.engine_partition"
    " WHERE part = ANY($1::smallint[])";

static const PgArrayType fence_types[FENCE_COLUMNS - 1] = {
    PG_ARRAY_INT16, PG_ARRAY_INT32, PG_ARRAY_UUID,  PG_ARRAY_INT64, PG_ARRAY_INT64,
    PG_ARRAY_INT64, PG_ARRAY_INT64, PG_ARRAY_INT64, PG_ARRAY_INT64,
};

/* Where the partitions' offsets will stand after the batch: behind its last message of each log. */
static void offsets_after(const Lane *lane, const Partition *partition, int64_t *ret_event,
                          int64_t *ret_result) {
    *ret_event = partition->next_event;
    *ret_result = partition->next_result;
    for (uint32_t i = lane->save_first; i < lane->save_last; i++) {
        const Message *message = &lane->messages[i];

        if (message->partition != partition)
            continue;
        if (message->source == SOURCE_EVENTS)
            *ret_event = MAX(*ret_event, message->offset + 1);
        if (message->source == SOURCE_RESULTS)
            *ret_result = MAX(*ret_result, message->offset + 1);
    }
}

static void add_fence_row(const Lane *lane, const Partition *partition, PgArray **columns) {
    int64_t next_event, next_result;

    offsets_after(lane, partition, &next_event, &next_result);
    pg_array_add_int(columns[0], partition->number);
    pg_array_add_int(columns[1], partition->epoch);
    pg_array_add_bytes(columns[2], uuid_bytes(&partition->nonce));
    pg_array_add_int(columns[3], partition->txn);
    pg_array_add_int(columns[4], partition->next_event);
    pg_array_add_int(columns[5], partition->next_result);
    pg_array_add_int(columns[6], next_event);
    pg_array_add_int(columns[7], next_result);
    pg_array_add_int(columns[8], partition->acked_txn);
}

static void send_fence(Lane *lane, const bool *is_touched) {
    PgArray *columns[FENCE_COLUMNS - 1];
    PgParam params[FENCE_COLUMNS];

    for (uint32_t i = 0; i < FENCE_COLUMNS - 1; i++)
        columns[i] = pg_array_new(fence_types[i]);
    for (uint32_t number = 0; number < lane->partition_count; number++)
        if (is_touched[number])
            add_fence_row(lane, lane->partitions[number], columns);
    for (uint32_t i = 0; i < FENCE_COLUMNS - 1; i++)
        params[i] = pg_array_param(columns[i]);
    params[FENCE_COLUMNS - 1] = pg_number(lane->config->lease_ms);
    pg_send(lane->pg, sql_fence, params, FENCE_COLUMNS);
    for (uint32_t i = 0; i < FENCE_COLUMNS - 1; i++)
        pg_array_free(columns[i]);
}

static void send_table(Lane *lane, WorkTable table) {
    PgParam params[WORK_COLUMNS_MAX];
    uint32_t count = work_column_count(table);

    if (!work_has_rows(&lane->work, table))
        return;
    for (uint32_t column = 0; column < count; column++)
        params[column] = pg_array_param(lane->work.columns[table][column]);
    pg_send(lane->pg, work_sql(table), params, count);
}

static void move_on(Lane *lane, const bool *is_touched) {
    int64_t now_ms = clock_monotonic_ms();

    for (uint32_t number = 0; number < lane->partition_count; number++) {
        Partition *partition = lane->partitions[number];

        if (!is_touched[number])
            continue;
        offsets_after(lane, partition, &partition->next_event, &partition->next_result);
        partition->txn++;
        partition->leased_ms = now_ms;
    }
}

typedef enum CommitFate { COMMIT_DONE, COMMIT_NOT_DONE, COMMIT_LOST } CommitFate;

static CommitFate fate_of_row(const Lane *lane, const PgResult *result, uint32_t row) {
    const Partition *partition = lane_partition(lane, (int32_t)pg_int(result, row, 0));

    if (partition == NULL || pg_int(result, row, 1) != partition->epoch ||
        pg_is_null(result, row, 2) || !uuid_equal(pg_get_uuid(result, row, 2), partition->nonce))
        return COMMIT_LOST;
    if (pg_int(result, row, 3) == partition->txn + 1)
        return COMMIT_DONE;
    return pg_int(result, row, 3) == partition->txn ? COMMIT_NOT_DONE : COMMIT_LOST;
}

static CommitFate fate_of_rows(const Lane *lane, const PgResult *result) {
    CommitFate fate = COMMIT_LOST;

    for (uint32_t row = 0; row < pg_rows(result); row++) {
        CommitFate of_row = fate_of_row(lane, result, row);

        if (row > 0 && of_row != fate)
            return COMMIT_LOST; /* one transaction: they move together, or we see a stranger */
        fate = of_row;
    }
    return fate;
}

/* The connection went away while COMMIT was under way: the fence rows know. */
static int resolve_commit(Lane *lane, const bool *is_touched) {
    PgArray *parts = pg_array_new(PG_ARRAY_INT16);
    PgResult *result = NULL;
    PgParam param;
    CommitFate fate;
    int r;

    for (uint32_t number = 0; number < lane->partition_count; number++)
        if (is_touched[number])
            pg_array_add_int(parts, number);
    param = pg_array_param(parts);
    r = pg_query(lane->pg, sql_rows_of, &param, 1, &result);
    pg_array_free(parts);
    if (r)
        return STORE_E_FENCED; /* still unknown: let go; the next owner reads the truth */
    fate = fate_of_rows(lane, result);
    pg_result_free(result);
    log_event(LOG_WARN, "store.commit_resolved", LOG_C("lane", lane->name),
              LOG_C("fate", fate == COMMIT_DONE       ? "committed"
                            : fate == COMMIT_NOT_DONE ? "not committed"
                                                      : "moved on"));
    switch (fate) {
    case COMMIT_DONE:
        return 0;
    case COMMIT_NOT_DONE:
        return STORE_E_UNAVAILABLE;
    case COMMIT_LOST:
        return STORE_E_FENCED;
    }
    CHECK_UNREACHABLE();
}

int store_save(Lane *lane, const bool *is_touched) {
    int r;

    pg_begin(lane->pg);
    pg_send(lane->pg, "BEGIN", NULL, 0);
    send_fence(lane, is_touched);
    for (uint32_t table = 0; table < _WORK_TABLE_COUNT; table++)
        send_table(lane, (WorkTable)table);
    pg_send(lane->pg, "COMMIT", NULL, 0);
    r = pg_finish(lane->pg, true, NULL, 0);
    if (r == PG_E_UNKNOWN)
        r = resolve_commit(lane, is_touched);
    else if (r)
        r = store_refusal(lane, r);
    if (r) {
        if (pg_is_connected(lane->pg))
            pg_exec(lane->pg, "ROLLBACK");
        return r;
    }
    move_on(lane, is_touched);
    return 0;
}
