/* Looking at an execution. */

#include "coordinator/engine/exec_private.h"

static StepStatus status_of(const ExecStep *step) {
    switch (step->phase) {
    case PHASE_UNREACHED:
    case PHASE_READY:
        return STEP_PENDING;
    case PHASE_QUEUED:
    case PHASE_RUNNING:
        return STEP_RUNNING;
    case PHASE_WAITING:
        return step->reason == REASON_READY ? STEP_PENDING : STEP_WAITING;
    case PHASE_ENDED:
    case _PHASE_COUNT:
        return step->status;
    }
    CHECK_UNREACHABLE();
}

/* Every open step has exactly one. */
static StepReason reason_of(const ExecStep *step) {
    switch (step->phase) {
    case PHASE_UNREACHED:
        return REASON_NONE;
    case PHASE_READY:
        return REASON_READY;
    case PHASE_QUEUED:
        return REASON_QUEUED;
    case PHASE_RUNNING:
        return REASON_RUNNING;
    case PHASE_WAITING:
    case PHASE_ENDED:
    case _PHASE_COUNT:
        return step->reason;
    }
    CHECK_UNREACHABLE();
}

ExecStepView exec_view(const Exec *exec, uint32_t node) {
    const ExecStep *step = exec_at(exec, node);

    return (ExecStepView){
        .status = status_of(step),
        .reason = reason_of(step),
        .attempt = step->attempt,
        .lost_count = step->lost_count,
        .chain = step->chain,
        .dispatch_no = step->dispatch_no,
        .run = step->run,
        .opened_ms = step->opened_ms,
        .due_ms = exec_deadline(exec, node).at_ms,
        .output = exec_str(&step->output),
        .error = exec_str(&step->error),
    };
}

const Plan *exec_plan(const Exec *exec) {
    return exec->plan;
}

const ExecFacts *exec_facts(const Exec *exec) {
    return &exec->facts;
}

ExecutionStatus exec_status(const Exec *exec) {
    return exec->status;
}

uint32_t exec_ord(const Exec *exec) {
    return exec->ord;
}

uint32_t exec_open_count(const Exec *exec) {
    return exec->open_count;
}

size_t exec_bytes(const Exec *exec) {
    return exec->bytes;
}
