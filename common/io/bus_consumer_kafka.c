/*
 * Messages in: one at a time (the batch calls of librdkafka lose messages around pauses).
 *
 * Runs on: lane or loop; one thread at a time.
 */

#include <errno.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/base/fault.h"
#include "common/io/bus_kafka.h"
#include "common/io/log.h"

struct BusConsumer {
    rd_kafka_conf_t *conf; /* until the handle is made from it */
    rd_kafka_t *kafka;
    int wake_fd;
    bool is_member;
    bool is_closing;
    BusRebalanceFn rebalance_fn;
    void *rebalance_owner;
    rd_kafka_topic_partition_list_t *assigned; /* by hand */
    rd_kafka_topic_partition_list_t *paused;   /* resuming what is not paused rewinds it */
};

static const BusProperty properties[] = {
    {"enable.auto.offset.store",      "false" },
    {"auto.commit.interval.ms",       "1000"  },
    {"enable.partition.eof",          "true"  },
    {"check.crcs",                    "true"  },
    {"session.timeout.ms",            "10000" },
    {"heartbeat.interval.ms",         "3000"  },
    {"max.poll.interval.ms",          "300000"},
 /* Eager: the cooperative assignors of this library loop, rewind and lose assignments. */
    {"partition.assignment.strategy", "range" },
 /* A new partition waits for the fetch that is under way: not for half a second. */
    {"fetch.wait.max.ms",             "100"   },
    {"fetch.error.backoff.ms",        "100"   },
    {"queued.min.messages",           "50000" },
    {"queued.max.messages.kbytes",    "32768" },
};

static rd_kafka_topic_partition_list_t *list_of_one(const char *topic, int32_t partition,
                                                    int64_t offset) {
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

    rd_kafka_topic_partition_list_add(list, topic, partition)->offset = offset;
    return list;
}

/* ── groups ─────────────────────────────────────────────────────────────────────────────────── */

static void tell_all(BusConsumer *consumer, bool is_assigned,
                     const rd_kafka_topic_partition_list_t *list) {
    for (int i = 0; i < list->cnt; i++) {
        /* The library would remember the pause for the next time the partition is ours. */
        bus_resume(consumer, list->elems[i].topic, list->elems[i].partition);
        if (consumer->rebalance_fn && !consumer->is_closing)
            consumer->rebalance_fn(consumer->rebalance_owner, is_assigned, list->elems[i].topic,
                                   list->elems[i].partition);
    }
}

static void rebalance_taken(rd_kafka_t *kafka, rd_kafka_resp_err_t what,
                            rd_kafka_topic_partition_list_t *list, void *opaque) {
    BusConsumer *consumer = opaque;

    if (what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        rd_kafka_assign(kafka, list);
        tell_all(consumer, true, list);
        return;
    }
    tell_all(consumer, false, list);
    rd_kafka_assign(kafka, NULL);
}

static void error_taken(rd_kafka_t *kafka, int error, const char *reason, void *opaque) {
    (void)kafka;
    (void)opaque;
    log_event(error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN ? LOG_WARN : LOG_DEBUG,
              "bus.consumer_error", LOG_C("error", rd_kafka_err2name(error)), LOG_C("why", reason));
}

/* ── opening and closing ────────────────────────────────────────────────────────────────────── */

int bus_consumer_open(const BusSettings *settings, BusConsumer **ret_consumer) {
    BusConsumer *consumer = alloc_zero(sizeof *consumer);
    /* Without a group nothing is ever committed, but the library wants a name. */
    const char *group = settings->group ? settings->group : "headrace-none";
    int r;

    consumer->wake_fd = -1;
    consumer->assigned = rd_kafka_topic_partition_list_new(8);
    consumer->paused = rd_kafka_topic_partition_list_new(8);
    r = bus_conf_make(settings, properties, ARRAY_SIZE(properties), &consumer->conf);
    if (r == 0)
        r = bus_conf_set(consumer->conf, "group.id", group);
    if (r == 0)
        r = bus_wake_open(&consumer->wake_fd);
    if (r) {
        bus_consumer_close(consumer);
        return fault_pass(r);
    }
    *ret_consumer = consumer;
    return 0;
}

