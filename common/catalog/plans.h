#pragma once

/*
 * Plans: compiled versions, kept while somebody uses them and a while longer.
 *
 * A version never changes, so a plan found by version id and hash is right for ever. Each thread
 * has its own Plans. The use count is the one place in the house where references are counted: it
 * lets a plan outlive its place in the cache while executions borrow it.
 */

#include <stdint.h>

#include "common/base/id.h"
#include "common/plan/plan.h"

enum {
    PLANS_E_HASH = 1, /* the text is not the one that the hash names */
    PLANS_E_INVALID,  /* the text does not compile here: made by a newer house */
};

typedef struct Plans Plans;

typedef struct PlanVersion {
    VersionId id;
    TenantId tenant;
    TemplateId template_id;
    int64_t number;
    const Plan *plan;
} PlanVersion;

/* Unused plans beyond kept_max are freed, the longest unused first. */
Plans *plans_new(uint32_t kept_max);
Plans *plans_free(Plans *plans);

/* Borrowed until plans_give(); NULL when it is not here. */
const PlanVersion *plans_take(Plans *plans, VersionId id);
void plans_give(Plans *plans, const PlanVersion *version);

/* Compiles and keeps; taken by the caller on success. origin->plan is ignored. */
int plans_add(Plans *plans, const PlanVersion *origin, Str definition, uint64_t hash,
              const PlanVersion **ret_version);

uint32_t plans_count(const Plans *plans);
