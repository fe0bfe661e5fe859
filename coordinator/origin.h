#pragma once

/* Origin: what follows from the event that started an execution. Pure. */

#include "common/base/arena.h"
#include "common/base/id.h"
#include "common/model/kinds.h"

/* The id without its time: key of execution_key. */
Uuid origin_key(ExecutionId execution);

/* Whether events of the type have no time of their own, so that a second delivery may carry another
 * id: webhook deliveries and starts by hand. */
bool origin_has_key(TriggerType type);

/* Seed of the execution's dice. */
uint64_t origin_seed(ExecutionId execution);

/* What `.input` sees: the given text; else the trigger's body, its data, or null. */
Str origin_input(Arena *arena, Str trigger, Str input);
