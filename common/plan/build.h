#pragma once

/*
 * Build: a definition on its way to a plan. Only the files of this room that compile see it.
 *
 *   read     tables of keys turn the tree into nodes, triggers, wires and programs
 *   wires    names become edges                                            build_edges.c
 *   graph    cycles, steps nothing leads to, who can have run before whom  build_graph.c
 *   refs     what every program reads, and whether that can exist          build_refs.c
 *
 * Every pass goes on after a problem, so that all of them are told at once; what an earlier pass
 * could not read is left out of the later ones instead of being complained about twice.
 */

#include "common/plan/place.h"
#include "common/plan/plan.h"

/* An edge as it is written: a name that may mean nothing. */
typedef struct Wire {
    uint32_t from; /* node, or trigger for PORT_TRIGGER */
    uint32_t to;   /* PLAN_NONE until it is resolved */
    PlanPortKind port;
    uint32_t port_index;
    Str target;
    Str pointer;
} Wire;

typedef enum ProgramSees {
    SEES_SCOPE,   /* `.trigger`, `.steps`, … */
    SEES_SECRETS, /* `.secrets` too */
    SEES_OTHER,   /* some other document: a raw result, an error object, a CloudEvent */
} ProgramSees;

/* The plan owns its programs; the rest is read while it is compiled. */
struct PlanProgram {
    PlanProgram *next;
    Expr *expr; /* one of both */
    Template *template;
    uint32_t node; /* PLAN_NONE: of the execution or a trigger */
    ProgramSees sees;
    Str pointer;
};

typedef struct Build {
    Plan *plan;
    const PlanCatalog *catalog;
    Arena *arena;  /* of the problems */
    Arena scratch; /* of what is not needed any more when the plan is there */
    PlanProblems problems;
    PlanProgram *last_program;
    uint32_t program_count;
    bool is_program_full; /* there were more programs than there may be, and it is told */
    Wire *wires;
    uint32_t wire_count;
    uint32_t wire_capacity;
    bool is_wired_full;         /* there were more edges than there may be, and it is told */
    Str *pointers;              /* of each node */
    bool *is_back;              /* by edge: it closes a cycle */
    uint64_t *before;           /* by node: bit set of the nodes that can have run before */
    size_t before_words;        /* of each set */
    TemplateMistake *mistakes;  /* room for those of one mapping */
    uint32_t suggestions_spent; /* looking for near words is the costly part of a complaint */
} Build;

/* Complaining ------------------------------------------------------------------------------- */

void build_problem(Build *build, PlanProblemCode code, Str pointer, Str message);
void build_complain(Build *build, PlanProblemCode code, const Place *place, const char *format, ...)
    _printf_(4, 5);

/* As many problems as are kept are there: nobody needs to look further. */
bool build_is_full(const Build *build);

/* " (did you mean `x`?)", or "". */
const char *build_near_step(Build *build, Str id);

/* Puts the problems in the order of their place and forgets those beyond PROBLEMS_MAX. */
void build_order_problems(Build *build, const Json *root);

/* Programs ---------------------------------------------------------------------------------- */

/* NULL when there is none to compile; then the problem is already told. */
Expr *build_expr(Build *build, const Place *place, const Json *value, uint32_t node,
                 ProgramSees sees);
Template *build_template(Build *build, const Place *place, const Json *value, uint32_t node,
                         ProgramSees sees);

/* Passes ------------------------------------------------------------------------------------ */

void build_read(Build *build, const Json *root);
void build_action(Build *build, const Place *place, const Json *step, PlanNode *node);
void build_edges(Build *build);
void build_graph(Build *build);
void build_refs(Build *build);
void build_chains(Build *build); /* worker classes of the steps between ACTIONs */
