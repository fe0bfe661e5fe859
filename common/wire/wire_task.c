/* StepTask: permission to run a step. */

#include "common/model/limits.h"
#include "common/wire/wire.h"
#include "common/wire/wire_private.h"
#include "task.pb-c.h"

#define VALUES_MAX (STEPS_MAX + 8) /* every step, and the roots */

static int read_ids(const Headrace__V1__StepTask *message, StepTask *task) {
    if (!wire_read_uuid(message->execution_id, false, &task->execution.uuid) ||
        !wire_read_uuid(message->tenant_id, false, &task->tenant.uuid) ||
        !wire_read_uuid(message->template_id, false, &task->template_id.uuid) ||
        !wire_read_uuid(message->version_id, false, &task->version.uuid))
        return WIRE_E_INVALID;
    if (message->node >= STEPS_MAX || message->n_values > VALUES_MAX || message->chain_max == 0)
        return WIRE_E_INVALID;
    return 0;
}

static int read_values(const Headrace__V1__StepTask *message, Arena *arena, StepTask *task) {
    TaskValue *values = arena_alloc(arena, message->n_values * sizeof *values);

    for (size_t i = 0; i < message->n_values; i++) {
        const Headrace__V1__ScopeValue *value = message->values[i];

        if (value->node >= STEPS_MAX || value->status >= _STEP_STATUS_COUNT)
            return WIRE_E_INVALID;
        values[i] = (TaskValue){
            .root = wire_str(value->root),
            .text = wire_str(value->text),
            .node = value->node,
            .status = (StepStatus)value->status,
            .error = wire_str(value->error),
        };
    }
    task->values = values;
    task->value_count = (uint32_t)message->n_values;
    return 0;
}

static void read_numbers(const Headrace__V1__StepTask *message, StepTask *task) {
    task->home_partition = message->home_partition;
    task->version_number = message->version_number;
    task->plan_hash = message->plan_hash;
    task->expr_rev = message->expr_rev;
    task->vars_rev = message->vars_rev;
    task->node = message->node;
    task->visit = message->visit;
    task->attempt = message->attempt;
    task->chain = message->chain;
    task->epoch = message->epoch;
    task->dispatch_no = message->dispatch_no;
    task->chain_max = message->chain_max;
    task->visit_budget_ms = message->visit_budget_ms;
    task->opened_ms = message->opened_at_ms;
    task->start_by_ms = message->start_by_ms;
    task->attempt_timeout_ms = message->attempt_timeout_ms;
    task->execution_started_ms = message->execution_started_ms;
    task->execution_deadline_ms = message->execution_deadline_ms;
}

int wire_read_task(Str bytes, Arena *arena, StepTask *ret_task) {
    WireMemory memory;
    StepTask task = {0};
    int r = 0;
    const Headrace__V1__StepTask *message =
        (const void *)wire_unpack(&headrace__v1__step_task__descriptor, bytes, &memory, arena, &r);

    if (message == NULL)
        return r;
    r = wire_check_schema(message->schema, message->min_reader);
    if (r == 0)
        r = read_ids(message, &task);
    if (r == 0)
        r = read_values(message, arena, &task);
    if (r)
        return r;
    read_numbers(message, &task);
    task.scope = wire_str(message->scope);
    task.input = wire_str(message->input);
    task.traceparent = wire_str(message->traceparent);
    *ret_task = task;
    return 0;
}

static void write_numbers(Headrace__V1__StepTask *message, const StepTask *task) {
    message->schema = WIRE_SCHEMA;
    message->min_reader = WIRE_SCHEMA;
    message->home_partition = task->home_partition;
    message->version_number = task->version_number;
    message->plan_hash = task->plan_hash;
    message->expr_rev = task->expr_rev;
    message->vars_rev = task->vars_rev;
    message->node = task->node;
    message->visit = task->visit;
    message->attempt = task->attempt;
    message->chain = task->chain;
    message->epoch = task->epoch;
    message->dispatch_no = task->dispatch_no;
    message->chain_max = task->chain_max;
    message->visit_budget_ms = task->visit_budget_ms;
    message->opened_at_ms = task->opened_ms;
    message->start_by_ms = task->start_by_ms;
    message->attempt_timeout_ms = task->attempt_timeout_ms;
    message->execution_started_ms = task->execution_started_ms;
    message->execution_deadline_ms = task->execution_deadline_ms;
}

void wire_write_task(Buf *buf, const StepTask *task) {
    Headrace__V1__StepTask message = HEADRACE__V1__STEP_TASK__INIT;
    uint32_t count = task->value_count;
    Arena arena;
    Headrace__V1__ScopeValue *values;
    Headrace__V1__ScopeValue **pointers;

    arena_init(&arena, 0);
    values = arena_alloc(&arena, count * sizeof *values);
    pointers = arena_alloc(&arena, count * sizeof(void *));
    for (uint32_t i = 0; i < count; i++) {
        headrace__v1__scope_value__init(&values[i]);
        values[i].root = wire_bytes(task->values[i].root);
        values[i].text = wire_bytes(task->values[i].text);
        values[i].node = task->values[i].node;
        values[i].status = task->values[i].status;
        values[i].error = wire_bytes(task->values[i].error);
        pointers[i] = &values[i];
    }
    write_numbers(&message, task);
    message.execution_id = wire_uuid(&task->execution.uuid);
    message.tenant_id = wire_uuid(&task->tenant.uuid);
    message.template_id = wire_uuid(&task->template_id.uuid);
    message.version_id = wire_uuid(&task->version.uuid);
    message.scope = wire_bytes(task->scope);
    message.input = wire_bytes(task->input);
    message.traceparent = wire_bytes(task->traceparent);
    message.n_values = count;
    message.values = pointers;
    wire_pack(buf, &message.base);
    arena_done(&arena);
}
