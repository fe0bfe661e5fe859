#pragma once

/*
 * Plan: a published definition, compiled. Immutable; shared by all executions of a version and by
 * threads. Coordinator, worker, gateway and tools compile the same text to the same plan.
 *
 * plan_compile() is also the validation: it reports every problem at once, each with a stable code
 * and the JSON pointer of its place. A definition with a problem has no plan.
 *
 * Words
 *   node     a step of the definition, by its index
 *   edge     from a node (or a trigger) to a node, leaving through a port
 *   port     why an edge is taken: "next", "true", "false", "case0", "default", "error0", "trigger"
 *   outcome  the ports a finished node left through, comma separated; "" is "next" alone
 *   entry    a node without incoming edges: started by every trigger that has no edges of its own,
 *            and by a start without a trigger; a trigger with edges takes only those
 *   reads    what the programs of a node look at; nothing else is put into their scope
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/base/id.h"
#include "common/expr/expr.h"
#include "common/expr/template.h"
#include "common/json/json.h"
#include "common/model/kinds.h"
#include "common/model/retry.h"
#include "common/plan/plan_catalog.h"
#include "common/plan/problem.h"

#define PLAN_EXPR_REV 1 /* raised when the same program would give another result */

typedef enum PlanPortKind {
    PORT_NEXT,
    PORT_TRUE,
    PORT_FALSE,
    PORT_CASE,
    PORT_DEFAULT,
    PORT_ERROR,
    PORT_TRIGGER,
} PlanPortKind;

typedef struct PlanEdge {
    uint32_t from; /* node; for PORT_TRIGGER: index in triggers */
    uint32_t to;   /* node */
    PlanPortKind port;
    uint32_t port_index; /* of PORT_CASE and PORT_ERROR */
} PlanEdge;

/*
 * What an error port catches; all given parts must match. Consecutive onErrorSteps without a match
 * are one port that catches everything and may have several edges.
 */
typedef struct PlanMatch {
    uint32_t types;        /* bit set of ErrorType; with user_types empty, 0: any */
    const Str *user_types; /* "USER:code", each to match exactly */
    uint32_t user_type_count;
    uint32_t status; /* HTTP status; 0: any */
    Expr *expr;      /* sees the error object as "."; NULL: any */
} PlanMatch;

typedef struct PlanReads {
    bool trigger, input, vars, execution, tenant, error, join, secrets;
    bool all_steps;        /* reads `.steps` as a whole, or "." */
    const uint32_t *steps; /* nodes, ascending */
    uint32_t step_count;
} PlanReads;

typedef struct PlanCase {
    Expr *when;
} PlanCase;

typedef struct PlanNode {
    Str id;
    Str name; /* the id when the author gave none */
    StepType type;
    uint32_t parent;               /* enclosing LOOP, WHILE or SCOPE; PLAN_ROOT */
    uint32_t out_first, out_count; /* in plan->edges, which is sorted by `from` */
    const uint32_t *in;            /* indexes in plan->edges, trigger edges too */
    uint32_t in_count;
    JoinPolicy join;
    uint32_t join_n; /* of N_OF_M */
    bool join_cancels_others;

    Expr *condition;        /* guard, or the CONDITION's question; NULL: none */
    Template *input;        /* inputMappings; NULL: {} */
    Template *output;       /* outputMappings, "." is the raw result; NULL: the raw result */
    PlanReads reads;        /* of condition, input, cases and config together */
    PlanMatch *error_match; /* one for each error port, in order; error_count */
    uint32_t error_count;
    RetryPolicy retry;
    int64_t timeout_ms;         /* 0: none */
    int64_t attempt_timeout_ms; /* never 0 for ACTION */
    int64_t queue_timeout_ms;   /* 0: none */
    int64_t heartbeat_timeout_ms;
    bool continue_on_error;
    bool is_disabled;

    Str integration, action; /* ACTION: as written */
    Str worker_class; /* "http"; of other types: of the one chain that may reach it, or none */
    Idempotency idempotency;
    bool is_idempotency_by_method; /* http.request: GET HEAD PUT DELETE are NATURAL */

    PlanCase *cases; /* SWITCH */
    uint32_t case_count;
    bool switch_all;   /* mode ALL */
    bool switch_fails; /* noMatch FAIL */
    bool has_default;
    Template *delay_for; /* DELAY: one of both; result in ms, or RFC 3339 text */
    Template *delay_until;
    ExecutionStatus terminate_status; /* TERMINATE */
    Template *terminate_output;
    Template *terminate_error;
} PlanNode;

#define PLAN_ROOT UINT32_MAX
#define PLAN_NONE UINT32_MAX

typedef struct PlanTrigger {
    Str id;
    Str name;
    TriggerType type;
    const Json *config;            /* as written, an object or NULL */
    Str cron;                      /* cronExpression of SCHEDULED */
    Str timezone;                  /* "UTC" when none was given */
    Expr *filter;                  /* EVENT: sees the CloudEvent as "."; NULL: all */
    uint32_t out_first, out_count; /* in plan->edges; none: it starts the entries */
} PlanTrigger;

typedef struct PlanProgram PlanProgram;

typedef struct Plan {
    uint64_t hash; /* of the definition's canonical text */
    Str name;
    PlanNode *nodes;
    uint32_t node_count;
    PlanEdge *edges; /* sorted by `from`; trigger edges behind all others */
    uint32_t edge_count;
    uint32_t step_edge_count; /* edges before the trigger edges */
    PlanTrigger *triggers;
    uint32_t trigger_count;
    const uint32_t *entries;
    uint32_t entry_count;
    Template *output; /* NULL: map of the outputs of terminal steps */
    PlanReads output_reads;
    int64_t timeout_ms; /* of the execution; 0: none */
    bool fail_fast;
    bool is_fused;          /* settings.fuse, true unless switched off */
    const Json *definition; /* the tree it was compiled from, owned by the plan */
    const uint32_t *by_id;  /* nodes in the order of their ids */
    PlanProgram *programs;  /* every compiled program, owned by the plan */
    Arena arena;
} Plan;

/*
 * Text of at most DEFINITION_BYTES_MAX. 0: *ret_plan is owned by the caller. PLAN_E_INVALID: the
 * problems say why (at least one, at most PROBLEMS_MAX, in order of their place). The problems'
 * texts live in the arena.
 */
enum { PLAN_E_INVALID = 1 };

int plan_compile(Str definition, const PlanCatalog *catalog, Arena *arena,
                 PlanProblems *ret_problems, Plan **ret_plan);
Plan *plan_free(Plan *plan);
CLEANUP_POINTER(Plan, plan_free);

/* Index, or PLAN_NONE. */
uint32_t plan_find_node(const Plan *plan, Str id);
uint32_t plan_find_trigger(const Plan *plan, Str id);

/* "next", "case2", … */
Str plan_port_text(Arena *arena, const PlanEdge *edge);

/* Whether a node that finished with this outcome leaves through the edge. */
bool plan_edge_is_taken(const PlanEdge *edge, Str outcome);

/*
 * The one node a worker may run next in the same visit after `node` was COMPLETED, or PLAN_NONE:
 * settings.fuse is on, one taken edge, single entry, ACTION, CONDITION, SWITCH or TRANSFORM, same
 * worker class, neither of both NONE, no guard. The only definition of "next in a chain".
 */
uint32_t plan_chain_next(const Plan *plan, uint32_t node, Str outcome);
