#pragma once

/*
 * The inside of an execution, for the files of this room only.
 *
 * exec_apply() is the one place where a row changes the state. The live turn decides what the row
 * says and then applies it; the fold applies it. Everything else that a turn changes is either told
 * as a WAIT, or belongs to the visit in hand and may be forgotten.
 */

#include "common/base/check.h"
#include "common/base/fault.h"
#include "common/model/limits.h"
#include "common/plan/scope.h"
#include "coordinator/engine/exec.h"

typedef enum ExecPhase {
    PHASE_UNREACHED,
    PHASE_READY,   /* opened; the coordinator does it itself */
    PHASE_QUEUED,  /* opened; its task is on the way */
    PHASE_RUNNING, /* a worker said that it holds the attempt */
    PHASE_WAITING, /* for a timer */
    PHASE_ENDED,
    _PHASE_COUNT
} ExecPhase;

typedef enum ExecEnding {
    ENDING_NONE,
    ENDING_FAILED,
    ENDING_TERMINATED,
    ENDING_CANCELLED,
    ENDING_TIMED_OUT,
} ExecEnding;

/* Owned bytes; `data` NULL: none. */
typedef struct ExecText {
    char *data;
    size_t length;
} ExecText;

typedef struct ExecStep {
    ExecPhase phase;
    StepStatus status;                /* ENDED: how */
    StepReason reason;                /* ENDED: why so; WAITING: for what */
    bool is_fresh;                    /* opened in this turn, not worked off yet */
    uint32_t taken_count, dead_count; /* of its incoming edges */
    uint32_t attempt;
    uint32_t lost_count;
    uint32_t chain;
    uint32_t opened_ord, ended_ord; /* rows that did it; opened 0: the start did */
    int64_t opened_ms;
    int64_t wait_ms; /* WAITING: until when */
    ExecText output, error;

    /* The visit in hand: what a fold does not bring back, and nobody needs to. */
    uint32_t dispatch_no;
    uint32_t silence_count; /* sent again and again without any word */
    uint32_t index;         /* of the next outcome */
    uint64_t run;           /* 0: not bound */
    uint64_t released_run;  /* gave the task back: its words no longer count */
    int64_t since_ms;       /* sent, or RUNNING: begun; 0: not known */
    int64_t heard_ms;
    int64_t armed_ms; /* newest TIMER told */
    ExecText input;
} ExecStep;

/* One instance of a scope. The root is the only kind so far; bodies of loops will be others. */
typedef struct ExecScope {
    ExecStep *steps;
    uint8_t *edges;      /* ScopeEdge */
    uint32_t *edge_ords; /* the rows that decided them */
} ExecScope;

struct Exec {
    const Plan *plan;
    ExecFacts facts;
    ExecScope root;
    ExecutionStatus status;
    ExecEnding ending;
    ExecText ending_error; /* CANCELLED, TIMED_OUT */
    uint32_t ending_node;  /* TERMINATED */
    uint32_t failed_node;  /* the first whose failure nobody handled, or PLAN_NONE */
    uint32_t ord;
    uint32_t opening_count; /* steps opened so far; gives chains their numbers */
    uint32_t open_count;
    int64_t now_ms;
    int64_t grace_ms; /* when an ending is forced; 0: not known */
    int64_t armed_ms; /* newest TIMER told for the execution */
    size_t bytes;
    uint32_t *fresh; /* queue of nodes; each is opened once */
    uint32_t fresh_first, fresh_last;
    ScopeStep *seen; /* what the step that is being evaluated sees */
};

typedef struct ExecTurn {
    Exec *exec;
    const Plan *plan;
    const ExecEvent *event; /* NULL in exec_resend() */
    ExecEffects *effects;
    Arena *arena;
    int64_t now_ms;
} ExecTurn;

/* exec.c */
ExecStep *exec_at(const Exec *exec, uint32_t node);
bool exec_keep(Exec *exec, ExecText *text, Str bytes); /* replaces; true when there are bytes */
void exec_drop(Exec *exec, ExecText *text);
Str exec_str(const ExecText *text);
bool exec_has_room(const Exec *exec, size_t bytes);

