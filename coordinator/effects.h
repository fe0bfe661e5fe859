#pragma once

/*
 * Effects: what the engine wants done, as rows and tasks of the batch's work.
 *
 * Runs on: lane.
 */

#include "coordinator/lane.h"

void effects_take(Lane *lane, Slot *slot, Partition *partition, const ExecEffects *effects);
