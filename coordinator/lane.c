/* A thread that owns partitions: tend, gather, take, again. */

#include "coordinator/lane.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/io/clock.h"
#include "common/io/log.h"
#include "coordinator/batch.h"
#include "coordinator/horizon.h"
#include "coordinator/intake.h"
#include "coordinator/metrics.h"
#include "coordinator/ownership.h"
#include "coordinator/publish.h"
#include "coordinator/store.h"
#include "coordinator/takeover.h"
#include "coordinator/watch.h"

#define WAIT_MS 100  /* longest pause of an idle lane */
#define AGAIN_MS 500 /* pause before the neighbours are tried again */
#define PLANS_KEPT_MAX 256
#define METADATA_MS 10000
#define FLUSH_MS 5000
#define SILENCE_EVERY_MS 1000
#define TRIM_EVERY_MS 1000

/* What the lane's connection needs: a plan that scans a table would hide until production; a client
 * that is frozen in a transaction must not hold the fence row. */
static const char *const session_setup[] = {
    "SET search_path = pg_catalog",
    "SET enable_hashjoin = off",
    "SET enable_mergejoin = off",
    "SET enable_seqscan = off",
    "SET synchronous_commit = on",
    "SET idle_in_transaction_session_timeout = '5s'",
    "SET lock_timeout = '5s'",
    "SET TimeZone = 'UTC'",
    NULL,
};

Partition *lane_partition(const Lane *lane, int32_t number) {
    if (number < 0 || (uint32_t)number >= lane->partition_count)
        return NULL;
    return lane->partitions[number];
}

void lane_forget(Lane *lane, int32_t number) {
    Partition *partition = lane_partition(lane, number);

    if (partition == NULL)
        return;
    intake_unassign(lane, number);
    slots_drop_part(&lane->slots, number);
    lane->partitions[number] = partition_free(partition);
    atomic_fetch_sub(&lane->owned_count, 1);
    metric_add(lane->metrics, METRIC_PARTITIONS, -1);
}

void lane_forget_all(Lane *lane) {
    for (uint32_t number = 0; number < lane->partition_count; number++)
        lane_forget(lane, (int32_t)number);
    lane->message_count = 0;
}

void lane_add_message(Lane *lane, const Message *message) {
    if (lane->message_count == lane->message_capacity) {
        lane->message_capacity = MAX(lane->message_capacity * 2, 64u);
        lane->messages =
            alloc_again(lane->messages, lane->message_capacity * sizeof *lane->messages);
    }
    lane->messages[lane->message_count++] = *message;
}

static char *topic_text(const char *format, Str class_name) {
    char text[128];

    /* The formats are ours and take exactly this. */
    _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wformat-nonliteral\"");
    snprintf(text, sizeof text, format, STR_ARGS(str_slice(class_name, 0, 64)));
    _Pragma("GCC diagnostic pop");
    return str_dup(str_of(text));
}

static BusConsumer *open_group(const Lane *lane, Str class_name) {
    char *group = topic_text(WORKER_GROUP, class_name);
    BusSettings settings = {
        .brokers = lane->config->kafka, .client_id = lane->name, .group = group};
    BusConsumer *consumer = NULL;

    /* The same settings have opened the lane's own consumer. */
    CHECK(bus_consumer_open(&settings, &consumer) == 0);
    alloc_free(group);
    return consumer;
}

int32_t lane_task_topic(Lane *lane, Str class_name) {
    TaskTopic *topic;

    for (uint32_t i = 0; i < lane->topic_count; i++)
        if (str_is(class_name, lane->topics[i].class_name))
            return (int32_t)i;
    CHECK(lane->topic_count < WORKER_CLASSES_MAX);
    topic = &lane->topics[lane->topic_count];
    topic->class_name = str_dup(class_name);
    topic->topic = topic_text(TOPIC_TASKS, class_name);
    topic->group = open_group(lane, class_name);
    if (bus_partition_count(lane->producer, topic->topic, METADATA_MS, &topic->partition_count) ||
        topic->partition_count == 0)
        topic->partition_count = 1; /* the send will say what is wrong */
    topic->committed = alloc_array(topic->partition_count, sizeof(int64_t));
    for (uint32_t i = 0; i < topic->partition_count; i++)
        topic->committed[i] = -1;
    return (int32_t)lane->topic_count++;
}

