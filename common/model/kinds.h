#pragma once

/*
 * Kinds: every closed vocabulary of the product, once. The enum, its word in the API, in the views,
 * in stories and in definitions come from these lists. The numbers are stored in tables and sent in
 * messages: entries are only ever added at the end.
 */

#include <stdbool.h>

#include "common/base/str.h"

#define STEP_TYPES(X)                                                                              \
    X(STEP_ACTION, "ACTION")                                                                       \
    X(STEP_CONDITION, "CONDITION")                                                                 \
    X(STEP_SWITCH, "SWITCH")                                                                       \
    X(STEP_TRANSFORM, "TRANSFORM")                                                                 \
    X(STEP_LOOP, "LOOP")                                                                           \
    X(STEP_WHILE, "WHILE")                                                                         \
    X(STEP_SCOPE, "SCOPE")                                                                         \
    X(STEP_DELAY, "DELAY")                                                                         \
    X(STEP_WAIT_EVENT, "WAIT_EVENT")                                                               \
    X(STEP_CALLBACK, "CALLBACK")                                                                   \
    X(STEP_APPROVAL, "APPROVAL")                                                                   \
    X(STEP_SUB_WORKFLOW, "SUB_WORKFLOW")                                                           \
    X(STEP_EMIT_EVENT, "EMIT_EVENT")                                                               \
    X(STEP_TASK, "TASK")                                                                           \
    X(STEP_TERMINATE, "TERMINATE")

#define EXECUTION_STATUSES(X)                                                                      \
    X(EXECUTION_PENDING, "PENDING")                                                                \
    X(EXECUTION_RUNNING, "RUNNING")                                                                \
    X(EXECUTION_PAUSED, "PAUSED")                                                                  \
    X(EXECUTION_CANCELLING, "CANCELLING")                                                          \
    X(EXECUTION_COMPLETED, "COMPLETED")                                                            \
    X(EXECUTION_FAILED, "FAILED")                                                                  \
    X(EXECUTION_CANCELLED, "CANCELLED")                                                            \
    X(EXECUTION_TIMED_OUT, "TIMED_OUT")                                                            \
    X(EXECUTION_INCIDENT, "INCIDENT")

#define STEP_STATUSES(X)                                                                           \
    X(STEP_PENDING, "PENDING")                                                                     \
    X(STEP_RUNNING, "RUNNING")                                                                     \
    X(STEP_WAITING, "WAITING")                                                                     \
    X(STEP_COMPLETED, "COMPLETED")                                                                 \
    X(STEP_FAILED, "FAILED")                                                                       \
    X(STEP_FAILED_HANDLED, "FAILED_HANDLED")                                                       \
    X(STEP_SKIPPED, "SKIPPED")                                                                     \
    X(STEP_CANCELLED, "CANCELLED")                                                                 \
    X(STEP_TIMED_OUT, "TIMED_OUT")                                                                 \
    X(STEP_INDETERMINATE, "INDETERMINATE")

/* Why a step waits, was skipped, or why an ended attempt is not the last. */
#define STEP_REASONS(X)                                                                            \
    X(REASON_NONE, "NONE")                                                                         \
    X(REASON_TIMER, "TIMER")                                                                       \
    X(REASON_EVENT, "EVENT")                                                                       \
    X(REASON_CALLBACK, "CALLBACK")                                                                 \
    X(REASON_APPROVAL, "APPROVAL")                                                                 \
    X(REASON_RETRY, "RETRY")                                                                       \
    X(REASON_CHILD, "CHILD")                                                                       \
    X(REASON_CONCURRENCY, "CONCURRENCY")                                                           \
    X(REASON_INCIDENT, "INCIDENT")                                                                 \
    X(REASON_DEAD_PATH, "DEAD_PATH")                                                               \
    X(REASON_GUARD, "GUARD")                                                                       \
    X(REASON_JOIN_UNSATISFIED, "JOIN_UNSATISFIED")                                                 \
    X(REASON_RETRIED, "RETRIED")                                                                   \
    X(REASON_READY, "READY")                                                                       \
    X(REASON_QUEUED, "QUEUED")                                                                     \
    X(REASON_JOIN, "JOIN")                                                                         \
    X(REASON_DEADLINE, "DEADLINE")                                                                 \
    X(REASON_FRAME, "FRAME")                                                                       \
    X(REASON_LATE, "LATE")                                                                         \
    X(REASON_LOST, "LOST")                                                                         \
    X(REASON_RUNNING, "RUNNING")

