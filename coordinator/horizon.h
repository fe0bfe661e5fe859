#pragma once

/*
 * Horizon: which timers are in memory. Those due within the next minute are; further ones lie in
 * open_step, or follow from an execution that is in memory. Every twenty seconds the lane looks one
 * step further.
 *
 * Runs on: lane.
 */

#include "coordinator/lane.h"

/* Timers of one execution that are due in (from_ms, the horizon]. */
void horizon_arm(Lane *lane, const Slot *slot, int64_t from_ms);

/* Moves the horizon on when it is time, and arms what has come within it. */
void horizon_look(Lane *lane);
