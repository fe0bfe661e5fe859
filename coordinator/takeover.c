/* The first seconds of a partition with a new owner. */

#include "coordinator/takeover.h"

#include "common/base/check.h"
#include "common/io/clock.h"
#include "common/io/log.h"
#include "coordinator/intake.h"
#include "coordinator/metrics.h"
#include "coordinator/store.h"

#define LOAD_AT_ONCE 500
#define CATCH_UP_MS                                                                                \
    10000 /* then it is sent again all the same; a repeated call is the lesser evil */

/* The log told in which transaction the work was sent, and so whether Kafka is known to have it. */
static void date_flights(Lane *lane, const StoreOpened *opened) {
    int64_t wall_ms = clock_now_ms(), now_ms = clock_monotonic_ms();

    for (uint32_t i = 0; i < opened->count; i++) {
        Slot *slot = slots_find(&lane->slots, (ExecutionId){opened->ids[i]});
        int64_t age_ms = opened->turn_ms[i] ? MAX(wall_ms - opened->turn_ms[i], (int64_t)0) : 0;

        if (slot == NULL)
            continue;
        LIST_FOR_EACH(node, &slot->flights) {
            Flight *flight = CONTAINER_OF(node, Flight, of_slot);

            flight->txn = opened->txns[i];
            if (opened->txns[i] > 0 && flight->started_ms == 0)
                flight->silent_ms =
                    now_ms + MAX(lane->config->dispatch_ms - age_ms, lane->config->silence_ms);
        }
    }
}

int takeover_begin(Lane *lane, Partition *partition) {
    StoreOpened opened;
    Arena arena;
    int r;

    arena_init(&arena, 0);
    r = store_read_opened(lane, partition, &arena, &opened);
    work_reset(&lane->work, ++lane->batch_number, clock_now_ms());
    for (uint32_t at = 0; r == 0 && at < opened.count; at += LOAD_AT_ONCE)
        r = store_load_ids(lane, opened.ids + at, MIN(opened.count - at, (uint32_t)LOAD_AT_ONCE));
    if (r == 0)
        date_flights(lane, &opened);
    if (r == 0)
        r = store_read_timers(lane, partition->number, 0, lane->horizon_ms);
    if (r == 0)
        r = intake_assign(lane, partition);
    if (r == 0) {
        log_event(LOG_INFO, "partition.claimed", LOG_C("lane", lane->name),
                  LOG_INT("partition", partition->number), LOG_INT("epoch", partition->epoch),
                  LOG_INT("open", opened.count));
        metric_add(lane->metrics, METRIC_TAKEOVERS, 1);
    }
    arena_done(&arena);
    return r;
}

static void send_again(Lane *lane, Partition *partition, const Flight *flight) {
    lane_add_message(lane, &(Message){
                               .type = MESSAGE_RESEND,
                               .source = SOURCE_SELF,
                               .partition = partition,
                               .execution = flight->execution,
                               .node = flight->node,
                               .visit = flight->visit,
                               .attempt = flight->attempt,
                           });
}

void takeover_finish(Lane *lane, Partition *partition) {
    bool is_late = clock_monotonic_ms() - partition->claimed_ms > CATCH_UP_MS;

    if (partition->is_caught_up || (!partition_has_read_to_sample(partition) && !is_late))
        return;
    partition->is_caught_up = true;
    LIST_FOR_EACH(node, &lane->slots.flights) {
        Flight *flight = CONTAINER_OF(node, Flight, of_lane);
        Slot *slot = slots_find(&lane->slots, flight->execution);

        CHECK(slot != NULL);
        /* Sent by us: it has a topic. Acknowledged before the takeover: it is somewhere in Kafka.
         */
        if (slot->part == partition->number && flight->topic < 0 &&
            flight->txn > partition->acked_txn)
            send_again(lane, partition, flight);
    }
}
