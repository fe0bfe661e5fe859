/*
 * Records in hand.
 *
 * Runs on: loop.
 */

#include "trigger-gateway/events.h"

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/base/fault.h"
#include "common/base/list.h"
#include "common/io/log.h"
#include "trigger-gateway/ports/metrics.h"
#include "trigger-gateway/record.h"

#define TEND_EVERY_MS 100
#define READ_AT_ONCE 256 /* then the loop has a turn */

/* One assigned partition. */
typedef struct Share {
    ListNode node;
    char *topic;
    int32_t partition;
    ListNode records; /* in order of their offsets */
    bool is_paused;
} Share;

/* A record and where it lies. */
typedef struct Held {
    ListNode node;  /* of its share */
    ListNode again; /* of those to be sent again */
    Events *events;
    Share *share; /* NULL: the partition is somebody else's now */
    Record *record;
    bool is_done;
} Held;

struct Events {
    EventsPorts ports;
    BusConsumer *consumer;
    LoopWatch watch;
    LoopTimer tend;
    ListNode shares;
    ListNode again;
    uint32_t held_count;
    bool has_failed;
    bool is_draining;
    LoopFn drained_fn;
    void *drained_context;
};

/* Done -------------------------------------------------------------------------------------- */

static void held_free(Held *held) {
    list_drop(&held->node);
    list_drop(&held->again);
    held->events->held_count--;
    record_free(held->record);
    alloc_free(held);
}

/* Offsets move over what is done, up to the first record that is not. */
static void store_offsets(Events *events, Share *share) {
    int64_t next = -1;

    while (!list_is_empty(&share->records)) {
        Held *held = CONTAINER_OF(list_first(&share->records), Held, node);

        if (!held->is_done)
            break;
        next = record_offset(held->record) + 1;
        held_free(held);
    }
    if (next >= 0)
        bus_store_offset(events->consumer, share->topic, share->partition, next);
}

static void drained(Events *events) {
    LoopFn fn = events->drained_fn;

    events->drained_fn = NULL;
    if (fn != NULL)
        fn(events->drained_context);
}

static void record_done(void *context, RecordFate fate) {
    Held *held = context;
    Events *events = held->events;
    Share *share = held->share;

    metric_add_label(events->ports.metrics, METRIC_EVENTS, record_fate_word(fate), 1);
    if (fate == RECORD_AGAIN && !events->is_draining && share != NULL) {
        list_push_last(&events->again, &held->again);
        return;
    }
    /* What was not taken while we drain is read again by whoever comes next. */
    held->is_done = fate != RECORD_AGAIN;
    if (share == NULL || fate == RECORD_AGAIN)
        held_free(held);
    else
        store_offsets(events, share);
    if (events->is_draining && events->held_count == 0)
        drained(events);
}

static void take_record(Held *held) {
    RecordPorts ports = {
        .metrics = held->events->ports.metrics,
        .instance = held->events->ports.instance,
        .catalog = held->events->ports.catalog,
        .publisher = held->events->ports.publisher,
        .topics = held->events->ports.topics,
    };

    record_take(held->record, &ports, record_done, held);
}

/* Partitions that come and go --------------------------------------------------------------- */

static Share *find_share(const Events *events, Str topic, int32_t partition) {
    LIST_FOR_EACH(node, &events->shares) {
        Share *share = CONTAINER_OF(node, Share, node);

        if (share->partition == partition && str_is(topic, share->topic))
            return share;
    }
    return NULL;
}

/* Its records are still told to us, and then forgotten. */
static void drop_share(Share *share) {
    LIST_FOR_EACH(node, &share->records) {
        Held *held = CONTAINER_OF(node, Held, node);
        bool waits = list_is_linked(&held->again);

        list_drop(&held->node);
        held->share = NULL;
        if (waits || held->is_done)
            held_free(held);
    }
    list_drop(&share->node);
    alloc_free(share->topic);
    alloc_free(share);
}

static void rebalanced(void *owner, bool is_assigned, const char *topic, int32_t partition) {
    Events *events = owner;
    Share *share = find_share(events, str_of(topic), partition);

    log_event(LOG_INFO, is_assigned ? "events.assigned" : "events.revoked", LOG_C("topic", topic),
              LOG_INT("partition", partition));
    if (share != NULL)
        drop_share(share);
    if (!is_assigned)
        return;
    share = alloc_zero(sizeof *share);
    share->topic = str_dup(str_of(topic));
    share->partition = partition;
    list_init(&share->records);
    list_push_last(&events->shares, &share->node);
}

/* Reading ----------------------------------------------------------------------------------- */

