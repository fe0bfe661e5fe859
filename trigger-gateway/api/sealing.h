#pragma once

/*
 * Sealing: secrets of a call's tenant, sealed with the tenant's data key, which is made and wrapped
 * on first use. What is sealed here is opened by workers and by the hooks listener, never by the
 * API.
 *
 * A variable's text is the JSON of its value, its place is table "variable", column "value" and the
 * variable's id.
 */

#include "trigger-gateway/api/call.h"

/* The caller holds the tenant's row. ret_sealed lives in the call's arena. */
int sealing_seal(ApiCall *call, const Uuid *variable, Str value, Str *ret_sealed);
