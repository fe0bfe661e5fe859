#pragma once

/* What the store's files share. */

#include "coordinator/store.h"

/* A refusal of PostgreSQL as one of the store's; logs what the server said, without values. */
int store_refusal(Lane *lane, int r);

/* What `.vars` shows at a revision; kept. The text is the lane's. */
int store_vars(Lane *lane, const PlanVersion *version, int64_t rev, Str *ret_vars);