static bool can_read(const Events *events) {
    return !events->is_draining &&
           events->held_count < (uint32_t)events->ports.config->events_in_flight &&
           list_is_empty(&events->again) && catalog_is_usable(events->ports.catalog) &&
           publisher_is_up(events->ports.publisher);
}

static void pause_or_resume(Events *events) {
    bool pauses = !can_read(events);

    LIST_FOR_EACH(node, &events->shares) {
        Share *share = CONTAINER_OF(node, Share, node);

        if (share->is_paused == pauses)
            continue;
        share->is_paused = pauses;
        if (pauses)
            bus_pause(events->consumer, share->topic, share->partition);
        else
            bus_resume(events->consumer, share->topic, share->partition);
    }
}

static void hold(Events *events, BusMessage *message) {
    Share *share = find_share(events, message->topic, message->partition);
    Held *held;

    if (share == NULL) {
        bus_message_free(message);
        return;
    }
    held = alloc_zero(sizeof *held);
    held->events = events;
    held->share = share;
    held->record = record_new(message);
    list_push_last(&share->records, &held->node);
    events->held_count++;
    take_record(held);
}

/* Also while everything is paused: the group wants to see us. */
static void read_some(void *context) {
    Events *events = context;
    BusMessage message;
    int r = 0;

    for (int i = 0; i < READ_AT_ONCE && r != BUS_E_EMPTY && r != BUS_E_FATAL; i++) {
        r = bus_poll(events->consumer, 0, &message);
        if (r == 0)
            hold(events, &message);
        else
            bus_message_free(&message);
        if (!can_read(events))
            pause_or_resume(events);
    }
    if (r == BUS_E_FATAL)
        events->has_failed = true;
}

static void tend(void *context) {
    Events *events = context;
    ListNode again;

    read_some(events);
    if (publisher_is_up(events->ports.publisher) && catalog_is_usable(events->ports.catalog)) {
        list_init(&again);
        while (!list_is_empty(&events->again)) {
            ListNode *node = list_first(&events->again);

            list_drop(node);
            list_push_last(&again, node);
        }
        while (!list_is_empty(&again)) {
            Held *held = CONTAINER_OF(list_first(&again), Held, again);

            list_drop(&held->again);
            take_record(held);
        }
    }
    pause_or_resume(events);
}

/* Life -------------------------------------------------------------------------------------- */

static int open_consumer(Events *events) {
    const EventsPorts *ports = &events->ports;
    BusSettings settings = {
        .brokers = ports->config->kafka,
        .client_id = ports->instance,
        .group = ports->config->events_group,
        /* A topic that is made later is found soon. */
        .properties = "topic.metadata.refresh.interval.ms=10000",
    };
    int r = bus_consumer_open(&settings, &events->consumer);

    if (r == 0)
        r = bus_subscribe(events->consumer, ports->topics->names, ports->topics->count, rebalanced,
                          events);
    if (r == 0)
        r = loop_watch_open(ports->loop, &events->watch, bus_consumer_fd(events->consumer),
                            read_some, events);
    return fault_fold(r);
}

int events_start(const EventsPorts *ports, Events **ret_events) {
    Events *events = alloc_zero(sizeof *events);
    int r;

    events->ports = *ports;
    list_init(&events->shares);
    list_init(&events->again);
    r = open_consumer(events);
    if (r) {
        bus_consumer_close(events->consumer);
        alloc_free(events);
        return fault_pass(r);
    }
    loop_timer_open(ports->loop, &events->tend, tend, events);
    loop_timer_start(&events->tend, 1, TEND_EVERY_MS);
    *ret_events = events;
    return 0;
}

bool events_have_failed(const Events *events) {
    return events->has_failed;
}

static void drained_now(void *context) {
    drained(context);
}

void events_drain(Events *events, LoopFn done_fn, void *context) {
    events->is_draining = true;
    events->drained_fn = done_fn;
    events->drained_context = context;
    pause_or_resume(events);
    while (!list_is_empty(&events->again))
        held_free(CONTAINER_OF(list_first(&events->again), Held, again));
    if (events->held_count == 0)
        loop_post(events->ports.loop, drained_now, events);
}

static void watch_closed(void *context) {
    alloc_free(context);
}

static void tend_closed(void *context) {
    Events *events = context;

    loop_watch_close(&events->watch, watch_closed);
}

Events *events_free(Events *events) {
    if (events == NULL)
        return NULL;
    events->is_draining = true;
    while (!list_is_empty(&events->shares)) {
        Share *share = CONTAINER_OF(list_first(&events->shares), Share, node);

        LIST_FOR_EACH(node, &share->records)
        held_free(CONTAINER_OF(node, Held, node));
        drop_share(share);
    }
    events->consumer = bus_consumer_close(events->consumer);
    loop_timer_close(&events->tend, tend_closed);
    return NULL;
}
