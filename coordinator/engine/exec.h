#pragma once

/*
 * Exec: one execution of one plan.
 *
 * exec_step() is the only way an execution changes. It reads no clock, no database and no queue:
 * what it must know arrives in the event, what must happen outside leaves in the effects. The same
 * plan, state and event always give the same state and effects.
 *
 * Every ended attempt becomes a row. A row is all that is needed to repeat what its turn did to the
 * state: exec_fold() applies a recorded row, with integers only, no program runs again. Folding all
 * rows of an execution in their order (and the waits that are still open) gives the state that the
 * turns left behind: taking over is the daily path, not a special one.
 *
 * Words
 *   event    something that happened, told to the engine
 *   effect   something that must now happen outside, told by the engine
 *   row      one ended attempt of one step; its ord is the order of recording
 *   open     a step that was reached and has not ended
 *   attempt  the number of recorded ends of this step before; the outcome of another attempt is
 * late run      what one worker visit is called (64 random bits); the first accepted outcome binds
 * it ending   the execution will end so; no step is opened any more
 *
 * Ownership: an Exec owns copies of all its texts. Texts in effects live in the turn's arena or in
 * the Exec, until the next exec_step() on it.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/id.h"
#include "common/model/kinds.h"
#include "common/plan/plan.h"

enum {
    EXEC_E_FINISHED = 1, /* the execution is over */
    EXEC_E_LATE, /* not the current attempt, run or index: recorded as late, changes nothing */
    EXEC_E_UNKNOWN_STEP, /* the plan has no such step, or it was never opened */
    EXEC_E_ROW,          /* a recorded row does not fit the plan: the rows are damaged */
    EXEC_E_LIMIT,        /* the state would pass EXECUTION_STATE_BYTES_MAX */
};

typedef struct Exec Exec;

/* What is fixed when an execution is born. */
typedef struct ExecFacts {
    ExecutionId id;
    TenantId tenant;
    Str template_id; /* text form of the template's id */
    int64_t version_number;
    int64_t started_ms;
    uint32_t trigger; /* index in plan->triggers; PLAN_NONE: started by hand */
    Str trigger_text; /* what `.trigger` sees, JSON */
    Str input;        /* what `.input` sees, JSON */
    Str vars;         /* what `.vars` sees, JSON */
    uint64_t seed;    /* of the jitter, from the event */
} ExecFacts;

/* The plan is borrowed and must outlive the Exec. Texts are copied. */
Exec *exec_new(const Plan *plan, const ExecFacts *facts);
Exec *exec_free(Exec *exec);
CLEANUP_POINTER(Exec, exec_free);

typedef enum ExecEventType {
    EXEC_EVENT_START,
    EXEC_EVENT_STARTED,  /* a worker has begun an attempt (told lazily, after a second) */
    EXEC_EVENT_PROGRESS, /* it is still at it */
    EXEC_EVENT_ENDED,    /* it has an outcome */
    EXEC_EVENT_RELEASED, /* it gave the task back, nothing was called */
    EXEC_EVENT_TIMER,    /* the wait or a deadline of a step, or of the execution, may be over */
    EXEC_EVENT_LOST,     /* the holder of a task is silent: see ExecEvent.lost */
    EXEC_EVENT_CANCEL,
} ExecEventType;

typedef struct ExecOutcome {
    uint32_t index; /* 0, 1, 2 … of ENDED and RELEASED in a visit */
    uint64_t run;
    StepStatus status; /* ENDED: COMPLETED, FAILED, TIMED_OUT, CANCELLED or INDETERMINATE */
    Str outcome;       /* the ports, for CONDITION and SWITCH in a chain */
    bool continues;    /* the worker goes on with plan_chain_next() */
    Released released;
    Effect effect;
    Str input;  /* as it was sent, secrets replaced; none: unchanged from the dispatch */
    Str output; /* JSON text after outputMappings */
    Str error;  /* JSON text of the error object */
    bool retryable;
    int64_t retry_after_ms;
    int64_t started_ms;
    int64_t ended_ms;
} ExecOutcome;

typedef struct ExecEvent {
    ExecEventType type;
    int64_t now_ms;      /* the turn's time, the only clock; never goes back within an execution */
    uint32_t node;       /* PLAN_NONE for START, CANCEL and the execution's own deadline */
    uint32_t visit;      /* 0 */
    uint32_t attempt;    /* which attempt the event is about */
    ExecOutcome outcome; /* STARTED (run, started_ms), PROGRESS, ENDED, RELEASED */
    bool lost_unstarted; /* LOST: no STARTED was ever seen; the task is sent again, uncharged */
    Str reason;          /* CANCEL: who and why, for the error object */
} ExecEvent;

