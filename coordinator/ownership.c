/* Which partitions a lane has. */

#include "coordinator/ownership.h"

#include "common/io/clock.h"
#include "common/io/log.h"
#include "coordinator/intake.h"
#include "coordinator/metrics.h"
#include "coordinator/store.h"
#include "coordinator/takeover.h"

/* What a dead owner held is claimed at most a tenth of a lease late. */
#define TENDS_IN_A_LEASE 10

static uint32_t owned(const Lane *lane) {
    return (uint32_t)atomic_load(&lane->owned_count);
}

static void give_back(Lane *lane, int32_t number) {
    store_release(lane, number);
    log_event(LOG_INFO, "partition.released", LOG_C("lane", lane->name),
              LOG_INT("partition", number));
    lane_forget(lane, number);
}

static void give_back_surplus(Lane *lane) {
    for (uint32_t number = lane->partition_count; number > 0 && owned(lane) > lane->quota; number--)
        if (lane->partitions[number - 1] != NULL)
            give_back(lane, (int32_t)number - 1);
}

static void claim_share(Lane *lane) {
    uint32_t before = owned(lane);

    if (before >= lane->quota || store_claim(lane, lane->quota - before))
        return;
    for (uint32_t number = 0; number < lane->partition_count; number++) {
        Partition *partition = lane->partitions[number];

        if (partition == NULL || partition->is_counted)
            continue;
        partition->is_counted = true;
        atomic_fetch_add(&lane->owned_count, 1);
        metric_add(lane->metrics, METRIC_PARTITIONS, 1);
        if (takeover_begin(lane, partition))
            give_back(lane, (int32_t)number);
    }
}

void ownership_tend(Lane *lane) {
    int64_t now_ms = clock_monotonic_ms();
    uint32_t live = 1;

    if (lane->tended_ms != 0 &&
        now_ms - lane->tended_ms < lane->config->lease_ms / TENDS_IN_A_LEASE)
        return;
    lane->tended_ms = now_ms;
    if (store_beat(lane, &live))
        return;
    atomic_store(&lane->is_healthy, true);
    lane->quota = (lane->partition_count + live - 1) / live;
    if (store_renew(lane))
        return;
    give_back_surplus(lane);
    claim_share(lane);
}

void ownership_give_back(Lane *lane) {
    for (uint32_t number = 0; number < lane->partition_count; number++)
        if (lane->partitions[number] != NULL)
            give_back(lane, (int32_t)number);
    store_leave(lane);
    lane->tended_ms = clock_monotonic_ms();
}

int ownership_rewind(Lane *lane) {
    int r = 0;

    timers_done(&lane->timers);
    slots_drop_part(&lane->slots, -1);
    for (uint32_t number = 0; r == 0 && number < lane->partition_count; number++) {
        if (lane->partitions[number] == NULL)
            continue;
        intake_unassign(lane, (int32_t)number);
        r = takeover_begin(lane, lane->partitions[number]);
    }
    return r;
}
