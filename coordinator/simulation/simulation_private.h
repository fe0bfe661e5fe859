#pragma once

/* The inside of a simulation, for the files of this room only. */

#include "common/base/check.h"
#include "common/base/fault.h"
#include "common/model/limits.h"
#include "coordinator/engine/exec.h"
#include "coordinator/simulation/simulation.h"
#include "worker/step/step.h"

/* One attempt of a step as the report tells it. */
typedef struct SimulationEntry {
    uint32_t start_no; /* order of starts */
    ExecRow row;
} SimulationEntry;

/* What is known of a step beside the engine's own state. */
typedef struct SimulationStep {
    uint32_t start_no; /* of the attempt in hand; 0: none */
    int64_t started_ms;
    uint32_t call_count; /* mocks used so far */
    int64_t ring_ms;     /* when its timer rings; 0: never */
    ExecEvent answer;
} SimulationStep;

typedef struct Simulation {
    const SimulationOrder *order;
    const Plan *plan;
    Arena *arena;
    size_t used_before; /* of the arena */
    Arena turn;
    Exec *exec;
    SimulationStep *steps; /* by node */
    uint32_t *queue;       /* answered nodes, in the order of their answers */
    uint32_t queue_first, queue_last, queue_capacity;
    SimulationEntry *entries;
    uint32_t entry_count, entry_capacity;
    uint32_t start_count;
    int64_t now_ms;
    int64_t ring_ms; /* of the execution's own timer */
    Json secrets;
    bool is_finished;
    ExecutionStatus status;
    Str output, error;
    Str message; /* why it was refused */
} Simulation;

/* simulation_mock.c */
int simulation_check_mocks(Simulation *simulation);
int simulation_answer(Simulation *simulation, const ExecEffect *task, ExecOutcome *ret_outcome);
Json simulation_secrets(const Simulation *simulation);

/* simulation_report.c */
void simulation_note(Simulation *simulation, const ExecRow *row);
Json simulation_report(const Simulation *simulation);
