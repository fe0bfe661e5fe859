/* StepResult: what a worker reports of one run. */

#include "common/base/check.h"
#include "common/model/limits.h"
#include "common/wire/wire.h"
#include "common/wire/wire_private.h"
#include "result.pb-c.h"

static const Headrace__V1__StepOutcome__Kind wire_kinds[_OUTCOME_KIND_COUNT] = {
    [OUTCOME_STARTED] = HEADRACE__V1__STEP_OUTCOME__KIND__STARTED,
    [OUTCOME_PROGRESS] = HEADRACE__V1__STEP_OUTCOME__KIND__PROGRESS,
    [OUTCOME_ENDED] = HEADRACE__V1__STEP_OUTCOME__KIND__ENDED,
    [OUTCOME_RELEASED] = HEADRACE__V1__STEP_OUTCOME__KIND__RELEASED,
};

static bool read_kind(int kind, OutcomeKind *ret_kind) {
    for (uint32_t i = 0; i < _OUTCOME_KIND_COUNT; i++) {
        if ((int)wire_kinds[i] == kind) {
            *ret_kind = (OutcomeKind)i;
            return true;
        }
    }
    return false;
}

static bool is_ended_status(uint32_t status) {
    return status < _STEP_STATUS_COUNT && step_status_is_terminal((StepStatus)status) &&
           status != STEP_SKIPPED && status != STEP_FAILED_HANDLED;
}

static int read_outcome(const Headrace__V1__StepOutcome *message, StepOutcome *ret) {
    if (!read_kind((int)message->kind, &ret->kind) || message->node >= STEPS_MAX)
        return WIRE_E_INVALID;
    if (ret->kind == OUTCOME_ENDED && !is_ended_status(message->status))
        return WIRE_E_INVALID;
    if (message->released_why >= _RELEASED_COUNT || message->effect >= _EFFECT_COUNT)
        return WIRE_E_INVALID;
    ret->index = message->index;
    ret->node = message->node;
    ret->scope = wire_str(message->scope);
    ret->visit = message->visit;
    ret->attempt = message->attempt;
    ret->status = ret->kind == OUTCOME_ENDED ? (StepStatus)message->status : STEP_RUNNING;
    ret->outcome = wire_str(message->outcome);
    ret->continues = message->continues;
    ret->released = (Released)message->released_why;
    ret->effect = (Effect)message->effect;
    ret->input = wire_str(message->input);
    ret->output = wire_str(message->output);
    ret->error = wire_str(message->error);
    ret->retryable = message->retryable;
    ret->retry_after_ms = message->retry_after_ms;
    ret->opened_ms = message->opened_at_ms;
    ret->started_ms = message->started_at_ms;
    ret->ended_ms = message->ended_at_ms;
    ret->connection = wire_str(message->connection_id);
    return 0;
}

static int read_outcomes(const Headrace__V1__StepResult *message, Arena *arena,
                         StepResult *result) {
    StepOutcome *outcomes;

    if (message->n_outcomes == 0 || message->n_outcomes > BATCH_OUTCOMES_MAX)
        return WIRE_E_INVALID;
    outcomes = arena_zero(arena, message->n_outcomes * sizeof *outcomes);
    for (size_t i = 0; i < message->n_outcomes; i++) {
        int r = read_outcome(message->outcomes[i], &outcomes[i]);

        if (r)
            return r;
    }
    result->outcomes = outcomes;
    result->outcome_count = (uint32_t)message->n_outcomes;
    return 0;
}

int wire_read_result(Str bytes, Arena *arena, StepResult *ret_result) {
    WireMemory memory;
    StepResult result = {0};
    int r = 0;
    const Headrace__V1__StepResult *message = (const void *)wire_unpack(
        &headrace__v1__step_result__descriptor, bytes, &memory, arena, &r);

    if (message == NULL)
        return r;
    r = wire_check_schema(message->schema, message->min_reader);
    if (r == 0 && !wire_read_uuid(message->execution_id, false, &result.execution.uuid))
        r = WIRE_E_INVALID;
    if (r == 0)
        r = read_outcomes(message, arena, &result);
    if (r)
        return r;
    result.chain = message->chain;
    result.run = message->run;
    result.worker = wire_str(message->worker);
    result.epoch = message->epoch;
    result.dispatch_no = message->dispatch_no;
    *ret_result = result;
    return 0;
}

static void write_outcome(Headrace__V1__StepOutcome *message, const StepOutcome *outcome) {
    headrace__v1__step_outcome__init(message);
    message->kind = wire_kinds[outcome->kind];
    message->index = outcome->index;
    message->node = outcome->node;
    message->scope = wire_bytes(outcome->scope);
    message->visit = outcome->visit;
    message->attempt = outcome->attempt;
    message->status = outcome->status;
    message->outcome = wire_bytes(outcome->outcome);
    message->continues = outcome->continues;
    message->released_why = outcome->released;
    message->effect = outcome->effect;
    message->input = wire_bytes(outcome->input);
    message->output = wire_bytes(outcome->output);
    message->error = wire_bytes(outcome->error);
    message->retryable = outcome->retryable;
    message->retry_after_ms = (uint32_t)MIN(outcome->retry_after_ms, (int64_t)BACKOFF_MS_MAX);
    message->opened_at_ms = outcome->opened_ms;
    message->started_at_ms = outcome->started_ms;
    message->ended_at_ms = outcome->ended_ms;
    message->connection_id = wire_bytes(outcome->connection);
}

void wire_write_result(Buf *buf, const StepResult *result) {
    Headrace__V1__StepResult message = HEADRACE__V1__STEP_RESULT__INIT;
    uint32_t count = result->outcome_count;
    Headrace__V1__StepOutcome *outcomes;
    Headrace__V1__StepOutcome **pointers;
    Arena arena;

    CHECK(count > 0);
    arena_init(&arena, 0);
    outcomes = arena_alloc(&arena, count * sizeof *outcomes);
    pointers = arena_alloc(&arena, count * sizeof(void *));
    for (uint32_t i = 0; i < count; i++) {
        write_outcome(&outcomes[i], &result->outcomes[i]);
        pointers[i] = &outcomes[i];
    }
    message.schema = WIRE_SCHEMA;
    message.min_reader = WIRE_SCHEMA;
    message.execution_id = wire_uuid(&result->execution.uuid);
    message.chain = result->chain;
    message.run = result->run;
    message.worker = wire_bytes(result->worker);
    message.epoch = result->epoch;
    message.dispatch_no = result->dispatch_no;
    message.n_outcomes = count;
    message.outcomes = pointers;
    wire_pack(buf, &message.base);
    arena_done(&arena);
}
