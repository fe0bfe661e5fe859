/* What is known in memory about an owned partition. */

#include "coordinator/partition.h"

#include <string.h>

#include "common/base/alloc.h"
#include "common/base/check.h"

#define SENT_MIN 16

Partition *partition_new(int32_t number) {
    Partition *partition = alloc_zero(sizeof *partition);

    partition->number = number;
    return partition;
}

Partition *partition_free(Partition *partition) {
    if (partition == NULL)
        return NULL;
    alloc_free(partition->sent);
    return alloc_free(partition);
}

static void drop_acknowledged(Partition *partition) {
    uint32_t done = 0;

    while (done < partition->sent_count && partition->sent[done].pending == 0)
        partition->acked_txn = partition->sent[done++].txn;
    if (done == 0)
        return;
    partition->sent_count -= done;
    memmove(partition->sent, partition->sent + done,
            partition->sent_count * sizeof *partition->sent);
}

void partition_sent(Partition *partition, int64_t txn, uint32_t pending) {
    if (partition->sent_count == partition->sent_capacity) {
        partition->sent_capacity = MAX(partition->sent_capacity * 2, (uint32_t)SENT_MIN);
        partition->sent =
            alloc_again(partition->sent, partition->sent_capacity * sizeof *partition->sent);
    }
    partition->sent[partition->sent_count++] = (PartitionSent){.txn = txn, .pending = pending};
    drop_acknowledged(partition);
}

void partition_acked(Partition *partition, int64_t txn) {
    for (uint32_t i = 0; i < partition->sent_count; i++) {
        if (partition->sent[i].txn != txn)
            continue;
        CHECK(partition->sent[i].pending > 0);
        partition->sent[i].pending--;
        drop_acknowledged(partition);
        return;
    }
}

bool partition_has_read_to_sample(const Partition *partition) {
    return partition->next_event >= partition->events_end &&
           partition->next_result >= partition->results_end;
}
