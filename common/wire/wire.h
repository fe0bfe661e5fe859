#pragma once

/*
 * Wire: messages to bytes and back. The only room that sees generated code.
 *
 * Reading refuses what does not fit the limits: nothing is trusted because it came from our own
 * topics. A message of a newer schema whose min_reader is above ours is WIRE_E_NEWER: its dead
 * letter says so, and is sent again once a newer reader is there.
 *
 * Texts of read messages are borrowed from the arena.
 */

#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/model/message.h"

enum {
    WIRE_E_BROKEN = 1, /* not the protobuf message it should be */
    WIRE_E_TOO_LARGE,  /* more than MESSAGE_BYTES_MAX, or more memory than its size allows */
    WIRE_E_INVALID,    /* a field is missing or out of range */
    WIRE_E_NEWER,      /* min_reader is above WIRE_SCHEMA */
};

#define WIRE_SCHEMA 1

typedef enum EngineEventType { ENGINE_EVENT_TRIGGER, ENGINE_EVENT_COMMAND } EngineEventType;

typedef struct EngineEvent {
    EngineEventType type;
    TriggerEvent trigger;
    Command command;
} EngineEvent;

int wire_read_event(Str bytes, Arena *arena, EngineEvent *ret_event);
int wire_read_task(Str bytes, Arena *arena, StepTask *ret_task);
int wire_read_result(Str bytes, Arena *arena, StepResult *ret_result);

void wire_write_event(Buf *buf, const EngineEvent *event);
void wire_write_task(Buf *buf, const StepTask *task);
void wire_write_result(Buf *buf, const StepResult *result);

const char *wire_refusal_word(int r); /* "BROKEN", … for dead letters */

/*
 * Partition of headrace.events.v1 (and so the home partition) for an execution: the same for every
 * delivery of an event, whatever time its id carries.
 */
uint32_t wire_home_partition(ExecutionId execution, uint32_t partition_count);
