#pragma once

/* What the files of scope share. */

#include "common/plan/scope.h"

/*
 * The document that programs of the node see, made of what `reads` names. SCOPE_E_VALIDATION when a
 * recorded text is no JSON.
 */
int scope_roots(const Scope *scope, uint32_t node, const PlanReads *reads, Arena *arena,
                Json *ret_roots);

/* What is recorded: a text's value, null for none; false when it is no JSON. */
bool scope_parse(Arena *arena, Str text, Json *ret_value);
