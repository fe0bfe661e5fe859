#pragma once

/*
 * ExecEvent: something that happened, told to the engine.
 *
 * Texts are borrowed and must live as long as the effects that the event leads to. An empty text is
 * the same as none.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/base/str.h"
#include "common/model/kinds.h"

typedef enum ExecEventType {
    EXEC_EVENT_START,
    EXEC_EVENT_STARTED,  /* a worker has begun an attempt (told lazily, after a second) */
    EXEC_EVENT_PROGRESS, /* it is still at it */
    EXEC_EVENT_ENDED,    /* it has an outcome */
    EXEC_EVENT_RELEASED, /* it gave the task back, nothing was called */
    EXEC_EVENT_TIMER,    /* the wait or a deadline of a step, or of the execution, may be over */
    EXEC_EVENT_LOST,     /* the holder of a task is silent: see ExecEvent.lost_unstarted */
    EXEC_EVENT_CANCEL,
} ExecEventType;

typedef struct ExecOutcome {
    uint32_t index;    /* 0, 1, 2 … of ENDED and RELEASED in a visit */
    uint64_t run;      /* never 0 */
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
    int64_t now_ms;      /* the turn's time, the only clock; one that goes back stands still */
    uint32_t node;       /* PLAN_NONE for START, CANCEL and the execution's own deadline */
    uint32_t visit;      /* 0 */
    uint32_t attempt;    /* which attempt the event is about */
    ExecOutcome outcome; /* STARTED (run, started_ms), PROGRESS, ENDED, RELEASED */
    bool lost_unstarted; /* LOST: no STARTED was ever seen; the task is sent again, uncharged */
    Str reason;          /* CANCEL: who and why, for the error object */
} ExecEvent;