#define TRIGGER_TYPES(X)                                                                           \
    X(TRIGGER_WEBHOOK, "WEBHOOK")                                                                  \
    X(TRIGGER_SCHEDULED, "SCHEDULED")                                                              \
    X(TRIGGER_EVENT, "EVENT")                                                                      \
    X(TRIGGER_POLLING, "POLLING")                                                                  \
    X(TRIGGER_MANUAL, "MANUAL")

#define TEMPLATE_STATUSES(X)                                                                       \
    X(TEMPLATE_DRAFT, "DRAFT")                                                                     \
    X(TEMPLATE_PUBLISHED, "PUBLISHED")                                                             \
    X(TEMPLATE_DEPRECATED, "DEPRECATED")                                                           \
    X(TEMPLATE_ARCHIVED, "ARCHIVED")

#define VARIABLE_TYPES(X)                                                                          \
    X(VARIABLE_STRING, "STRING")                                                                   \
    X(VARIABLE_NUMBER, "NUMBER")                                                                   \
    X(VARIABLE_BOOLEAN, "BOOLEAN")                                                                 \
    X(VARIABLE_JSON, "JSON")                                                                       \
    X(VARIABLE_SECRET, "SECRET")

#define AUTH_TYPES(X)                                                                              \
    X(AUTH_NONE, "NONE")                                                                           \
    X(AUTH_API_KEY, "API_KEY")                                                                     \
    X(AUTH_BASIC, "BASIC")                                                                         \
    X(AUTH_BEARER, "BEARER")                                                                       \
    X(AUTH_OAUTH2, "OAUTH2")                                                                       \
    X(AUTH_OAUTH2_CLIENT_CREDENTIALS, "OAUTH2_CLIENT_CREDENTIALS")                                 \
    X(AUTH_CUSTOM, "CUSTOM")

/* What a repeated call of an action does; decides what may be retried. */
#define IDEMPOTENCIES(X)                                                                           \
    X(IDEMPOTENCY_KEY, "KEY")         /* the target honours the Idempotency-Key header */          \
    X(IDEMPOTENCY_NATURAL, "NATURAL") /* repeating changes nothing (GET, PUT, DELETE) */           \
    X(IDEMPOTENCY_NONE, "NONE")       /* every call counts: never repeated on its own */

#define JOIN_POLICIES(X)                                                                           \
    X(JOIN_ALL_DECIDED, "ALL_DECIDED")                                                             \
    X(JOIN_ALL_TAKEN, "ALL_TAKEN")                                                                 \
    X(JOIN_ANY, "ANY")                                                                             \
    X(JOIN_N_OF_M, "N_OF_M")                                                                       \
    X(JOIN_EACH, "EACH")

#define JITTERS(X) X(JITTER_FULL, "FULL") X(JITTER_EQUAL, "EQUAL") X(JITTER_NONE, "NONE")

