/* What a lane takes into its next batch. */

#include "coordinator/intake.h"

#include "common/base/check.h"
#include "common/io/clock.h"
#include "common/io/log.h"
#include "common/model/limits.h"
#include "coordinator/dead_letter.h"
#include "coordinator/metrics.h"

#define WATERMARK_MS 5000

/* The record is the next one of its log that we want; false: it was taken before. */
static bool is_next(const Partition *partition, MessageSource source, int64_t offset,
                    int64_t taken) {
    int64_t next = source == SOURCE_EVENTS ? partition->next_event : partition->next_result;

    return offset >= MAX(next, taken);
}

/* The highest offset of the partition's log that is among the messages already, plus one. */
static int64_t taken_to(const Lane *lane, const Partition *partition, MessageSource source) {
    for (uint32_t i = lane->message_count; i > 0; i--) {
        const Message *message = &lane->messages[i - 1];

        if (message->partition == partition && message->source == source)
            return message->offset + 1;
    }
    return 0;
}

static int read_event(Lane *lane, Message *message) {
    EngineEvent event;
    int r = wire_read_event(message->bytes, &lane->intake_arena, &event);

    if (r)
        return r;
    switch (event.type) {
    case ENGINE_EVENT_TRIGGER:
        message->type = MESSAGE_START;
        message->trigger = event.trigger;
        message->execution = event.trigger.execution;
        return 0;
    case ENGINE_EVENT_COMMAND:
        message->type = MESSAGE_COMMAND;
        message->command = event.command;
        message->execution = event.command.execution;
        return 0;
    }
    CHECK_UNREACHABLE();
}

static int read_result(Lane *lane, Message *message) {
    int r = wire_read_result(message->bytes, &lane->intake_arena, &message->result);

    if (r)
        return r;
    message->type = MESSAGE_RESULT;
    message->execution = message->result.execution;
    return 0;
}

static void take_record(Lane *lane, const BusMessage *record) {
    Partition *partition = lane_partition(lane, record->partition);
    Message message = {
        .source = str_is(record->topic, TOPIC_EVENTS) ? SOURCE_EVENTS : SOURCE_RESULTS,
        .partition = partition,
        .offset = record->offset,
    };
    int r;

    if (partition == NULL)
        return; /* given away while the record was under way */
    if (message.source == SOURCE_RESULTS)
        partition->is_at_end = false;
    if (!is_next(partition, message.source, record->offset,
                 taken_to(lane, partition, message.source)))
        return;
    message.bytes = str_copy(&lane->intake_arena, record->value);
    r = message.source == SOURCE_EVENTS ? read_event(lane, &message) : read_result(lane, &message);
    if (r) {
        message.type = MESSAGE_DEAD;
        dead_letter_add(lane, &message, wire_refusal_word(r));
        metric_add_label(lane->metrics,
                         message.source == SOURCE_EVENTS ? METRIC_EVENTS : METRIC_OUTCOMES, "dead",
                         1);
    }
    lane_add_message(lane, &message);
    lane->message_bytes += record->value.length;
}

static void note_end(Lane *lane, const BusMessage *end) {
    Partition *partition = lane_partition(lane, end->partition);

    if (partition != NULL && str_is(end->topic, TOPIC_RESULTS))
        partition->is_at_end = true;
}

static bool has_room(const Lane *lane) {
    return lane->message_count < BATCH_MESSAGES_MAX && lane->message_bytes < BATCH_BYTES_MAX;
}

static int take_records(Lane *lane, int64_t wait_ms) {
    int64_t end_ms = clock_monotonic_ms() + wait_ms;
    bool has_first = lane->message_count > 0;

    while (has_room(lane)) {
        int64_t left_ms = MAX(end_ms - clock_monotonic_ms(), (int64_t)0);
        BusMessage record;
        int r = bus_poll(lane->consumer, has_first ? 0 : (int)left_ms, &record);

        if (r == BUS_E_EMPTY && (has_first || left_ms == 0))
            return 0; /* what is there is taken at once; nothing is held back to fill a batch */
        if (r == BUS_E_EMPTY)
            continue;
        if (r == BUS_E_END) {
            note_end(lane, &record);
            continue;
        }
        if (r)
            return r;
        take_record(lane, &record);
        bus_message_free(&record);
        has_first = lane->message_count > 0;
    }
    return 0;
}

/* Partition of an execution whose timer rang: in memory, or as the id says. */
static Partition *partition_of(Lane *lane, ExecutionId id) {
    const Slot *slot = slots_find(&lane->slots, id);

    return lane_partition(lane, slot ? slot->part
                                     : (int32_t)wire_home_partition(id, lane->partition_count));
}

static void take_timers(Lane *lane) {
    int64_t now_ms = clock_now_ms();
    Timer timer;

    while (has_room(lane) && timers_take(&lane->timers, now_ms, &timer)) {
        Partition *partition = partition_of(lane, timer.execution);

        if (partition == NULL)
            continue; /* its new owner has the row */
        lane_add_message(lane, &(Message){
                                   .type = MESSAGE_TIMER,
                                   .source = SOURCE_SELF,
                                   .partition = partition,
                                   .execution = timer.execution,
                                   .node = timer.node,
                                   .visit = timer.visit,
                               });
    }
}

int intake_gather(Lane *lane, int64_t wait_ms) {
    int64_t timer_ms = timers_next_ms(&lane->timers) - clock_now_ms();

    take_timers(lane);
    return take_records(lane, MAX(MIN(wait_ms, timer_ms), (int64_t)0));
}

/* Where to read from: the row's offset; the log's beginning when the row has never been used. */
static int start_offset(Lane *lane, Partition *partition, const char *topic, int64_t *next,
                        int64_t *ret_end) {
    BusWatermarks marks;
    int r = bus_watermarks(lane->producer, topic, partition->number, WATERMARK_MS, &marks);

    if (r)
        return r;
    if (*next < marks.low && partition->txn == 0)
        *next = marks.low;
    if (*next < marks.low || *next > marks.high) {
        log_event(LOG_ERROR, "partition.offset_outside", LOG_C("topic", topic),
                  LOG_INT("partition", partition->number), LOG_INT("offset", *next),
                  LOG_INT("low", marks.low), LOG_INT("high", marks.high));
        return BUS_E_OFFSET;
    }
    *ret_end = marks.high;
    return 0;
}

int intake_assign(Lane *lane, Partition *partition) {
    /* Copies: the fence compares the row, which moves on with the first batch only. */
    int64_t event = partition->next_event, result = partition->next_result;
    int r = start_offset(lane, partition, TOPIC_EVENTS, &event, &partition->events_end);

    if (r == 0)
        r = start_offset(lane, partition, TOPIC_RESULTS, &result, &partition->results_end);
    if (r == 0)
        r = bus_assign(lane->consumer, TOPIC_EVENTS, partition->number, event);
    if (r == 0)
        r = bus_assign(lane->consumer, TOPIC_RESULTS, partition->number, result);
    return r;
}

void intake_unassign(Lane *lane, int32_t number) {
    bus_unassign(lane->consumer, TOPIC_EVENTS, number);
    bus_unassign(lane->consumer, TOPIC_RESULTS, number);
}