/* One ended attempt, as it is recorded and folded. */
typedef struct ExecRow {
    uint32_t ord; /* dense from 1 */
    uint32_t node;
    Str scope; /* "" at the root */
    uint32_t visit;
    uint32_t attempt;
    StepStatus status;
    StepReason reason; /* RETRIED, LOST: not the last attempt; DEAD_PATH, GUARD, …: why skipped */
    Str outcome;       /* the ports it left through; "" is "next" alone */
    uint32_t chain;
    uint64_t run;
    bool continues;
    int64_t opened_ms;
    int64_t started_ms; /* 0: never started */
    int64_t completed_ms;
    Str input;
    Str output;
    Str error;
} ExecRow;

typedef enum ExecEffectType {
    EXEC_EFFECT_RECORD,   /* row: write it */
    EXEC_EFFECT_DISPATCH, /* send a StepTask */
    EXEC_EFFECT_WAIT,     /* the step waits: keep (node, visit, attempt, reason, due_ms) durably */
    EXEC_EFFECT_WAKE,     /* the wait is over: forget it */
    EXEC_EFFECT_TIMER,  /* in memory only: call TIMER for the step (PLAN_NONE: execution) at due_ms
                         */
    EXEC_EFFECT_REVOKE, /* running work of the step is no longer wanted: tell the worker */
    EXEC_EFFECT_LATE,   /* outcome came too late: row holds it for the audit */
    EXEC_EFFECT_STATUS, /* the execution's status (and error) changed: write it */
    EXEC_EFFECT_FINISH, /* the execution ended: status, output, error, completed_ms */
} ExecEffectType;

typedef struct ExecEffect {
    ExecEffectType type;
    uint32_t node;
    uint32_t visit;
    uint32_t attempt;
    StepReason reason;
    int64_t due_ms;
    ExecRow row;       /* RECORD, LATE */
    Str input;         /* DISPATCH: the evaluated input, placeholders for secrets */
    int64_t opened_ms; /* DISPATCH */
    uint32_t chain;    /* DISPATCH */
    uint32_t dispatch_no;
    bool is_resend; /* DISPATCH: the same attempt again; the worker is asked for chain_max 1 */
    ExecutionStatus status; /* STATUS, FINISH */
    Str output;             /* FINISH */
    Str error;              /* STATUS, FINISH */
    int64_t completed_ms;
} ExecEffect;

typedef struct ExecEffects {
    Arena *arena;
    ExecEffect *items;
    uint32_t count;
    uint32_t capacity;
} ExecEffects;

/* effects->arena is the turn's; effects->count must be 0. A refusal leaves state unchanged; for
 * EXEC_E_LATE and EXEC_E_FINISHED an EXEC_EFFECT_LATE may be among the effects. */
int exec_step(Exec *exec, const ExecEvent *event, ExecEffects *effects);

/* Folding: rows in order of ord, then the waits that are still open. Texts may be none. */
int exec_fold(Exec *exec, const ExecRow *row);

typedef struct ExecWait {
    uint32_t node;
    uint32_t visit;
    uint32_t attempt;
    StepReason reason; /* TIMER, RETRY; QUEUED and RUNNING for in-flight work that is old */
    int64_t due_ms;
    uint64_t run; /* RUNNING */
    int64_t opened_ms;
} ExecWait;

int exec_fold_wait(Exec *exec, const ExecWait *wait);

/* The execution's own row: status CANCELLING with its error is how an ending survives. */
void exec_fold_status(Exec *exec, ExecutionStatus status, Str error);

/* Looking ---------------------------------------------------------------------------------- */

typedef struct ExecStepView {
    StepStatus status;
    StepReason reason; /* READY, QUEUED, TIMER, RETRY, JOIN … of an open step */
    uint32_t visit;
    uint32_t attempt;
    uint32_t lost_count;
    uint32_t dispatch_no;
    uint64_t run;
    int64_t opened_ms;
    int64_t due_ms; /* next moment at which TIMER may do something; 0: never */
    Str output;
    Str error;
} ExecStepView;

const Plan *exec_plan(const Exec *exec);
const ExecFacts *exec_facts(const Exec *exec);
ExecutionStatus exec_status(const Exec *exec);
uint32_t exec_ord(const Exec *exec); /* of the newest row */
ExecStepView exec_view(const Exec *exec, uint32_t node);
uint32_t exec_open_count(const Exec *exec);
size_t exec_bytes(const Exec *exec); /* memory it holds */

/*
 * A dispatched, unfinished step whose task must be sent again after a takeover: gives the DISPATCH
 * effect (same attempt, dispatch_no + 1). EXEC_E_UNKNOWN_STEP when the step is not in flight.
 */
int exec_resend(Exec *exec, uint32_t node, ExecEffects *effects);

/* The durable part of the state as bytes: equal for memory and fold. */
void exec_pack(const Exec *exec, Buf *buf);

/* State or one effect as text, for stories and logs. */
void exec_trace_effect(const Exec *exec, const ExecEffect *effect, Buf *buf);
