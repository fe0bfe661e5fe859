#pragma once

/*
 * ExecTwin: an execution with the little world around it that a coordinator keeps: its rows, its
 * waits and its own row, in memory. After each turn the twin folds what was recorded and demands
 * the same packed state, and that every open step has exactly one reason to be open.
 */

#include "coordinator/engine/exec.h"

typedef struct ExecTwin {
    const Plan *plan;
    ExecFacts facts;
    Exec *exec;
    ExecEffects effects; /* of the newest turn, until the next one */
    Arena turn;
    Arena history;
    ExecRow *rows;
    uint32_t row_count, row_capacity;
    ExecWait *waits; /* by node; reason NONE: no wait */
    ExecutionStatus status;
    Str error;
    uint32_t finish_count;
    char complaint[300]; /* what did not hold; empty: all is well */
} ExecTwin;

void exec_twin_init(ExecTwin *twin, const Plan *plan, const ExecFacts *facts);
void exec_twin_done(ExecTwin *twin);

/* exec_step() and what a coordinator does with the effects. */
int exec_twin_step(ExecTwin *twin, const ExecEvent *event);
int exec_twin_resend(ExecTwin *twin, uint32_t node);

/* Forgets the memory and goes on with the fold: a takeover. */
void exec_twin_evict(ExecTwin *twin);

/* Everything recorded, folded; owned by the caller. */
Exec *exec_twin_fold(ExecTwin *twin);
