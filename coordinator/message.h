#pragma once

/*
 * Message: one thing that happened to one execution, as a lane takes it into a batch. Records of
 * the two topics, timers that rang, and work that fell silent come in the same shape; one message
 * is one turn.
 */

#include "common/base/id.h"
#include "common/base/str.h"
#include "common/wire/wire.h"
#include "coordinator/partition.h"

typedef enum MessageType {
    MESSAGE_START,   /* trigger */
    MESSAGE_COMMAND, /* command */
    MESSAGE_RESULT,  /* result */
    MESSAGE_TIMER,   /* node, visit */
    MESSAGE_LOST,    /* node, visit, attempt: the holder of the task is silent */
    MESSAGE_RESEND,  /* node: after a takeover the task may never have left */
    MESSAGE_DEAD,    /* unreadable: only its offset counts, the bytes are in the dead letters */
} MessageType;

typedef enum MessageSource { SOURCE_EVENTS, SOURCE_RESULTS, SOURCE_SELF } MessageSource;

typedef struct Message {
    MessageType type;
    MessageSource source;
    Partition *partition;
    int64_t offset; /* of SOURCE_EVENTS and SOURCE_RESULTS */
    Str bytes;      /* as it was read, for the dead letters */
    ExecutionId execution;
    uint32_t node;
    uint32_t visit;
    uint32_t attempt;
    bool was_started; /* LOST */
    bool is_poison;   /* RESULT: the database refused what it says: its steps fail */
    TriggerEvent trigger;
    Command command;
    StepResult result;
} Message;
