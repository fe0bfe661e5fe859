#pragma once

/*
 * Ownership: which partitions a lane has. Every lane claims its share of what is free or whose
 * lease has run out, and gives back what is more than its share. There is no leader.
 *
 * Runs on: lane.
 */

#include "coordinator/lane.h"

/* A few times in a lease: says that the lane lives, makes leases longer, claims or gives back. */
void ownership_tend(Lane *lane);

/* Gives all partitions back, for others to claim at once. */
void ownership_give_back(Lane *lane);

/*
 * A batch was not stored, so memory is ahead of the truth: forgets every execution and reads each
 * partition in again, as a new owner would, from where its row stands. 0, or a refusal of the
 * store: try again.
 */
int ownership_rewind(Lane *lane);
