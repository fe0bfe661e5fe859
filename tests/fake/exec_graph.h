#pragma once

/*
 * ExecGraph: random definitions: acyclic graphs with every kind of step, join and failure policy
 * that the engine knows. The same dice give the same text.
 *
 * CONDITIONs, SWITCHes and guards ask the run's input, which exec_graph_input() throws as well.
 */

#include "common/base/buf.h"
#include "common/base/rand.h"
#include "common/plan/plan.h"

#define EXEC_GRAPH_STEPS_MAX 12

void exec_graph_text(Rand *dice, Buf *definition);
void exec_graph_input(Rand *dice, Buf *input);

/* The integration "test": "call" is KEY, "once" is NONE. For plan_compile(). */
const PlanCatalog *exec_graph_catalog(void);

/* A plan of which the test knows that it has no problem; freed with plan_free(). */
Plan *exec_graph_plan(const char *definition);
