/* What one transaction writes: tables as columns, added to row by row, sent by unnest(). */

#include "coordinator/work.h"

#include <string.h>

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "coordinator/origin.h"

#define LOG_IDS_MAX 480 /* ids in one row of turn_log */
#define TASKS_MIN 64

static const char sql_executions[] =
    "INSERT INTO headrace.execution (id, part, tenant_id, template_id, version_id, vars_rev,"
    " status, started_at, trigger_id, created_by, traceparent, trigger, input)"
    " SELECT * FROM unnest($1::uuid[], $2::smallint[], $3::uuid[], $4::uuid[], $5::uuid[],"
    " $6::bigint[], $7::smallint[], $8::timestamptz[], $9::text[], $10::text[], $11::text[],"
    " $12::json[], $13::json[])";

static const char sql_keys[] =
    "INSERT INTO headrace.execution_key (key, tenant_id, execution_id, accepted_at)"
    " SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[])"
    " ON CONFLICT DO NOTHING";

static const char sql_steps[] =
    "INSERT INTO headrace.step_execution (execution_id, ord, node, scope, visit, attempt, status,"
    " reason, outcome, chain, run, cont, epoch, txn, opened_at, started_at, completed_at, input,"
    " output, error)"
    " SELECT * FROM unnest($1::uuid[], $2::int[], $3::smallint[], $4::bytea[], $5::smallint[],"
    " $6::smallint[], $7::smallint[], $8::smallint[], $9::text[], $10::int[], $11::bigint[],"
    " $12::bool[], $13::int[], $14::bigint[], $15::timestamptz[], $16::timestamptz[],"
    " $17::timestamptz[], $18::json[], $19::json[], $20::json[])";

static const char sql_wakes[] =
    "DELETE FROM headrace.open_step o"
    " USING unnest($1::smallint[], $2::uuid[], $3::smallint[], $4::bytea[], $5::smallint[])"
    " u(part, execution_id, node, scope, visit)"
    " WHERE o.part = u.part AND o.execution_id = u.execution_id AND o.node = u.node"
    " AND o.scope = u.scope AND o.visit = u.visit";

static const char sql_waits[] =
    "INSERT INTO headrace.open_step (part, execution_id, node, scope, visit, attempt, reason,"
    " chain, run, due_at, opened_at, started_at)"
    " SELECT * FROM unnest($1::smallint[], $2::uuid[], $3::smallint[], $4::bytea[],"
    " $5::smallint[], $6::smallint[], $7::smallint[], $8::int[], $9::bigint[],"
    " $10::timestamptz[], $11::timestamptz[], $12::timestamptz[])";

static const char sql_changes[] =
    "UPDATE headrace.execution e SET status = u.status, output = u.output, error = u.error,"
    " completed_at = u.completed_at, updated_at = now()"
    " FROM unnest($1::uuid[], $2::smallint[], $3::json[], $4::json[], $5::timestamptz[])"
    " u(id, status, output, error, completed_at) WHERE e.id = u.id";

static const char sql_late[] =
    "INSERT INTO headrace.late_result (execution_id, run, node, visit, attempt, status, scope, why)"
    " SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::smallint[], $4::smallint[],"
    " $5::smallint[], $6::smallint[], $7::bytea[], $8::text[])";

static const char sql_log[] =
    "INSERT INTO headrace.turn_log (part, txn, chunk, turn_at, opened)"
    " SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::smallint[], $4::timestamptz[],"
    " $5::bytea[])";

static const char sql_journal[] =
    "INSERT INTO headrace.journal (part, txn, seq, kind, execution_id, node, visit, attempt,"
    " status, reason, number, due_at, at)"
    " SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::int[], $4::text[], $5::uuid[],"
    " $6::smallint[], $7::smallint[], $8::smallint[], $9::smallint[], $10::smallint[],"
    " $11::bigint[], $12::timestamptz[], $13::timestamptz[])";

/* The types of a table's columns, one letter each. */
static const struct {
    char letter;
    PgArrayType type;
} column_types[] = {
    {'u', PG_ARRAY_UUID       },
    {'s', PG_ARRAY_INT16      },
    {'i', PG_ARRAY_INT32      },
    {'l', PG_ARRAY_INT64      },
    {'t', PG_ARRAY_TEXT       },
    {'j', PG_ARRAY_JSON       },
    {'b', PG_ARRAY_BYTEA      },
    {'f', PG_ARRAY_BOOL       },
    {'z', PG_ARRAY_TIMESTAMPTZ},
};