/* The types an error object may carry; USER:<code> is made by authors. */
#define ERROR_TYPES(X)                                                                             \
    X(ERROR_INTERNAL, "INTERNAL")                                                                  \
    X(ERROR_TIMEOUT, "TIMEOUT")                                                                    \
    X(ERROR_NETWORK, "NETWORK")                                                                    \
    X(ERROR_HTTP_4XX, "HTTP_4XX")                                                                  \
    X(ERROR_HTTP_429, "HTTP_429")                                                                  \
    X(ERROR_HTTP_5XX, "HTTP_5XX")                                                                  \
    X(ERROR_AUTH, "AUTH")                                                                          \
    X(ERROR_VALIDATION, "VALIDATION")                                                              \
    X(ERROR_EXPRESSION, "EXPRESSION")                                                              \
    X(ERROR_NO_MATCH, "NO_MATCH")                                                                  \
    X(ERROR_LOOP_LIMIT, "LOOP_LIMIT")                                                              \
    X(ERROR_PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE")                                                \
    X(ERROR_CONCURRENCY_REJECTED, "CONCURRENCY_REJECTED")                                          \
    X(ERROR_LEASE_LOST, "LEASE_LOST")                                                              \
    X(ERROR_CANCELLED, "CANCELLED")                                                                \
    X(ERROR_DISPATCH_LIMIT, "DISPATCH_LIMIT")                                                      \
    X(ERROR_APPROVAL_REJECTED, "APPROVAL_REJECTED")                                                \
    X(ERROR_EGRESS_DENIED, "EGRESS_DENIED")                                                        \
    X(ERROR_USER, "USER")

/* What an outcome says about the outside world: decides charges and INDETERMINATE. */
#define EFFECTS(X)                                                                                 \
    X(EFFECT_NOT_SENT, "NOT_SENT") X(EFFECT_ANSWERED, "ANSWERED") X(EFFECT_UNKNOWN, "UNKNOWN")

/* Why a worker gave a task back without an outcome. Never charged. */
#define RELEASES(X)                                                                                \
    X(RELEASED_DRAIN, "DRAIN")                                                                     \
    X(RELEASED_HOLD, "HOLD")                                                                       \
    X(RELEASED_EXPIRED, "EXPIRED")                                                                 \
    X(RELEASED_PLAN, "PLAN")                                                                       \
    X(RELEASED_REV, "REV")                                                                         \
    X(RELEASED_BUDGET, "BUDGET")                                                                   \
    X(RELEASED_CANCEL, "CANCEL")                                                                   \
    X(RELEASED_LEASE, "LEASE")

#define KIND_VALUE(name, word) name,
typedef enum StepType { STEP_TYPES(KIND_VALUE) _STEP_TYPE_COUNT } StepType;
typedef enum ExecutionStatus {
    EXECUTION_STATUSES(KIND_VALUE) _EXECUTION_STATUS_COUNT
} ExecutionStatus;
typedef enum StepStatus { STEP_STATUSES(KIND_VALUE) _STEP_STATUS_COUNT } StepStatus;
typedef enum StepReason { STEP_REASONS(KIND_VALUE) _STEP_REASON_COUNT } StepReason;
typedef enum TriggerType { TRIGGER_TYPES(KIND_VALUE) _TRIGGER_TYPE_COUNT } TriggerType;
typedef enum TemplateStatus { TEMPLATE_STATUSES(KIND_VALUE) _TEMPLATE_STATUS_COUNT } TemplateStatus;
typedef enum VariableType { VARIABLE_TYPES(KIND_VALUE) _VARIABLE_TYPE_COUNT } VariableType;
typedef enum AuthType { AUTH_TYPES(KIND_VALUE) _AUTH_TYPE_COUNT } AuthType;
typedef enum Idempotency { IDEMPOTENCIES(KIND_VALUE) _IDEMPOTENCY_COUNT } Idempotency;
typedef enum JoinPolicy { JOIN_POLICIES(KIND_VALUE) _JOIN_POLICY_COUNT } JoinPolicy;
typedef enum Jitter { JITTERS(KIND_VALUE) _JITTER_COUNT } Jitter;
typedef enum ErrorType { ERROR_TYPES(KIND_VALUE) _ERROR_TYPE_COUNT } ErrorType;
typedef enum Effect { EFFECTS(KIND_VALUE) _EFFECT_COUNT } Effect;
typedef enum Released { RELEASES(KIND_VALUE) _RELEASED_COUNT } Released;

/* For each vocabulary: the word of a value, and the value of a word (false: no such word). */
#define KINDS(X)                                                                                   \
    X(step_type, StepType, STEP_TYPES)                                                             \
    X(execution_status, ExecutionStatus, EXECUTION_STATUSES)                                       \
    X(step_status, StepStatus, STEP_STATUSES)                                                      \
    X(step_reason, StepReason, STEP_REASONS)                                                       \
    X(trigger_type, TriggerType, TRIGGER_TYPES)                                                    \
    X(template_status, TemplateStatus, TEMPLATE_STATUSES)                                          \
    X(variable_type, VariableType, VARIABLE_TYPES)                                                 \
    X(auth_type, AuthType, AUTH_TYPES)                                                             \
    X(idempotency, Idempotency, IDEMPOTENCIES)                                                     \
    X(join_policy, JoinPolicy, JOIN_POLICIES)                                                      \
    X(jitter, Jitter, JITTERS)                                                                     \
    X(error_type, ErrorType, ERROR_TYPES)                                                          \
    X(effect, Effect, EFFECTS)                                                                     \
    X(released, Released, RELEASES)

#define KIND_FUNCTIONS(name, Type, LIST)                                                           \
    const char *name##_word(Type value);                                                           \
    bool name##_from_word(Str word, Type *ret_value);
KINDS(KIND_FUNCTIONS)

bool execution_status_is_terminal(ExecutionStatus status);
bool step_status_is_terminal(StepStatus status);