BusConsumer *bus_consumer_close(BusConsumer *consumer) {
    if (!consumer)
        return NULL;
    consumer->is_closing = true;
    if (consumer->conf)
        rd_kafka_conf_destroy(consumer->conf);
    /* A close that hangs may still look at the consumer, from its own thread: it stays then. */
    if (consumer->kafka && !bus_kafka_close(consumer->kafka, true))
        return NULL;
    rd_kafka_topic_partition_list_destroy(consumer->assigned);
    rd_kafka_topic_partition_list_destroy(consumer->paused);
    bus_wake_close(consumer->wake_fd);
    return alloc_free(consumer);
}

/*
 * Members go on at the oldest message when their offset is outside the log; who assigns by hand has
 * the offset from somewhere better and must be told.
 */
static int conf_for(BusConsumer *consumer, bool is_member) {
    int r = bus_conf_set(consumer->conf, "enable.auto.commit", is_member ? "true" : "false");

    if (r == 0)
        r = bus_conf_set(consumer->conf, "auto.offset.reset", is_member ? "earliest" : "error");
    rd_kafka_conf_set_opaque(consumer->conf, consumer);
    rd_kafka_conf_set_error_cb(consumer->conf, error_taken);
    if (is_member)
        rd_kafka_conf_set_rebalance_cb(consumer->conf, rebalance_taken);
    return fault_pass(r);
}

static int kafka_needed(BusConsumer *consumer, bool is_member) {
    rd_kafka_queue_t *queue;
    char why[256];
    int r;

    if (consumer->kafka)
        return 0;
    r = conf_for(consumer, is_member);
    if (r)
        return fault_pass(r);
    consumer->kafka = rd_kafka_new(RD_KAFKA_CONSUMER, consumer->conf, why, sizeof why);
    if (!consumer->kafka) {
        log_event(LOG_ERROR, "bus.open_refused", LOG_C("why", why));
        return fault_raise(-EINVAL);
    }
    consumer->conf = NULL;
    consumer->is_member = is_member;
    rd_kafka_poll_set_consumer(consumer->kafka);
    queue = rd_kafka_queue_get_consumer(consumer->kafka);
    rd_kafka_queue_io_event_enable(queue, consumer->wake_fd, &(uint64_t){1}, sizeof(uint64_t));
    rd_kafka_queue_destroy(queue);
    return 0;
}

/* ── assigning ──────────────────────────────────────────────────────────────────────────────── */

static int assign_by(BusConsumer *consumer,
                     rd_kafka_error_t *(*change)(rd_kafka_t *kafka,
                                                 const rd_kafka_topic_partition_list_t *list),
                     const char *topic, int32_t partition, int64_t offset) {
    rd_kafka_topic_partition_list_t *list = list_of_one(topic, partition, offset);
    rd_kafka_error_t *error = change(consumer->kafka, list);
    int r = bus_refusal_of(rd_kafka_error_code(error));

    if (error)
        rd_kafka_error_destroy(error);
    rd_kafka_topic_partition_list_destroy(list);
    return r;
}

int bus_assign(BusConsumer *consumer, const char *topic, int32_t partition, int64_t offset) {
    int r = kafka_needed(consumer, false);

    if (r)
        return fault_pass(r);
    CHECK(!consumer->is_member);
    if (rd_kafka_topic_partition_list_find(consumer->assigned, topic, partition))
        r = bus_unassign(consumer, topic, partition);
    if (r == 0)
        r = assign_by(consumer, rd_kafka_incremental_assign, topic, partition, offset);
    if (r == 0)
        rd_kafka_topic_partition_list_add(consumer->assigned, topic, partition);
    return r;
}