static const struct {
    const char *columns;
    const char *sql;
} tables[_WORK_TABLE_COUNT] = {
    [WORK_EXECUTIONS] = {"usuuulsztttjj",        sql_executions},
    [WORK_KEYS] = {"uuuz",                 sql_keys      },
    [WORK_STEPS] = {"uisbsssstilfilzzzjjj", sql_steps     },
    [WORK_WAKES] = {"susbs",                sql_wakes     },
    [WORK_WAITS] = {"susbsssilzzz",         sql_waits     },
    [WORK_CHANGES] = {"usjjz",                sql_changes   },
    [WORK_LATE] = {"ulssssbt",             sql_late      },
    [WORK_LOG] = {"slszb",                sql_log       },
    [WORK_JOURNAL] = {"slitussssslzz",        sql_journal   },
};

static PgArrayType type_of(char letter) {
    for (size_t i = 0; i < ARRAY_SIZE(column_types); i++)
        if (column_types[i].letter == letter)
            return column_types[i].type;
    CHECK_UNREACHABLE();
}

uint32_t work_column_count(WorkTable table) {
    return (uint32_t)strlen(tables[table].columns);
}

const char *work_sql(WorkTable table) {
    return tables[table].sql;
}

void work_init(Work *work, uint32_t partition_count) {
    *work = (Work){.log_count = partition_count};
    arena_init(&work->arena, 0);
    map_init(&work->waits, 0);
    map_init(&work->changes, 0);
    work->logs = alloc_array(partition_count, sizeof *work->logs);
    for (uint32_t table = 0; table < _WORK_TABLE_COUNT; table++)
        for (uint32_t column = 0; column < work_column_count((WorkTable)table); column++)
            work->columns[table][column] = pg_array_new(type_of(tables[table].columns[column]));
}

void work_done(Work *work) {
    for (uint32_t table = 0; table < _WORK_TABLE_COUNT; table++)
        for (uint32_t column = 0; column < work_column_count((WorkTable)table); column++)
            pg_array_free(work->columns[table][column]);
    for (uint32_t part = 0; part < work->log_count; part++)
        buf_done(&work->logs[part]);
    alloc_free(work->logs);
    alloc_free(work->tasks);
    map_done(&work->waits);
    map_done(&work->changes);
    arena_done(&work->arena);
    *work = (Work){0};
}

void work_reset(Work *work, uint64_t number, int64_t now_ms) {
    work->number = number;
    work->now_ms = now_ms;
    map_done(&work->waits);
    map_done(&work->changes);
    arena_reset(&work->arena);
    for (uint32_t table = 0; table < _WORK_TABLE_COUNT; table++)
        for (uint32_t column = 0; column < work_column_count((WorkTable)table); column++)
            pg_array_clear(work->columns[table][column]);
    for (uint32_t part = 0; part < work->log_count; part++)
        buf_clear(&work->logs[part]);
    work->task_count = 0;
    work->fault = 0;
    work->row_count = 0;
    work->started_count = 0;
    work->journal_count = 0;
}

bool work_has_rows(const Work *work, WorkTable table) {
    return pg_array_count(work->columns[table][0]) > 0;
}

/* Rows are written column by column; this walks the columns of one row. */
typedef struct Row {
    PgArray **columns;
    uint32_t next;
} Row;

static Row row_of(Work *work, WorkTable table) {
    return (Row){.columns = work->columns[table]};
}

static void put_int(Row *row, int64_t number) {
    pg_array_add_int(row->columns[row->next++], number);
}

static void put_text(Row *row, Str text) {
    pg_array_add_bytes(row->columns[row->next++], text);
}

static void put_uuid(Row *row, Uuid uuid) {
    put_text(row, uuid_bytes(&uuid));
}

static void put_null(Row *row) {
    pg_array_add_null(row->columns[row->next++]);
}

static void put_optional(Row *row, Str text) {
    if (text.length == 0)
        put_null(row);
    else
        put_text(row, text);
}