/* exec_moves.c */
void exec_move(Exec *exec, uint32_t node, ExecPhase to);
bool exec_is_open(const ExecStep *step);
bool exec_is_in_hand(const ExecStep *step);

/* exec_flow.c: what a row does to the state */
void exec_born(Exec *exec);
bool exec_starts_entries(const Exec *exec);
void exec_apply(Exec *exec, const ExecRow *row);

/* exec_join.c */
bool exec_join_is_decided(const PlanNode *node, const ExecStep *step);
bool exec_join_is_satisfied(const PlanNode *node, const ExecStep *step);

/* exec_scope.c: what a step sees */
void exec_see(ExecTurn *turn, uint32_t node, Scope *ret_scope);
void exec_see_all(ExecTurn *turn, Scope *ret_scope);

/* exec_effects.c: the way out */
ExecEffect *exec_effect(ExecTurn *turn, ExecEffectType type, uint32_t node);
void exec_record(ExecTurn *turn, ExecRow row);
ExecRow exec_row(const ExecTurn *turn, uint32_t node, StepStatus status);
void exec_tell_late(ExecTurn *turn, const char *why);
void exec_wait(ExecTurn *turn, uint32_t node, StepReason reason, int64_t due_ms);
void exec_arm(ExecTurn *turn, uint32_t node);
void exec_arm_execution(ExecTurn *turn);

/* exec_accept.c: whose word counts; refusals */
int exec_accept(ExecTurn *turn);
int exec_accept_word(const ExecTurn *turn);

/* exec_open.c: working off what was opened */
int exec_work_off(ExecTurn *turn);
int exec_begin(ExecTurn *turn, uint32_t node);

/* exec_dispatch.c: sending work out */
int exec_dispatch(ExecTurn *turn, uint32_t node, bool is_resend);
int exec_input(ExecTurn *turn, uint32_t node, Str *ret_input, ScopeError *ret_error);
int exec_is_repeatable(ExecTurn *turn, uint32_t node, bool *ret_answer);

/* exec_failure.c: what becomes of an attempt that failed */
typedef struct ExecFailure {
    ExecRow row; /* of the attempt; status is what it ends as when nobody handles it */
    Str error;   /* the error object; none: made from type and message */
    ErrorType type;
    Str message;
    bool retryable;
    Effect effect;
    int64_t retry_after_ms;
} ExecFailure;

int exec_fail(ExecTurn *turn, ExecFailure *failure);
int exec_fail_here(ExecTurn *turn, uint32_t node, ErrorType type, Str message);
ExecFailure exec_failure(const ExecTurn *turn, uint32_t node, StepStatus status, ErrorType type);
Str exec_error(const ExecTurn *turn, const ExecFailure *failure);

/* exec_deadline.c: the next moment that matters */
typedef enum ExecDue {
    DUE_NOTHING,
    DUE_WAIT,
    DUE_COUNT, /* nobody knows since when it is in hand: count from now */
    DUE_STEP_TIMEOUT,
    DUE_QUEUE_TIMEOUT,
    DUE_ATTEMPT_TIMEOUT,
    DUE_HEARTBEAT_TIMEOUT,
} ExecDue;

typedef struct ExecDeadline {
    ExecDue due;
    int64_t at_ms;
} ExecDeadline;

ExecDeadline exec_deadline(const Exec *exec, uint32_t node);

/* exec_end.c: how executions end */
void exec_end(ExecTurn *turn, ExecEnding ending, Str error);
void exec_record_closed(ExecTurn *turn, uint32_t node);
void exec_close(ExecTurn *turn);
void exec_force(ExecTurn *turn);
int exec_finish(ExecTurn *turn);

/* One file per event. */
int exec_on_start(ExecTurn *turn);
int exec_on_started(ExecTurn *turn);
int exec_on_ended(ExecTurn *turn);
int exec_on_released(ExecTurn *turn);
int exec_on_lost(ExecTurn *turn);
int exec_on_timer(ExecTurn *turn);
int exec_on_cancel(ExecTurn *turn);
int exec_lose(ExecTurn *turn, uint32_t node);