int bus_unassign(BusConsumer *consumer, const char *topic, int32_t partition) {
    if (!rd_kafka_topic_partition_list_find(consumer->assigned, topic, partition))
        return BUS_E_UNASSIGNED;
    rd_kafka_topic_partition_list_del(consumer->assigned, topic, partition);
    bus_resume(consumer, topic, partition); /* else it is still paused when it comes back */
    return assign_by(consumer, rd_kafka_incremental_unassign, topic, partition, 0);
}

int bus_subscribe(BusConsumer *consumer, const char *const *topics, uint32_t topic_count,
                  BusRebalanceFn fn, void *owner) {
    rd_kafka_topic_partition_list_t *list;
    rd_kafka_resp_err_t error;
    int r = kafka_needed(consumer, true);

    if (r)
        return fault_pass(r);
    CHECK(consumer->is_member);
    consumer->rebalance_fn = fn;
    consumer->rebalance_owner = owner;
    list = rd_kafka_topic_partition_list_new((int)topic_count);
    for (uint32_t i = 0; i < topic_count; i++)
        rd_kafka_topic_partition_list_add(list, topics[i], RD_KAFKA_PARTITION_UA);
    error = rd_kafka_subscribe(consumer->kafka, list);
    rd_kafka_topic_partition_list_destroy(list);
    return bus_refusal_of(error);
}

/* ── messages ───────────────────────────────────────────────────────────────────────────────── */

