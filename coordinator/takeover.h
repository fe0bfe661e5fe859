#pragma once

/*
 * Takeover: what a lane does with a partition that it has just claimed. It reads which executions
 * had work in flight, catches up with what was in the logs at that moment, and only then sends
 * again what may never have left: an answer that is already there makes sending needless.
 *
 * Runs on: lane.
 */

#include "coordinator/lane.h"

/* Reads the partition in: 0, or a refusal of the store or the bus. */
int takeover_begin(Lane *lane, Partition *partition);

/* When the partition has caught up, or has tried for long enough: adds RESEND messages. */
void takeover_finish(Lane *lane, Partition *partition);
