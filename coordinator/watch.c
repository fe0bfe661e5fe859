/* Work in flight, looked at once a second. */

#include "coordinator/watch.h"

#include <stdio.h>

#include "common/base/check.h"
#include "common/io/clock.h"
#include "common/io/log.h"

#define OLD_MS 1000 /* a step that runs longer than this is worth a row */
#define PARK_EVERY_MS 1000
#define OFFSETS_EVERY_MS 2000
#define OFFSETS_WAIT_MS 1000
#define BUS_QUIET_MS 5000 /* after the brokers came back: results may still be on their way */

void watch_offsets(Lane *lane) {
    int64_t now_ms = clock_monotonic_ms();

    if (!bus_producer_is_up(lane->producer)) {
        lane->bus_down_ms = now_ms;
        return; /* nobody would answer, and timers wait for this thread */
    }
    if (now_ms - lane->offsets_ms < OFFSETS_EVERY_MS || lane->slots.flight_count == 0)
        return;
    lane->offsets_ms = now_ms;
    for (uint32_t i = 0; i < lane->topic_count; i++) {
        TaskTopic *topic = &lane->topics[i];

        BusGroupQuestion question = {
            .topic = topic->topic,
            .partition_count = topic->partition_count,
            .timeout_ms = OFFSETS_WAIT_MS,
        };

        if (bus_group_offsets(topic->group, &question, topic->committed))
            lane->bus_down_ms = clock_monotonic_ms();
    }
}

/* A worker has read past the task. */
static bool is_taken(const Lane *lane, const Flight *flight) {
    if (flight->topic < 0 || flight->offset < 0)
        return false;
    return lane->topics[flight->topic].committed[flight->task_partition] > flight->offset;
}

/* The moment from which the flight counts as silent; INT64_MAX: not at all now. */
static int64_t silent_from_ms(const Lane *lane, const Flight *flight) {
    if (flight->word_ms > 0)
        return flight->word_ms + lane->config->heartbeat_ms;
    if (flight->taken_ms > 0)
        return flight->taken_ms + lane->config->silence_ms;
    return flight->silent_ms > 0 ? flight->silent_ms : INT64_MAX;
}

static bool can_judge(const Lane *lane, const Partition *partition, int64_t now_ms) {
    return partition->is_at_end && partition->is_caught_up &&
           now_ms - lane->bus_down_ms > BUS_QUIET_MS;
}

static void judge(Lane *lane, Slot *slot, Flight *flight, int64_t now_ms) {
    Partition *partition = lane_partition(lane, slot->part);

    if (flight->taken_ms == 0 && is_taken(lane, flight))
        flight->taken_ms = now_ms;
    if (partition == NULL || silent_from_ms(lane, flight) > now_ms ||
        !can_judge(lane, partition, now_ms))
        return;
    lane_add_message(lane, &(Message){
                               .type = MESSAGE_LOST,
                               .source = SOURCE_SELF,
                               .partition = partition,
                               .execution = slot->id,
                               .node = flight->node,
                               .visit = flight->visit,
                               .attempt = flight->attempt,
                               .was_started = flight->started_ms > 0,
                           });
    /* Not again until the engine has spoken. */
    flight->taken_ms = now_ms;
    flight->word_ms = 0;
    flight->silent_ms = 0;
}

static bool is_old(const Lane *lane, const Slot *slot, const Flight *flight, int64_t now_ms) {
    return now_ms - flight->sent_ms >= OLD_MS && !slot_is_parked(slot, flight->node) &&
           lane_partition(lane, slot->part) != NULL;
}

static void park_old(Lane *lane, Slot *slot, const Flight *flight, int64_t now_ms) {
    bool is_running = flight->started_ms > 0;

    if (!is_old(lane, slot, flight, now_ms))
        return;
    slot->batch = lane->work.number;
    slot_set_parked(slot, flight->node, true);
    work_wait(&lane->work, slot,
              &(WorkWait){
                  .node = flight->node,
                  .visit = flight->visit,
                  .attempt = flight->attempt,
                  .reason = is_running ? REASON_RUNNING : REASON_QUEUED,
                  .chain = flight->chain,
                  .run = flight->run,
                  .due_ms = lane->work.now_ms +
                            (is_running ? lane->config->heartbeat_ms : lane->config->dispatch_ms),
                  .opened_ms = flight->opened_ms,
                  .started_ms = flight->started_ms,
              });
}

void watch_silence(Lane *lane) {
    int64_t now_ms = clock_monotonic_ms();

    LIST_FOR_EACH(node, &lane->slots.flights) {
        Flight *flight = CONTAINER_OF(node, Flight, of_lane);
        Slot *slot = slots_find(&lane->slots, flight->execution);

        CHECK(slot != NULL);
        judge(lane, slot, flight, now_ms);
    }
}

bool watch_has_old(const Lane *lane) {
    int64_t now_ms = clock_monotonic_ms();

    if (now_ms - lane->watched_ms < PARK_EVERY_MS)
        return false;
    LIST_FOR_EACH(node, &lane->slots.flights) {
        const Flight *flight = CONTAINER_OF(node, Flight, of_lane);

        if (is_old(lane, slots_find(&lane->slots, flight->execution), flight, now_ms))
            return true;
    }
    return false;
}

void watch_park(Lane *lane) {
    int64_t now_ms = clock_monotonic_ms();

    if (now_ms - lane->watched_ms < PARK_EVERY_MS)
        return;
    lane->watched_ms = now_ms;
    LIST_FOR_EACH(node, &lane->slots.flights) {
        Flight *flight = CONTAINER_OF(node, Flight, of_lane);

        park_old(lane, slots_find(&lane->slots, flight->execution), flight, now_ms);
    }
}

void watch_lows(const Lane *lane, int64_t *lows) {
    for (uint32_t number = 0; number < lane->partition_count; number++)
        lows[number] = lane->partitions[number] ? lane->partitions[number]->acked_txn : 0;
    LIST_FOR_EACH(node, &lane->slots.flights) {
        Flight *flight = CONTAINER_OF(node, Flight, of_lane);
        Slot *slot = slots_find(&lane->slots, flight->execution);

        if (slot != NULL && !slot_is_parked(slot, flight->node))
            lows[slot->part] = MIN(lows[slot->part], flight->txn - 1);
    }
}
