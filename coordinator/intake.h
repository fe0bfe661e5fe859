#pragma once

/*
 * Intake: gathers what a lane takes into its next batch: records of its partitions of the two
 * topics, and timers that rang. Reads nothing twice and skips nothing: a record below the expected
 * offset was taken before, one above it is a gap that the log may not have.
 *
 * Runs on: lane.
 */

#include "coordinator/lane.h"

/* Waits at most wait_ms for the first message. 0, or a refusal of the bus (BUS_E_FATAL,
 * BUS_E_OFFSET). */
int intake_gather(Lane *lane, int64_t wait_ms);

/* Assigns both topics at the offsets of the partition. */
int intake_assign(Lane *lane, Partition *partition);
void intake_unassign(Lane *lane, int32_t number);
