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
 * What a step sees is what was recorded when it was opened, and `now` is the moment it was opened.
 * So its input can be evaluated again at any time, here or after a takeover, and is the same bytes:
 * a retry does not notice what happened meanwhile.
 *
 * Words
 *   row       one ended attempt of one step; its ord is the order of recording
 *   open      a step that was reached and has not ended
 *   in hand   an open step whose task is on its way to a worker or with one
 *   attempt   the number of recorded ends of this step before; the outcome of another one is late
 *   run       what one worker visit is called (64 random bits); the first accepted word binds it
 *   chain     what a task and all that goes on from it is called: the number of its first opening
 *   ending    the execution will end so (failed, cancelled, …); no step is opened any more
 *
 * Ownership: an Exec owns copies of all its texts. Texts in effects live in the turn's arena, in
 * the event or in the Exec, until the next exec_step() on it.
 */

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/base/id.h"
#include "common/model/kinds.h"
#include "common/plan/plan.h"
#include "coordinator/engine/exec_effect.h"
#include "coordinator/engine/exec_event.h"

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

/*
 * effects->arena is the turn's; effects->count must be 0. A refusal leaves the state unchanged; for
 * EXEC_E_LATE and EXEC_E_FINISHED an EXEC_EFFECT_LATE may be among the effects. After a fault the
 * Exec is of no use any more: free it and fold it again.
 */
int exec_step(Exec *exec, const ExecEvent *event, ExecEffects *effects);

/* Folding: exec_new(), the execution's own row, then the rows in order of ord, then the waits. */

/* A status other than PENDING: it was started. CANCELLING and its error: it is ending so. */
void exec_fold_status(Exec *exec, ExecutionStatus status, Str error);

/* Texts may be none where nothing reads them any more. */
int exec_fold(Exec *exec, const ExecRow *row);

typedef struct ExecWait {
    uint32_t node;
    uint32_t visit;
    uint32_t attempt;
    StepReason reason; /* TIMER, RETRY, READY; QUEUED and RUNNING for work in hand that is old */
    int64_t due_ms;
    uint64_t run; /* RUNNING */
    int64_t opened_ms;
} ExecWait;

int exec_fold_wait(Exec *exec, const ExecWait *wait);

/* Looking ---------------------------------------------------------------------------------- */

typedef struct ExecStepView {
    StepStatus status; /* PENDING with reason NONE: not reached */
    StepReason reason; /* READY, QUEUED, RUNNING, TIMER, RETRY of an open step; why it ended so */
    uint32_t visit;
    uint32_t attempt;
    uint32_t lost_count; /* attempts that were lost and not charged */
    uint32_t chain;
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

/* Next moment at which TIMER with PLAN_NONE may do something; 0: never. Past: at once. */
int64_t exec_due_ms(const Exec *exec);

/*
 * A dispatched, unfinished step whose task must be sent again after a takeover: gives the DISPATCH
 * effect (same attempt, dispatch_no + 1); what a chain had and the coordinator does itself is done
 * at once. EXEC_E_UNKNOWN_STEP when the step is not in hand, or the execution is ending.
 */
int exec_resend(Exec *exec, uint32_t node, ExecEffects *effects);

/* The durable part of the state as bytes: equal for memory and fold. */
void exec_pack(const Exec *exec, Buf *buf);

/* One effect as one line of text, for stories and logs. */
void exec_trace_effect(const Exec *exec, const ExecEffect *effect, Buf *buf);
