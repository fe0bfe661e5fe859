#pragma once

/*
 * Simulation: a whole execution in one call: the real engine and the real step logic on a virtual
 * clock. No worker, no queue, no database: the calls of ACTIONs are answered from mocks.
 *
 * Mocks are an object of lists by step id. The first call of a step takes the first entry, each
 * further attempt the next one, and the last one repeats:
 *
 *   {"output": …}                            the step's output as it is
 *   {"error": {type, message, retryable}}    a failed call; status may be given as well
 *   {"response": {status, headers, body}}    goes through the success rule and outputMappings
 *
 * A step without mocks that calls nobody (core.noop) does what it does; one that would call
 * somebody is refused. Secrets are not known: `[secret KEY]` stands for each.
 *
 * The report is {status, output, error, virtualMs, steps}; steps has one entry for each attempt in
 * the order of their start: {stepId, scopePath, attempt, stepStatus, reason, startedAtMs,
 * completedAtMs, input, output, error}. Times are milliseconds since the start. The same order
 * gives the same report.
 */

#include "common/json/json.h"
#include "common/plan/plan.h"

enum {
    SIMULATION_E_MOCKS = 1, /* the mocks are not what they should be */
    SIMULATION_E_NO_MOCK,   /* a step would call somebody and has no mock */
    SIMULATION_E_INPUT,     /* the input is larger than an execution may keep */
    SIMULATION_E_TOO_LARGE, /* it would need more than SIMULATION_BYTES_MAX */
};

/* 2026-01-01T00:00:00Z: a start that never changes, so that reports can be compared. */
#define SIMULATION_BEGIN_MS 1767225600000

typedef struct SimulationOrder {
    const Plan *plan;
    const Json *input; /* `.input` and `.trigger.body`; NULL: {} */
    const Json *mocks; /* NULL: none */
    const Json *vars;  /* `.vars`; NULL: {} */
    uint32_t trigger;  /* index in plan->triggers; PLAN_NONE: started by hand */
    uint64_t seed;     /* of the jitter */
    int64_t begin_ms;  /* the virtual clock's start */
} SimulationOrder;

/* The report lives in the arena. On refusal *ret_message says which step and why. */
int simulation_run(const SimulationOrder *order, Arena *arena, Json *ret_report, Str *ret_message);
