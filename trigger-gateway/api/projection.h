#pragma once

/*
 * Projection: the rows by which a version's steps and triggers are found. The definition is the
 * truth; these rows are its steps and triggers spread out, with the index of each step in the plan.
 */

#include "common/plan/plan.h"
#include "trigger-gateway/api/template.h"

typedef struct Projection {
    const TemplateRow *row;
    const Plan *plan;
    Uuid version;
} Projection;

/* workflow_step, workflow_trigger, and trigger_state: addresses stay over versions. */
int projection_store(ApiCall *call, const Projection *projection);
