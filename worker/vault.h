#pragma once

/*
 * Vault: the secrets of an execution, opened. They live in the visit's arena and nowhere else.
 *
 * Runs on: lane.
 */

#include "common/base/id.h"
#include "common/json/json.h"
#include "worker/lane.h"

enum {
    VAULT_E_UNAVAILABLE = 1, /* PostgreSQL does not answer */
    VAULT_E_LOCKED,          /* no key here opens them, or they were changed */
};

/* An object, key → value; empty when there are none, or the execution has ended. */
int vault_open(WorkerLane *lane, ExecutionId execution, Arena *arena, Json *ret_secrets);
