#pragma once

/*
 * Watch: looks at work in flight once a second. Work that is a second old gets a row in open_step,
 * so that dashboards and a next owner know of it; work whose holder is silent is told to the engine
 * as lost. Silence counts only when the results were read to their end and Kafka is there: an
 * answer that waits to be read is no silence.
 *
 * Runs on: lane.
 */

#include "coordinator/lane.h"

/* Adds messages for lost work to the batch that is gathered. */
void watch_silence(Lane *lane);

/* Whether there is old work without a row; asked once a second, or false. */
bool watch_has_old(const Lane *lane);

/* Gives old work its row, in the work of the batch under way. */
void watch_park(Lane *lane);

/* The workers' committed offsets, every two seconds. */
void watch_offsets(Lane *lane);

/* Below which txn the log of each partition is needed no more. lows has partition_count places. */
void watch_lows(const Lane *lane, int64_t *lows);
