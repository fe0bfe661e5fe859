#pragma once

/*
 * Work: what one transaction writes, and what is sent once it is committed. Turns add to it; the
 * store sends it. Nothing in it is true before the commit.
 */

#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/map.h"
#include "common/io/pg.h"
#include "coordinator/message.h"
#include "coordinator/slots.h"

/* One table that rows are added to in one statement; see work.c for columns and statements. */
typedef enum WorkTable {
    WORK_EXECUTIONS, /* begun */
    WORK_KEYS,       /* event → execution, where the event has no time of its own */
    WORK_STEPS,      /* ended attempts */
    WORK_WAKES,      /* rows of open_step that go */
    WORK_WAITS,      /* rows of open_step that come */
    WORK_CHANGES,    /* executions whose status changed, or that ended */
    WORK_LATE,       /* outcomes that changed nothing */
    WORK_LOG,        /* turn_log */
    WORK_JOURNAL,    /* what was decided, where that is wanted */
    _WORK_TABLE_COUNT,
} WorkTable;

#define WORK_COLUMNS_MAX 20

/* A task to send after the commit. */
typedef struct WorkTask {
    Partition *partition;
    int32_t topic;
    Str bytes;
    ExecutionId execution;
    uint32_t node;
    uint32_t dispatch_no;
} WorkTask;

typedef struct Work {
    uint64_t number; /* of the batch; slots remember who touched them last */
    int64_t now_ms;  /* the turns' time */
    Arena arena;
    Map waits;   /* execution, node, visit → the last word on its row */
    Map changes; /* execution → the last word on its status */
    PgArray *columns[_WORK_TABLE_COUNT][WORK_COLUMNS_MAX];
    WorkTask *tasks;
    uint32_t task_count;
    uint32_t task_capacity;
    Buf *logs; /* per partition number */
    uint32_t log_count;
    bool is_journaled;
    uint32_t journal_count;
    int fault;          /* of an execution: the batch must not be written */
    uint32_t row_count; /* step rows */
    uint32_t started_count;
} Work;

void work_init(Work *work, uint32_t partition_count);
void work_done(Work *work);

/* Forgets everything; the next transaction begins. */
void work_reset(Work *work, uint64_t number, int64_t now_ms);

bool work_has_rows(const Work *work, WorkTable table);
uint32_t work_column_count(WorkTable table);
const char *work_sql(WorkTable table);

/* Rows ------------------------------------------------------------------------------------- */

typedef struct WorkStart {
    const TriggerEvent *event;
    const PlanVersion *version;
    int32_t part;
    int64_t vars_rev;
    bool has_key; /* write an execution_key too */
} WorkStart;

void work_start(Work *work, const WorkStart *start);
void work_step(Work *work, const Slot *slot, const Partition *partition, const ExecRow *row);

/*
 * Waits and changes are netted: of everything that a batch says about one step's row in open_step,
 * or about one execution, the last word counts. work_settle() makes the rows of it.
 */
void work_wake(Work *work, const Slot *slot, uint32_t node, uint32_t visit);

typedef struct WorkWait {
    uint32_t node; /* PLAN_NONE: the execution's deadline */
    uint32_t visit;
    uint32_t attempt;
    StepReason reason;
    uint32_t chain;
    uint64_t run;
    int64_t due_ms;
    int64_t opened_ms;
    int64_t started_ms; /* 0: none */
} WorkWait;

void work_wait(Work *work, const Slot *slot, const WorkWait *wait);

typedef struct WorkChange {
    ExecutionStatus status;
    Str output;
    Str error;
    int64_t completed_ms; /* 0: not ended */
} WorkChange;

void work_change(Work *work, const Slot *slot, const WorkChange *change);
void work_settle(Work *work);
void work_late(Work *work, const Slot *slot, const ExecRow *row, const char *why);

/* The bytes are the arena's. Notes the execution for turn_log. */
void work_task(Work *work, const WorkTask *task);

/* Notes the execution for turn_log: its turn opened work that is in somebody's hands already. */
void work_opened(Work *work, const Partition *partition, ExecutionId execution);

/* Turns what was noted into rows of WORK_LOG: partition number → txn that the batch will have. */
void work_log(Work *work, int32_t part, int64_t txn);

/* The journal ------------------------------------------------------------------------------ */

#define JOURNAL_KINDS(X) X(BATCH) X(EXECUTION) X(STEP) X(FIRED) X(SENT)

#define JOURNAL_VALUE(name) JOURNAL_##name,
typedef enum JournalKind { JOURNAL_KINDS(JOURNAL_VALUE) _JOURNAL_KIND_COUNT } JournalKind;

/* One thing that the batch decided; fields as the columns of headrace.journal. */
typedef struct WorkEntry {
    JournalKind kind;
    ExecutionId execution; /* not of BATCH */
    uint32_t node;
    uint32_t visit;
    uint32_t attempt;
    int32_t status;
    StepReason reason;
    int64_t number;
    int64_t due_ms; /* 0: none */
} WorkEntry;

/* Does nothing unless engine.journal is on. */
void work_journal(Work *work, const Partition *partition, const WorkEntry *entry);
