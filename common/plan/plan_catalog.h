#pragma once

/*
 * PlanCatalog: what whoever compiles a definition knows and this room does not: the integrations of
 * a tenant, cron expressions, time zones. A function that is NULL checks nothing; a NULL catalog
 * has no function. The built-in integrations are always known.
 */

#include <stdbool.h>

#include "common/model/kinds.h"
#include "common/model/retry.h"

typedef struct PlanAction {
    Str worker_class; /* none: "http" */
    Idempotency idempotency;
    bool is_idempotency_by_method;
    RetryPolicy retry;          /* the action's own default; attempts_max 0: the product's */
    int64_t attempt_timeout_ms; /* 0: the product's default */
} PlanAction;

#define PLAN_CRON_MESSAGE_BYTES 200 /* with the NUL */

typedef struct PlanCatalog {
    void *context;
    /* False: there is no such action. NULL: others than the built-in ones are taken as written. */
    bool (*find)(void *context, Str integration, Str action, PlanAction *ret_action);
    /* False: it does not parse, and the message says why. */
    bool (*parses_cron)(void *context, Str cron, char ret_message[PLAN_CRON_MESSAGE_BYTES]);
    bool (*has_timezone)(void *context, Str timezone);
} PlanCatalog;
