#pragma once

/*
 * The state of an execution, for the files of this room only.
 *
 * What a step holds falls in two parts: what rows and waits bring back, and what belongs to the
 * visit in hand. exec_pack() shows the first.
 */

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
