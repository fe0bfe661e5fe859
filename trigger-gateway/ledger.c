/*
 * Look-ups and notes in batches.
 *
 * Runs on: loop; look_up() and note() in a lane.
 */

#include "trigger-gateway/ledger.h"

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/io/log.h"
#include "common/io/pg.h"

#define BATCH_MAX 500

static const char sql_look_up[] = "SELECT k.key, k.execution_id FROM unnest($1::uuid[]) AS a(key)"
                                  " JOIN headrace.execution_key k ON k.key = a.key";

static const char sql_note[] =
    "INSERT INTO headrace.execution_key (key, tenant_id, execution_id, accepted_at)"
    " SELECT DISTINCT ON (a.key) a.key, a.tenant_id, a.execution_id,"
    " headrace.id_time(a.execution_id)"
    " FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS a(key, tenant_id, execution_id)"
    " ORDER BY a.key, a.execution_id ON CONFLICT DO NOTHING";

typedef struct Batch {
    LedgerEntry *entries[BATCH_MAX];
    uint32_t count;
} Batch;

/* One kind of question: at most one batch of it is under way. */
typedef struct Queue {
    LanePool *lanes;
    void (*work_fn)(void *lane, void *context);
    ListNode waiting;
    Batch batch; /* under way */
} Queue;

struct Ledger {
    Queue look_ups;
    Queue notes;
};

/* In the lane ------------------------------------------------------------------------------- */

static void answer(const Batch *batch, const PgResult *rows) {
    for (uint32_t row = 0; row < pg_rows(rows); row++) {
        Uuid key = pg_get_uuid(rows, row, 0);

        for (uint32_t i = 0; i < batch->count; i++) {
            if (uuid_equal(batch->entries[i]->key, key))
                batch->entries[i]->execution = pg_get_uuid(rows, row, 1);
        }
    }
}

static void look_up(void *lane, void *context) {
    const Queue *queue = context;
    const Batch *batch = &queue->batch;
    PgArray *keys = pg_array_new(PG_ARRAY_UUID);
    PgResult *rows = NULL;
    PgParam param;

    for (uint32_t i = 0; i < batch->count; i++)
        pg_array_add_bytes(keys, uuid_bytes(&batch->entries[i]->key));
    param = pg_array_param(keys);
    if (pg_query(lane, sql_look_up, &param, 1, &rows) == 0)
        answer(batch, rows);
    pg_result_free(rows);
    pg_array_free(keys);
}

static void note(void *lane, void *context) {
    const Queue *queue = context;
    const Batch *batch = &queue->batch;
    PgArray *columns[] = {
        pg_array_new(PG_ARRAY_UUID),
        pg_array_new(PG_ARRAY_UUID),
        pg_array_new(PG_ARRAY_UUID),
    };
    PgParam params[ARRAY_SIZE(columns)];

    for (uint32_t i = 0; i < batch->count; i++) {
        pg_array_add_bytes(columns[0], uuid_bytes(&batch->entries[i]->key));
        pg_array_add_bytes(columns[1], uuid_bytes(&batch->entries[i]->tenant));
        pg_array_add_bytes(columns[2], uuid_bytes(&batch->entries[i]->execution));
    }
    for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
        params[i] = pg_array_param(columns[i]);
    /* Not noted here, it is noted by the coordinator when it starts the execution. */
    if (pg_query(lane, sql_note, params, ARRAY_SIZE(params), NULL))
        log_event(LOG_WARN, "ledger.unnoted", LOG_C("sqlstate", pg_failure(lane)->sqlstate));
    for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
        pg_array_free(columns[i]);
}

/* On the loop ------------------------------------------------------------------------------- */

static void batch_done(void *context);

/* True: a batch is under way, or nothing waits. False: the lanes do not take the batch. */
static bool begin(Queue *queue) {
    Batch *batch = &queue->batch;

    CHECK(batch->count == 0);
    while (batch->count < BATCH_MAX && !list_is_empty(&queue->waiting)) {
        ListNode *node = list_first(&queue->waiting);

        list_drop(node);
        batch->entries[batch->count++] = CONTAINER_OF(node, LedgerEntry, node);
    }
    return batch->count == 0 || lane_pool_run(queue->lanes, queue->work_fn, batch_done, queue) == 0;
}

static Batch take(Queue *queue) {
    Batch batch = queue->batch;

    queue->batch.count = 0;
    return batch;
}

static void tell(const Batch *batch) {
    for (uint32_t i = 0; i < batch->count; i++)
        batch->entries[i]->done_fn(batch->entries[i]->context);
}

/* The next batch goes out before anybody hears of this one. Who is told may ask again. */
static void batch_done(void *context) {
    Queue *queue = context;
    Batch done = take(queue);

    while (queue->batch.count == 0 && !begin(queue)) {
        Batch passed_over = take(queue);

        log_event(LOG_WARN, "ledger.passed_over", LOG_INT("count", passed_over.count));
        tell(&passed_over);
    }
    tell(&done);
}

static bool ask(Queue *queue, LedgerEntry *entry) {
    list_push_last(&queue->waiting, &entry->node);
    if (queue->batch.count > 0 || begin(queue))
        return true;
    take(queue);
    return false;
}

bool ledger_look_up(Ledger *ledger, LedgerEntry *entry) {
    entry->execution = (Uuid){0};
    return ask(&ledger->look_ups, entry);
}

bool ledger_note(Ledger *ledger, LedgerEntry *entry) {
    return ask(&ledger->notes, entry);
}

static void queue_init(Queue *queue, LanePool *lanes, void (*work_fn)(void *lane, void *context)) {
    queue->lanes = lanes;
    queue->work_fn = work_fn;
    list_init(&queue->waiting);
}

Ledger *ledger_new(LanePool *lanes) {
    Ledger *ledger = alloc_zero(sizeof *ledger);

    queue_init(&ledger->look_ups, lanes, look_up);
    queue_init(&ledger->notes, lanes, note);
    return ledger;
}

Ledger *ledger_free(Ledger *ledger) {
    return alloc_free(ledger);
}
