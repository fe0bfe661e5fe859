#pragma once

/*
 * ExecEffect: something that must now happen outside, told by the engine. Effects are carried out
 * in their order.
 *
 * TIMER is told for every moment at which the engine wants to look again, waits too: WAIT is what
 * must survive, TIMER is what must ring. A timer that rings too early or for something that is over
 * does nothing.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/str.h"
#include "common/model/kinds.h"

/*
 * The outcome of a row that was written while the execution was ending, or whose failure ends it:
 * the step left through no port, and no port was closed either. What lies behind is never reached.
 */
#define EXEC_OUTCOME_CLOSED "closed"

/* One ended attempt, as it is recorded and folded. */
typedef struct ExecRow {
    uint32_t ord; /* dense from 1 */
    uint32_t node;
    Str scope; /* "" at the root */
    uint32_t visit;
    uint32_t attempt;
    StepStatus status;
    StepReason reason; /* RETRIED, LOST: not the last attempt; DEAD_PATH, GUARD, …: why skipped */
    Str outcome;       /* the ports it left through; "" is "next" alone, "none" is none of them */
    uint32_t chain;    /* 0: no worker had it */
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
    EXEC_EFFECT_TIMER,    /* in memory only: TIMER for the step (PLAN_NONE: execution) at due_ms */
    EXEC_EFFECT_REVOKE,   /* running work of the step is no longer wanted: tell the worker */
    EXEC_EFFECT_LATE,     /* outcome came too late: row holds it for the audit */
    EXEC_EFFECT_STATUS,   /* the execution's status (and error) changed: write it */
    EXEC_EFFECT_FINISH,   /* the execution ended: status, output, error, completed_ms */
} ExecEffectType;

typedef struct ExecEffect {
    ExecEffectType type;
    uint32_t node;
    uint32_t visit;
    uint32_t attempt;
    StepReason reason;
    int64_t due_ms;
    ExecRow row;       /* RECORD, LATE */
    const char *why;   /* LATE: TERMINAL, UNKNOWN_STEP, ENDED, ATTEMPT, RUN or INDEX */
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