static void put_time(Row *row, int64_t ms) {
    if (ms == 0)
        put_null(row);
    else
        put_int(row, ms);
}

static void put_node(Row *row, uint32_t node) {
    put_int(row, node == PLAN_NONE ? -1 : (int64_t)node);
}

void work_start(Work *work, const WorkStart *start) {
    const TriggerEvent *event = start->event;
    Row row = row_of(work, WORK_EXECUTIONS);
    Uuid key;

    put_uuid(&row, event->execution.uuid);
    put_int(&row, start->part);
    put_uuid(&row, start->version->tenant.uuid);
    put_uuid(&row, start->version->template_id.uuid);
    put_uuid(&row, start->version->id.uuid);
    put_int(&row, start->vars_rev);
    put_int(&row, EXECUTION_RUNNING);
    put_time(&row, work->now_ms);
    put_text(&row, event->trigger);
    put_text(&row, event->started_by);
    put_optional(&row, event->traceparent);
    put_optional(&row, event->scope);
    put_optional(&row, event->input);
    work->started_count++;
    if (!start->has_key)
        return;
    key = origin_key(event->execution);
    row = row_of(work, WORK_KEYS);
    put_uuid(&row, key);
    put_uuid(&row, start->version->tenant.uuid);
    put_uuid(&row, event->execution.uuid);
    put_time(&row, event->accepted_ms);
}

void work_step(Work *work, const Slot *slot, const Partition *partition, const ExecRow *step) {
    Row row = row_of(work, WORK_STEPS);

    put_uuid(&row, slot->id.uuid);
    put_int(&row, step->ord);
    put_int(&row, step->node);
    put_text(&row, step->scope);
    put_int(&row, step->visit);
    put_int(&row, step->attempt);
    put_int(&row, step->status);
    put_int(&row, step->reason);
    put_optional(&row, step->outcome);
    if (step->chain == 0)
        put_null(&row);
    else
        put_int(&row, step->chain);
    if (step->run == 0)
        put_null(&row);
    else
        put_int(&row, (int64_t)step->run);
    put_int(&row, step->continues);
    put_int(&row, partition->epoch);
    put_int(&row, partition->txn + 1);
    put_time(&row, step->opened_ms);
    put_time(&row, step->started_ms);
    put_time(&row, step->completed_ms);
    put_optional(&row, step->input);
    put_optional(&row, step->output);
    put_optional(&row, step->error);
    work->row_count++;
}

/* What a batch last said of one row in open_step. */
typedef struct WaitWord {
    ExecutionId execution;
    int32_t part;
    bool is_wake;
    WorkWait wait;
} WaitWord;

typedef struct WaitKey {
    Uuid execution;
    uint32_t node;
    uint32_t visit;
} WaitKey;

static WaitWord *wait_word(Work *work, const Slot *slot, uint32_t node, uint32_t visit) {
    WaitKey key = {.execution = slot->id.uuid, .node = node, .visit = visit};
    Str bytes = str_from((const char *)&key, sizeof key);
    WaitWord *word = map_find(&work->waits, bytes);

    if (word == NULL) {
        word = arena_zero(&work->arena, sizeof *word);
        map_set(&work->waits, bytes, word);
    }
    word->execution = slot->id;
    word->part = slot->part;
    return word;
}

void work_wake(Work *work, const Slot *slot, uint32_t node, uint32_t visit) {
    WaitWord *word = wait_word(work, slot, node, visit);

    word->is_wake = true;
    word->wait = (WorkWait){.node = node, .visit = visit};
}

void work_wait(Work *work, const Slot *slot, const WorkWait *wait) {
    WaitWord *word = wait_word(work, slot, wait->node, wait->visit);

    word->is_wake = false;
    word->wait = *wait;
}

void work_change(Work *work, const Slot *slot, const WorkChange *change) {
    WorkChange *kept = arena_alloc(&work->arena, sizeof *kept);

    *kept = *change;
    kept->output = str_copy(&work->arena, change->output);
    kept->error = str_copy(&work->arena, change->error);
    map_set(&work->changes, uuid_bytes(&slot->id.uuid), kept);
}

