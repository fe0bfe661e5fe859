#pragma once

/*
 * Scope: what the programs of a step see, built from recorded facts, and the evaluation of a step's
 * programs in it. The coordinator and the worker (in a fused chain) call the same functions, so a
 * step gives the same bytes wherever it is evaluated.
 *
 * Only what the node reads (PlanReads) is put into the scope; texts are parsed when they are
 * needed.
 */

#include "common/plan/plan.h"

enum {
    SCOPE_E_EXPRESSION = 1, /* a program failed, or a question was answered with no boolean */
    SCOPE_E_VALIDATION,     /* a result has the wrong type or cannot be stored */
    SCOPE_E_TOO_LARGE,      /* a result is larger than PAYLOAD_BYTES_MAX */
    SCOPE_E_NO_MATCH,       /* a SWITCH that must match did not */
};

typedef struct ScopeStep {
    StepStatus status; /* STEP_PENDING: has not ended */
    Str output;        /* JSON text; none: null */
    Str error;         /* JSON text of the error object; none: null */
} ScopeStep;

typedef struct Scope {
    const Plan *plan;
    Str trigger; /* JSON text */
    Str input;   /* JSON text */
    Str vars;    /* JSON text of an object key → value */
    ExecutionId execution;
    TenantId tenant;
    int64_t started_ms;
    Str template_id;
    int64_t version_number;
    const ScopeStep *steps; /* by node; those that nobody reads need not be filled */
    const uint8_t *edges;   /* by edge: ScopeEdge; NULL: taken, as inside a chain */
    int64_t now_ms;         /* the step's opened time: what `now` gives */
} Scope;

typedef enum ScopeEdge { EDGE_UNDECIDED, EDGE_TAKEN, EDGE_DEAD } ScopeEdge;

typedef struct ScopeError {
    ErrorType type;
    Str message; /* in the arena; names the place: "inputMappings/url: …" */
} ScopeError;

/* The guard or CONDITION: only a boolean is accepted. */
int scope_condition(const Scope *scope, uint32_t node, Arena *arena, bool *ret_truth,
                    ScopeError *ret_error);

/* SWITCH: the outcome, "case0", "case0,case2", "default", or "none" (no case matched, no default).
 */
int scope_switch(const Scope *scope, uint32_t node, Arena *arena, Str *ret_outcome,
                 ScopeError *ret_error);

/* inputMappings, {} without them; entries that read `.secrets` are placeholders (template.h). */
int scope_input(const Scope *scope, uint32_t node, Arena *arena, Str *ret_input,
                ScopeError *ret_error);

/* outputMappings over the raw result, which is all they see; without them the raw result itself. */
typedef struct ScopeRaw {
    const Plan *plan;
    uint32_t node;
    int64_t now_ms;
    Str text; /* JSON */
} ScopeRaw;

int scope_output(const ScopeRaw *raw, Arena *arena, Str *ret_output, ScopeError *ret_error);

/*
 * What is decided on the spot, by the coordinator or by a worker in a chain: CONDITION, SWITCH and
 * TRANSFORM. The outcome names the ports ("" is next alone).
 */
typedef struct ScopeDecision {
    Str outcome;
    Str output; /* JSON text */
} ScopeDecision;

int scope_decide(const Scope *scope, uint32_t node, Arena *arena, ScopeDecision *ret_decision,
                 ScopeError *ret_error);

/* DELAY: when it ends. */
int scope_delay(const Scope *scope, uint32_t node, Arena *arena, int64_t *ret_due_ms,
                ScopeError *ret_error);

/*
 * TERMINATE: what the execution ends with. The error is none for COMPLETED and always there for
 * FAILED and CANCELLED; a type that is no ErrorType becomes "USER:type".
 */
typedef struct ScopeEnd {
    Str output; /* JSON text, "null" when there is none */
    Str error;  /* JSON text of the error object, or none */
} ScopeEnd;

int scope_terminate(const Scope *scope, uint32_t node, Arena *arena, ScopeEnd *ret_end,
                    ScopeError *ret_error);

/*
 * Index of the first error port whose match fits the error object (JSON text), or PLAN_NONE. A
 * match whose expr fails, or answers with no boolean, does not fit.
 */
uint32_t scope_error_port(const Scope *scope, uint32_t node, Str error, Arena *arena);

/*
 * The execution's output: plan->output, or {stepId: output} of the steps that ended a branch: they
 * were COMPLETED or FAILED_HANDLED and no edge that leaves them was taken.
 */
int scope_final(const Scope *scope, Arena *arena, Str *ret_output, ScopeError *ret_error);

/*
 * An error object as JSON text: {type, status, title, detail, message, stepId, …}. Always storable:
 * texts are cut at 4 KiB, bytes that cannot be stored become '?', and such a cause is left out.
 */
typedef struct ScopeFailure {
    ErrorType type;
    Str user_type; /* "USER:code", else none */
    uint32_t status;
    Str message;
    Str step; /* step id */
    Str scope_path;
    uint32_t attempt;
    Str cause; /* JSON text or none */
    bool retryable;
    Str title;  /* none: the type in words */
    Str detail; /* none: the message */
} ScopeFailure;

Str scope_error_object(Arena *arena, const ScopeFailure *failure);

/* The type word of an error object; ERROR_USER for "USER:…", ERROR_INTERNAL when unreadable. */
ErrorType scope_error_type(Str error, Arena *arena);
