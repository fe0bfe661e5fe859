#pragma once

/*
 * Library: definitions to start from. Entries are the tenant's own or system-wide; unpublished ones
 * are seen by editors and admins only. What is stored has no connections in it: whoever starts from
 * an entry names their own.
 */

#include "trigger-gateway/api/call.h"

/* An entry's definition, for a new workflow; NOT_FOUND where it is not shown to this key. */
int library_definition(ApiCall *call, Str id, const Json **ret_definition);
