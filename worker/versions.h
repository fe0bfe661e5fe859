#pragma once

/*
 * Versions: the compiled plans that tasks name, read from PostgreSQL when first asked for. Who asks
 * for one that is on its way waits for it with the others.
 *
 * Runs on: loop.
 */

#include "common/catalog/plans.h"
#include "common/model/message.h"
#include "worker/worker.h"

Versions *versions_new(Worker *worker);
Versions *versions_free(Versions *versions); /* nobody waits any more */

/* Taken, until versions_give(); NULL: not here now. */
const PlanVersion *versions_take(Versions *versions, const StepTask *task);
void versions_give(Versions *versions, const PlanVersion *version);

/* Later, from the loop, once: the version, taken; NULL: unknown, unreadable, or no answer. */
typedef void (*VersionsFn)(void *context, const PlanVersion *version);
void versions_load(Versions *versions, const StepTask *task, VersionsFn fn, void *context);
