#pragma once

/*
 * Publication: a definition becomes a version: compiled, its schedules checked, stored with the
 * rows that steps, triggers and schedules are found by, and made the active one, all in the call's
 * transaction. Refused with all its problems at once (VALIDATION_FAILED).
 */

#include "common/plan/plan.h"
#include "trigger-gateway/api/template.h"

typedef struct Publication {
    const TemplateRow *row; /* locked */
    Str definition;
    Str description;
    bool is_rollback;
} Publication;

/* The plan, or the problems in the call. Owned by the caller. */
int publication_compile(ApiCall *call, Str definition, Plan **ret_plan);

int publication_make(ApiCall *call, const Publication *publication, Uuid *ret_version);