/* Opening and closing ----------------------------------------------------------------------- */

static int open_bus(Lane *lane) {
    BusSettings settings = {
        .brokers = lane->config->kafka,
        .client_id = lane->name,
        .group = "headrace.coordinators",
    };
    int r = bus_producer_open(&settings, &lane->producer);

    if (r == 0)
        r = bus_consumer_open(&settings, &lane->consumer);
    if (r == 0)
        bus_producer_on_report(lane->producer, publish_report, lane);
    return r;
}

/* The number of partitions is the topics'; both have the same. */
static int read_partition_count(Lane *lane) {
    uint32_t events = 0, results = 0;
    int r = bus_partition_count(lane->producer, TOPIC_EVENTS, METADATA_MS, &events);

    if (r == 0)
        r = bus_partition_count(lane->producer, TOPIC_RESULTS, METADATA_MS, &results);
    if (r || events == 0 || results == 0)
        return BUS_E_UNAVAILABLE;
    if (events != results) {
        log_event(LOG_ERROR, "topics.counts_differ", LOG_INT("events", events),
                  LOG_INT("results", results));
        return BUS_E_UNAVAILABLE;
    }
    lane->partition_count = events;
    lane->partitions = alloc_array(events, sizeof *lane->partitions);
    work_init(&lane->work, events);
    lane->work.is_journaled = lane->config->is_journaled;
    return 0;
}

static bool open_all(Lane *lane) {
    PgSettings pg = {
        .dsn = lane->config->pg_dsn,
        .application_name = lane->name,
        .connect_timeout_ms = 5000,
        .statement_timeout_ms = 10000,
        .setup = session_setup,
    };

    lane->pg = pg_new(&pg);
    lane->plans = plans_new(PLANS_KEPT_MAX);
    slots_init(&lane->slots, (size_t)(lane->config->cache_bytes / lane->config->lanes),
               lane->plans);
    map_init(&lane->vars, 0);
    map_init(&lane->start_templates, 0);
    map_init(&lane->start_keys, 0);
    arena_init(&lane->intake_arena, 0);
    if (open_bus(lane)) {
        log_event(LOG_ERROR, "bus.not_opened", LOG_C("lane", lane->name));
        return false;
    }
    while (!atomic_load(&lane->is_stopping) && read_partition_count(lane)) {
        log_event(LOG_WARN, "topics.not_there", LOG_C("lane", lane->name));
        usleep(AGAIN_MS * 1000);
    }
    return !atomic_load(&lane->is_stopping);
}

static void close_all(Lane *lane) {
    if (lane->partition_count > 0) {
        ownership_give_back(lane);
        work_done(&lane->work);
    }
    slots_done(&lane->slots);
    store_forget(lane);
    lane->consumer = bus_consumer_close(lane->consumer);
    lane->producer = bus_producer_close(lane->producer);
    plans_free(lane->plans);
    pg_free(lane->pg);
    timers_done(&lane->timers);
    map_done(&lane->start_templates);
    map_done(&lane->start_keys);
    arena_done(&lane->intake_arena);
    alloc_free(lane->messages);
    alloc_free(lane->partitions);
    for (uint32_t i = 0; i < lane->topic_count; i++) {
        alloc_free(lane->topics[i].class_name);
        alloc_free(lane->topics[i].topic);
        bus_consumer_close(lane->topics[i].group);
        alloc_free(lane->topics[i].committed);
    }
}

/* The cycle --------------------------------------------------------------------------------- */

static bool is_due(int64_t *last_ms, int64_t every_ms) {
    int64_t now_ms = clock_monotonic_ms();

    if (now_ms - *last_ms < every_ms)
        return false;
    *last_ms = now_ms;
    return true;
}

static void trim_log(Lane *lane) {
    int64_t *lows;

    if (!is_due(&lane->trimmed_ms, TRIM_EVERY_MS))
        return;
    lows = alloc_array(lane->partition_count, sizeof *lows);
    watch_lows(lane, lows);
    store_trim_log(lane, lows);
    alloc_free(lows);
}

static void show(Lane *lane) {
    metric_set_label(lane->metrics, METRIC_CACHED, lane->name, (double)lane->slots.slots.count);
    metric_set_label(lane->metrics, METRIC_CACHED_BYTES, lane->name, (double)lane->slots.bytes);
    metric_set_label(lane->metrics, METRIC_IN_FLIGHT, lane->name, lane->slots.flight_count);
    metric_set_label(lane->metrics, METRIC_TIMERS, lane->name, lane->timers.count);
}

