/*
 * Which phase of a step may follow which.
 *
 *                     ┌───────────────► ENDED ◄──────────────┐
 *                     │                  ▲ ▲                 │
 *   UNREACHED ──► READY ◄─► WAITING ─────┘ │                 │
 *       │                    │   ▲         │                 │
 *       │                    ▼   │         │                 │
 *       └───────────────► QUEUED ┴─────────┤                 │
 *                          │ ▲   ▲         │                 │
 *                          ▼ │   └─ again  │                 │
 *                        RUNNING ──────────┴─────────────────┘
 *
 * READY is for what the coordinator does itself, QUEUED for what a worker does. QUEUED follows
 * QUEUED and RUNNING when the task goes out again, WAITING when the next attempt has to wait. What
 * a turn was too tired for WAITS as well, until it is READY or QUEUED in another one. What a worker
 * had within a chain, and the coordinator can do itself, is READY again when the chain is cut.
 */

#include "coordinator/engine/exec_private.h"

#define TO(phase) (1u << (phase))

static const uint32_t moves[_PHASE_COUNT] = {
    [PHASE_UNREACHED] = TO(PHASE_READY) | TO(PHASE_QUEUED),
    [PHASE_READY] = TO(PHASE_WAITING) | TO(PHASE_ENDED),
    [PHASE_QUEUED] = TO(PHASE_READY) | TO(PHASE_QUEUED) | TO(PHASE_RUNNING) | TO(PHASE_WAITING) |
                     TO(PHASE_ENDED),
    [PHASE_RUNNING] = TO(PHASE_READY) | TO(PHASE_QUEUED) | TO(PHASE_WAITING) | TO(PHASE_ENDED),
    [PHASE_WAITING] = TO(PHASE_READY) | TO(PHASE_QUEUED) | TO(PHASE_ENDED),
};

static bool is_open(ExecPhase phase) {
    return phase != PHASE_UNREACHED && phase != PHASE_ENDED;
}

bool exec_is_open(const ExecStep *step) {
    return is_open(step->phase);
}

bool exec_is_in_hand(const ExecStep *step) {
    return (step->phase == PHASE_QUEUED || step->phase == PHASE_RUNNING) && !step->is_fresh;
}

void exec_move(Exec *exec, uint32_t node, ExecPhase to) {
    ExecStep *step = exec_at(exec, node);

    CHECK(moves[step->phase] & TO(to));

    exec->open_count += is_open(to);
    exec->open_count -= is_open(step->phase);
    step->phase = to;
}
