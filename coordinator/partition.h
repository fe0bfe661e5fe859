#pragma once

/*
 * Partition: one owned share of the executions, as its row in engine_partition stands.
 *
 * Words
 *   txn      batches committed; every batch of the partition raises it by one
 *   acked    everything that batches up to this txn had to send is acknowledged by Kafka
 *   drained  results were read to the end of the log at this moment: a deadline of work in flight
 *            counts only when the answer is not waiting to be read
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/base/id.h"

typedef struct PartitionSent {
    int64_t txn;
    uint32_t pending; /* tasks not acknowledged yet */
} PartitionSent;

typedef struct Partition {
    int32_t number;
    uint32_t epoch;
    Uuid nonce;
    int64_t txn;
    int64_t next_event;
    int64_t next_result;
    int64_t acked_txn;
    int64_t leased_ms;  /* monotonic: when the lease was last made longer */
    int64_t claimed_ms; /* monotonic */
    int64_t events_end; /* sampled at the claim: catch up to here before sending again */
    int64_t results_end;
    bool is_counted; /* among those that the lane says it owns */
    bool is_caught_up;
    bool is_at_end;      /* the last thing read from the results was their end */
    bool has_moved;      /* the first new step after the claim was seen */
    PartitionSent *sent; /* oldest first */
    uint32_t sent_count;
    uint32_t sent_capacity;
} Partition;

Partition *partition_new(int32_t number);
Partition *partition_free(Partition *partition);

/* A batch was committed that sends pending tasks. */
void partition_sent(Partition *partition, int64_t txn, uint32_t pending);

/* One task of that batch is acknowledged. */
void partition_acked(Partition *partition, int64_t txn);

bool partition_has_read_to_sample(const Partition *partition);