static void upkeep(Lane *lane) {
    _cleanup_(buf_done) Buf text = {0};
    int r;

    /* One lane a process is enough; the functions lock out the others. */
    if (lane->number != 0 || !is_due(&lane->upkeep_ms, lane->config->upkeep_ms))
        return;
    r = store_upkeep(lane, &text);
    metric_add_label(lane->metrics, METRIC_UPKEEP, r ? "failed" : "done", 1);
    log_event(r ? LOG_ERROR : LOG_INFO, r ? "upkeep.failed" : "upkeep.done",
              LOG_TEXT("what", buf_str(&text)));
}

static void gather(Lane *lane) {
    int r;

    lane->message_count = 0;
    lane->message_bytes = 0;
    arena_reset(&lane->intake_arena);
    for (uint32_t number = 0; number < lane->partition_count; number++)
        if (lane->partitions[number] != NULL)
            takeover_finish(lane, lane->partitions[number]);
    if (is_due(&lane->silence_ms, SILENCE_EVERY_MS))
        watch_silence(lane);
    r = intake_gather(lane, WAIT_MS);
    if (r == 0)
        return;
    log_event(LOG_ERROR, "bus.failed", LOG_C("lane", lane->name),
              LOG_C("why", bus_refusal_word(r)));
    ownership_give_back(lane);
    lane->message_count = 0; /* they speak of partitions that are no longer here */
    if (r == BUS_E_FATAL)
        atomic_store(&lane->has_failed, true);
}

/* Until this has succeeded nothing is taken: what is in memory may not be true. */
static bool is_true_again(Lane *lane) {
    if (!lane->must_rewind)
        return true;
    lane->message_count = 0;
    if (ownership_rewind(lane)) {
        usleep(AGAIN_MS * 1000);
        return false;
    }
    lane->must_rewind = false;
    return true;
}

static void cycle(Lane *lane) {
    int r;

    horizon_look(lane);
    ownership_tend(lane);
    if (!is_true_again(lane))
        return;
    watch_offsets(lane);
    gather(lane);
    r = lane->message_count || watch_has_old(lane) ? batch_take(lane) : 0;
    bus_producer_poll(lane->producer, 0);
    if (r == STORE_E_FENCED) {
        metric_add(lane->metrics, METRIC_FENCED, 1);
        log_event(LOG_WARN, "lane.fenced", LOG_C("lane", lane->name));
        lane_forget_all(lane);
        lane->must_rewind = false;
    } else if (r) {
        lane->must_rewind = true;
        usleep(AGAIN_MS * 1000);
    } else {
        atomic_store(&lane->is_healthy, true);
    }
    slots_trim(&lane->slots, lane->batch_number);
    trim_log(lane);
    upkeep(lane);
    show(lane);
}

static void *lane_run(void *context) {
    Lane *lane = context;

    if (open_all(lane))
        while (!atomic_load(&lane->is_stopping) && !atomic_load(&lane->has_failed))
            cycle(lane);
    if (lane->producer != NULL)
        bus_producer_flush(lane->producer, FLUSH_MS);
    close_all(lane);
    atomic_store(&lane->has_stopped, true);
    return NULL;
}

Lane *lane_start(const CoordinatorConfig *config, Metrics *metrics, const char *instance,
                 uint32_t number) {
    Lane *lane = alloc_zero(sizeof *lane);
    char name[128];

    snprintf(name, sizeof name, "%s/%u", instance, number);
    lane->config = config;
    lane->metrics = metrics;
    lane->name = str_dup(str_of(name));
    lane->number = number;
    CHECK(pthread_create(&lane->thread, NULL, lane_run, lane) == 0);
    return lane;
}

void lane_stop(Lane *lane) {
    atomic_store(&lane->is_stopping, true);
}

bool lane_has_stopped(const Lane *lane) {
    return atomic_load(&lane->has_stopped);
}

Lane *lane_free(Lane *lane) {
    if (lane == NULL)
        return NULL;
    pthread_join(lane->thread, NULL);
    alloc_free(lane->name);
    return alloc_free(lane);
}