static void settle_wait(Work *work, const WaitWord *word) {
    const WorkWait *wait = &word->wait;
    Row row = row_of(work, WORK_WAKES);

    put_int(&row, word->part);
    put_uuid(&row, word->execution.uuid);
    put_node(&row, wait->node);
    put_text(&row, STR_NONE);
    put_int(&row, wait->visit);
    if (word->is_wake)
        return;

    row = row_of(work, WORK_WAITS);
    put_int(&row, word->part);
    put_uuid(&row, word->execution.uuid);
    put_node(&row, wait->node);
    put_text(&row, STR_NONE);
    put_int(&row, wait->visit);
    put_int(&row, wait->attempt);
    put_int(&row, wait->reason);
    put_int(&row, wait->chain);
    put_int(&row, (int64_t)wait->run);
    put_time(&row, wait->due_ms);
    put_time(&row, wait->opened_ms);
    put_time(&row, wait->started_ms);
}

static void settle_change(Work *work, Str execution, const WorkChange *change) {
    Row row = row_of(work, WORK_CHANGES);

    put_text(&row, execution);
    put_int(&row, change->status);
    put_optional(&row, change->output);
    put_optional(&row, change->error);
    put_time(&row, change->completed_ms);
}

void work_settle(Work *work) {
    size_t position = 0;
    void *word;
    Str key;

    while (map_next(&work->waits, &position, &key, &word))
        settle_wait(work, word);
    position = 0;
    while (map_next(&work->changes, &position, &key, &word))
        settle_change(work, key, word);
}

void work_late(Work *work, const Slot *slot, const ExecRow *step, const char *why) {
    Row row = row_of(work, WORK_LATE);

    put_uuid(&row, slot->id.uuid);
    put_int(&row, (int64_t)step->run);
    put_int(&row, step->node);
    put_int(&row, step->visit);
    put_int(&row, step->attempt);
    put_int(&row, step->status);
    put_text(&row, step->scope);
    put_text(&row, str_of(why));
}

void work_task(Work *work, const WorkTask *task) {
    if (work->task_count == work->task_capacity) {
        work->task_capacity = MAX(work->task_capacity * 2, (uint32_t)TASKS_MIN);
        work->tasks = alloc_again(work->tasks, work->task_capacity * sizeof *work->tasks);
    }
    work->tasks[work->task_count++] = *task;
    work_opened(work, task->partition, task->execution);
}

void work_opened(Work *work, const Partition *partition, ExecutionId execution) {
    CHECK((uint32_t)partition->number < work->log_count);
    buf_add(&work->logs[partition->number], execution.uuid.bytes, UUID_BYTES);
}

void work_log(Work *work, int32_t part, int64_t txn) {
    Str ids = buf_str(&work->logs[part]);

    for (int32_t chunk = 0; ids.length > 0; chunk++) {
        Str some = str_slice(ids, 0, (size_t)LOG_IDS_MAX * UUID_BYTES);
        Row row = row_of(work, WORK_LOG);

        put_int(&row, part);
        put_int(&row, txn);
        put_int(&row, chunk);
        put_time(&row, work->now_ms);
        put_text(&row, some);
        ids = str_slice(ids, some.length, ids.length);
    }
}

#define JOURNAL_WORD(name) [JOURNAL_##name] = #name,
static const char *const journal_words[_JOURNAL_KIND_COUNT] = {JOURNAL_KINDS(JOURNAL_WORD)};

void work_journal(Work *work, const Partition *partition, const WorkEntry *entry) {
    Row row;

    if (!work->is_journaled)
        return;
    row = row_of(work, WORK_JOURNAL);
    put_int(&row, partition->number);
    put_int(&row, partition->txn + 1);
    put_int(&row, work->journal_count++);
    put_text(&row, str_of(journal_words[entry->kind]));
    if (entry->kind == JOURNAL_BATCH)
        put_null(&row);
    else
        put_uuid(&row, entry->execution.uuid);
    put_node(&row, entry->node);
    put_int(&row, entry->visit);
    put_int(&row, entry->attempt);
    put_int(&row, entry->status);
    put_int(&row, entry->reason);
    put_int(&row, entry->number);
    put_time(&row, entry->due_ms);
    put_time(&row, work->now_ms);
}
