/* EngineEvent: what enters the coordinator. */

#include "common/model/limits.h"
#include "common/wire/wire.h"
#include "common/wire/wire_private.h"
#include "event.pb-c.h"

static int read_trigger(const Headrace__V1__TriggerEvent *message, TriggerEvent *ret) {
    if (!wire_read_uuid(message->tenant_id, false, &ret->tenant.uuid) ||
        !wire_read_uuid(message->template_id, false, &ret->template_id.uuid) ||
        !wire_read_uuid(message->execution_id, false, &ret->execution.uuid) ||
        !wire_read_uuid(message->version_id, true, &ret->version.uuid))
        return WIRE_E_INVALID;
    if (message->type >= _TRIGGER_TYPE_COUNT || message->trigger_id.len > STEP_ID_BYTES_MAX)
        return WIRE_E_INVALID;
    if (uuid_time_ms(ret->execution.uuid) != message->accepted_at_ms)
        return WIRE_E_INVALID;
    ret->type = (TriggerType)message->type;
    ret->trigger = wire_str(message->trigger_id);
    ret->event = wire_str(message->event_id);
    ret->accepted_ms = message->accepted_at_ms;
    ret->scope = wire_str(message->scope);
    ret->input = wire_str(message->input);
    ret->traceparent = wire_str(message->traceparent);
    ret->started_by = wire_str(message->started_by);
    return 0;
}

static int read_command(const Headrace__V1__Command *message, Command *ret) {
    if (!wire_read_uuid(message->tenant_id, false, &ret->tenant.uuid) ||
        !wire_read_uuid(message->execution_id, false, &ret->execution.uuid))
        return WIRE_E_INVALID;
    if (message->type >= _COMMAND_TYPE_COUNT)
        return WIRE_E_INVALID;
    ret->type = (CommandType)message->type;
    ret->request = wire_str(message->request_id);
    ret->reason = wire_str(message->reason);
    ret->actor = wire_str(message->actor);
    ret->at_ms = message->at_ms;
    return 0;
}

int wire_read_event(Str bytes, Arena *arena, EngineEvent *ret_event) {
    WireMemory memory;
    EngineEvent event = {0};
    int r = 0;
    const Headrace__V1__EngineEvent *message = (const void *)wire_unpack(
        &headrace__v1__engine_event__descriptor, bytes, &memory, arena, &r);

    if (message == NULL)
        return r;
    r = wire_check_schema(message->schema, message->min_reader);
    if (r)
        return r;
    switch (message->body_case) {
    case HEADRACE__V1__ENGINE_EVENT__BODY_TRIGGER:
        event.type = ENGINE_EVENT_TRIGGER;
        r = read_trigger(message->trigger, &event.trigger);
        break;
    case HEADRACE__V1__ENGINE_EVENT__BODY_COMMAND:
        event.type = ENGINE_EVENT_COMMAND;
        r = read_command(message->command, &event.command);
        break;
    case HEADRACE__V1__ENGINE_EVENT__BODY__NOT_SET:
    case _HEADRACE__V1__ENGINE_EVENT__BODY__CASE_IS_INT_SIZE:
        return WIRE_E_INVALID;
    }
    if (r)
        return r;
    *ret_event = event;
    return 0;
}

static void write_trigger(Buf *buf, Headrace__V1__EngineEvent *envelope,
                          const TriggerEvent *trigger) {
    Headrace__V1__TriggerEvent message = HEADRACE__V1__TRIGGER_EVENT__INIT;

    message.tenant_id = wire_uuid(&trigger->tenant.uuid);
    message.template_id = wire_uuid(&trigger->template_id.uuid);
    message.trigger_id = wire_bytes(trigger->trigger);
    message.type = trigger->type;
    message.event_id = wire_bytes(trigger->event);
    message.execution_id = wire_uuid(&trigger->execution.uuid);
    message.accepted_at_ms = trigger->accepted_ms;
    message.scope = wire_bytes(trigger->scope);
    message.input = wire_bytes(trigger->input);
    message.traceparent = wire_bytes(trigger->traceparent);
    message.started_by = wire_bytes(trigger->started_by);
    if (!uuid_is_zero(trigger->version.uuid))
        message.version_id = wire_uuid(&trigger->version.uuid);
    envelope->body_case = HEADRACE__V1__ENGINE_EVENT__BODY_TRIGGER;
    envelope->trigger = &message;
    wire_pack(buf, &envelope->base);
}

static void write_command(Buf *buf, Headrace__V1__EngineEvent *envelope, const Command *command) {
    Headrace__V1__Command message = HEADRACE__V1__COMMAND__INIT;

    message.type = command->type;
    message.tenant_id = wire_uuid(&command->tenant.uuid);
    message.execution_id = wire_uuid(&command->execution.uuid);
    message.request_id = wire_bytes(command->request);
    message.reason = wire_bytes(command->reason);
    message.actor = wire_bytes(command->actor);
    message.at_ms = command->at_ms;
    envelope->body_case = HEADRACE__V1__ENGINE_EVENT__BODY_COMMAND;
    envelope->command = &message;
    wire_pack(buf, &envelope->base);
}

void wire_write_event(Buf *buf, const EngineEvent *event) {
    Headrace__V1__EngineEvent envelope = HEADRACE__V1__ENGINE_EVENT__INIT;

    envelope.schema = WIRE_SCHEMA;
    envelope.min_reader = WIRE_SCHEMA;
    switch (event->type) {
    case ENGINE_EVENT_TRIGGER:
        write_trigger(buf, &envelope, &event->trigger);
        return;
    case ENGINE_EVENT_COMMAND:
        write_command(buf, &envelope, &event->command);
        return;
    }
}
