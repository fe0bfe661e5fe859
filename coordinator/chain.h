#pragma once

/*
 * Chain: how far a worker may go on after a step, and what it needs to know for that.
 *
 * A task ships only the roots and the ended steps that programs of the chain behind its head read.
 * A chain whose values would be large is not fused: moving them would cost more than the round
 * trip.
 *
 * Runs on: lane.
 */

#include "coordinator/lane.h"

/* Sets chain_max, values and value_count of the task; 1 and none where the head stands alone. */
void chain_prepare(const Lane *lane, const Slot *slot, Arena *arena, StepTask *task);
