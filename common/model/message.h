#pragma once

/*
 * Message: what daemons say to each other, as plain structs. common/wire turns them into protobuf
 * and back; nobody else sees generated code. Texts are borrowed from the bytes they were read from,
 * or live in the arena that was given.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/base/id.h"
#include "common/model/kinds.h"

/* Gateway to coordinator: something asks for an execution to start. Topic headrace.events.v1. */
typedef struct TriggerEvent {
    TenantId tenant;
    TemplateId template_id;
    Str trigger; /* trigger id; "" for a start by hand */
    TriggerType type;
    Str event; /* the event's id within the trigger */
    ExecutionId execution;
    int64_t accepted_ms;
    Str scope;         /* JSON: what `.trigger` sees */
    Str input;         /* JSON: what `.input` sees */
    Str traceparent;   /* W3C, or "" */
    VersionId version; /* zero: the active one; else exactly this (canary, test) */
    Str started_by;    /* principal of a start by hand, or "" */
} TriggerEvent;

/* Gateway to coordinator: do something to an execution. Same topic, the execution's home partition.
 */
#define COMMAND_TYPES(X) X(COMMAND_CANCEL, "CANCEL")

typedef enum CommandType { COMMAND_TYPES(KIND_VALUE) _COMMAND_TYPE_COUNT } CommandType;

typedef struct Command {
    CommandType type;
    TenantId tenant;
    ExecutionId execution;
    Str request; /* id of the request, for the audit */
    Str reason;
    Str actor;
    int64_t at_ms;
} Command;

/* Coordinator to worker: permission to run a step, and a chain behind it. headrace.tasks.<class>.v1
 */
typedef struct TaskValue {
    Str root; /* "trigger", "input" or "vars"; none: a step that has ended */
    Str text; /* JSON: of the root, or the step's output */
    uint32_t node;
    StepStatus status;
    Str error; /* JSON */
} TaskValue;

typedef struct StepTask {
    ExecutionId execution;
    TenantId tenant;
    TemplateId template_id;
    uint32_t home_partition;
    VersionId version;
    int64_t version_number;
    uint64_t plan_hash;
    uint32_t expr_rev;
    uint64_t vars_rev;
    uint32_t node;
    Str scope;
    uint32_t visit;
    uint32_t attempt;
    uint32_t chain;
    uint32_t epoch; /* claim order: attempt, epoch, dispatch_no */
    uint32_t dispatch_no;
    uint32_t chain_max; /* 1: not fused */
    uint32_t visit_budget_ms;
    int64_t opened_ms;
    int64_t start_by_ms;
    uint32_t attempt_timeout_ms;
    int64_t execution_started_ms;
    int64_t execution_deadline_ms; /* 0: none */
    Str input;
    const TaskValue *values;
    uint32_t value_count;
    Str traceparent;
} StepTask;

/* Worker to coordinator, in order, of one run. headrace.results.v1, the home partition. */
#define OUTCOME_KINDS(X)                                                                           \
    X(OUTCOME_STARTED, "STARTED")                                                                  \
    X(OUTCOME_PROGRESS, "PROGRESS")                                                                \
    X(OUTCOME_ENDED, "ENDED")                                                                      \
    X(OUTCOME_RELEASED, "RELEASED")

typedef enum OutcomeKind { OUTCOME_KINDS(KIND_VALUE) _OUTCOME_KIND_COUNT } OutcomeKind;

typedef struct StepOutcome {
    OutcomeKind kind;
    uint32_t index;
    uint32_t node;
    Str scope;
    uint32_t visit;
    uint32_t attempt;
    StepStatus status;
    Str outcome;
    bool continues;
    Released released;
    Effect effect;
    Str input, output, error;
    bool retryable;
    int64_t retry_after_ms;
    int64_t opened_ms, started_ms, ended_ms;
    Str connection;
} StepOutcome;

typedef struct StepResult {
    ExecutionId execution;
    uint32_t chain;
    uint64_t run;
    Str worker;
    uint32_t epoch;
    uint32_t dispatch_no;
    const StepOutcome *outcomes;
    uint32_t outcome_count;
} StepResult;

const char *command_type_word(CommandType type);
const char *outcome_kind_word(OutcomeKind kind);