static void read_headers(const rd_kafka_message_t *from, BusMessage *message) {
    rd_kafka_headers_t *headers;
    BusHeader *all;
    size_t count;

    if (rd_kafka_message_headers(from, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    count = rd_kafka_header_cnt(headers);
    if (count == 0)
        return;
    all = alloc_array(count, sizeof *all);
    for (size_t i = 0; i < count; i++) {
        const char *name;
        const void *value;
        size_t length;

        rd_kafka_header_get_all(headers, i, &name, &value, &length);
        all[i] = (BusHeader){str_of(name), str_from(value, length)};
    }
    message->headers = all;
    message->header_count = (uint32_t)count;
}

static BusMessage message_of(rd_kafka_message_t *from) {
    rd_kafka_timestamp_type_t type;
    BusMessage message = {
        .topic = from->rkt ? str_of(rd_kafka_topic_name(from->rkt)) : STR_NONE,
        .partition = from->partition,
        .offset = from->offset,
        .handle = from,
    };

    if (from->err)
        return message;
    message.timestamp_ms = MAX(rd_kafka_message_timestamp(from, &type), 0);
    message.key = str_from(from->key, from->key_len);
    message.value = str_from(from->payload, from->len);
    read_headers(from, &message);
    return message;
}

/* What the caller has no answer for is told to the log; librdkafka goes on by itself. */
static int poll_error(rd_kafka_message_t *from, BusMessage *ret_message) {
    int r = bus_refusal_of(from->err);

    if (r == BUS_E_END || r == BUS_E_OFFSET) {
        *ret_message = message_of(from);
        return r;
    }
    log_event(LOG_WARN, "bus.poll_error", LOG_C("error", rd_kafka_err2name(from->err)),
              LOG_C("topic", from->rkt ? rd_kafka_topic_name(from->rkt) : ""),
              LOG_INT("partition", from->partition));
    rd_kafka_message_destroy(from);
    return r == BUS_E_FATAL ? BUS_E_FATAL : BUS_E_EMPTY;
}

int bus_poll(BusConsumer *consumer, int timeout_ms, BusMessage *ret_message) {
    rd_kafka_message_t *from;

    *ret_message = (BusMessage){0};
    if (!consumer->kafka)
        return BUS_E_EMPTY;
    from = rd_kafka_consumer_poll(consumer->kafka, timeout_ms);
    if (!from) {
        /* Cleared, then asked once more: what came in between has set it again or is seen now. */
        bus_wake_clear(consumer->wake_fd);
        from = rd_kafka_consumer_poll(consumer->kafka, 0);
    }
    if (!from)
        return BUS_E_EMPTY;
    if (from->err)
        return poll_error(from, ret_message);
    *ret_message = message_of(from);
    return 0;
}

void bus_message_free(BusMessage *message) {
    alloc_free((void *)message->headers);
    if (message->handle)
        rd_kafka_message_destroy(message->handle);
    *message = (BusMessage){0};
}

/* ── offsets, pauses ────────────────────────────────────────────────────────────────────────── */

int bus_store_offset(BusConsumer *consumer, const char *topic, int32_t partition, int64_t offset) {
    rd_kafka_topic_partition_list_t *list;
    rd_kafka_resp_err_t error;

    if (!consumer->kafka)
        return BUS_E_UNASSIGNED;
    list = list_of_one(topic, partition, offset);
    error = rd_kafka_offsets_store(consumer->kafka, list);
    rd_kafka_topic_partition_list_destroy(list);
    return error == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION ? BUS_E_UNASSIGNED : bus_refusal_of(error);
}

int bus_commit(BusConsumer *consumer, const char *topic, int32_t partition, int64_t offset) {
    rd_kafka_topic_partition_list_t *list;
    int r = kafka_needed(consumer, false);

    if (r)
        return fault_pass(r);
    list = list_of_one(topic, partition, offset);
    r = bus_refusal_of(rd_kafka_commit(consumer->kafka, list, 1));
    rd_kafka_topic_partition_list_destroy(list);
    return r;
}

int bus_pause(BusConsumer *consumer, const char *topic, int32_t partition) {
    rd_kafka_topic_partition_list_t *list;
    rd_kafka_resp_err_t error;

    if (!consumer->kafka)
        return BUS_E_UNASSIGNED;
    if (rd_kafka_topic_partition_list_find(consumer->paused, topic, partition))
        return 0;
    list = list_of_one(topic, partition, 0);
    rd_kafka_pause_partitions(consumer->kafka, list);
    error = list->elems[0].err;
    rd_kafka_topic_partition_list_destroy(list);
    if (error)
        return BUS_E_UNASSIGNED;
    rd_kafka_topic_partition_list_add(consumer->paused, topic, partition);
    return 0;
}

int bus_resume(BusConsumer *consumer, const char *topic, int32_t partition) {
    rd_kafka_topic_partition_list_t *list;

    if (!rd_kafka_topic_partition_list_find(consumer->paused, topic, partition))
        return 0;
    rd_kafka_topic_partition_list_del(consumer->paused, topic, partition);
    list = list_of_one(topic, partition, 0);
    rd_kafka_resume_partitions(consumer->kafka, list);
    rd_kafka_topic_partition_list_destroy(list);
    return 0;
}

int bus_consumer_fd(BusConsumer *consumer) {
    return consumer->wake_fd;
}

/* ── the group's offsets ────────────────────────────────────────────────────────────────────── */

int bus_group_offsets(BusConsumer *consumer, const BusGroupQuestion *question,
                      int64_t *ret_offsets) {
    int count = (int)question->partition_count;
    rd_kafka_topic_partition_list_t *list;
    rd_kafka_resp_err_t error;
    int r = kafka_needed(consumer, false);

    if (r)
        return fault_pass(r);
    list = rd_kafka_topic_partition_list_new(count);
    rd_kafka_topic_partition_list_add_range(list, question->topic, 0, count - 1);
    error = rd_kafka_committed(consumer->kafka, list, question->timeout_ms);
    for (int i = 0; error == RD_KAFKA_RESP_ERR_NO_ERROR && i < count; i++)
        ret_offsets[list->elems[i].partition] = MAX(list->elems[i].offset, (int64_t)-1);
    rd_kafka_topic_partition_list_destroy(list);
    /* Nobody polls it otherwise, and its errors would be kept. */
    rd_kafka_poll(consumer->kafka, 0);
    return bus_refusal_of(error);
}
