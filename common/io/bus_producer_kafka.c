/*
 * Messages out: idempotent, acknowledged by all replicas, each with a report.
 *
 * Runs on: lane or loop; reports come in the thread that polls.
 */

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/base/fault.h"
#include "common/io/bus_kafka.h"
#include "common/io/clock.h"
#include "common/io/log.h"

#define UP_MS 5000 /* how long a sign of life counts */
#define QUEUE_BYTES_DEFAULT (64u << 20)
#define PARTS_MAX 7 /* topic, partition, key, value, copy flag, headers, context */

struct BusProducer {
    rd_kafka_t *kafka;
    int wake_fd;
    BusReportFn report_fn;
    void *report_owner;
    uint32_t served;
    atomic_bool is_fatal;
    _Atomic int64_t alive_ms; /* last sign of life of a broker; 0: all are down */
};

static const BusProperty properties[] = {
    {"enable.idempotence",           "true"          },
    {"acks",                         "all"           },
 /* Below the brokers' default limit by what a batch and its headers add. */
    {"message.max.bytes",            "1040000"       },
    {"queue.buffering.max.messages", "1000000"       },
 /* The partitioner of the Java clients: whoever else produces agrees on a key's partition. */
    {"partitioner",                  "murmur2_random"},
 /* The only steady sign of life there is, see stats_taken(). */
    {"statistics.interval.ms",       "1000"          },
};

rd_kafka_t *bus_producer_kafka(BusProducer *producer) {
    return producer->kafka;
}

/* ── callbacks ──────────────────────────────────────────────────────────────────────────────── */

static void report_taken(rd_kafka_t *kafka, const rd_kafka_message_t *message, void *opaque) {
    BusProducer *producer = opaque;
    BusReport report = {
        .r = bus_refusal_of(message->err),
        .topic = rd_kafka_topic_name(message->rkt),
        .partition = message->partition,
        .offset = message->offset,
        .context = message->_private,
    };

    (void)kafka;
    producer->served++;
    if (report.r == 0)
        atomic_store(&producer->alive_ms, clock_monotonic_ms());
    else if (atomic_load(&producer->is_fatal))
        report.r = BUS_E_FATAL;
    if (producer->report_fn)
        producer->report_fn(producer->report_owner, &report);
}

static void error_taken(rd_kafka_t *kafka, int error, const char *reason, void *opaque) {
    BusProducer *producer = opaque;
    char why[256];

    if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
        atomic_store(&producer->alive_ms, 0);
    if (error == RD_KAFKA_RESP_ERR__FATAL) {
        rd_kafka_fatal_error(kafka, why, sizeof why);
        atomic_store(&producer->is_fatal, true);
        log_event(LOG_ERROR, "bus.producer_dead", LOG_C("why", why));
        return;
    }
    log_event(error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN ? LOG_WARN : LOG_DEBUG,
              "bus.producer_error", LOG_C("error", rd_kafka_err2name(error)), LOG_C("why", reason));
}

/* The number behind a name in the statistics from here on; -1: it is not there. */
static int64_t statistic(const char *from, const char *name) {
    const char *at = strstr(from, name);

    return at ? strtoll(at + strlen(name), NULL, 10) : -1;
}

/*
 * The statistics are JSON made by librdkafka. The cluster lives when a broker has spoken lately, or
 * when all is quiet because nobody owes an answer: one that hangs still has its connections.
 */
static int stats_taken(rd_kafka_t *kafka, char *text, size_t length, void *opaque) {
    static const char up[] = "\"state\":\"UP\"";
    bool has_spoken = false, is_connected = false, is_overdue = false;
    BusProducer *producer = opaque;

    (void)kafka;
    (void)length;
    for (const char *broker = strstr(text, up); broker; broker = strstr(broker + 1, up)) {
        bool is_waiting = statistic(broker, "\"waitresp_cnt\":") > 0;
        int64_t silent_us = statistic(broker, "\"rxidle\":");
        bool is_silent = silent_us < 0 || silent_us > UP_MS * 1000;

        is_connected = true;
        has_spoken = has_spoken || !is_silent;
        is_overdue = is_overdue || (is_silent && is_waiting);
    }
    if (has_spoken || (is_connected && !is_overdue))
        atomic_store(&producer->alive_ms, clock_monotonic_ms());
    return 0;
}

/* ── opening and closing ────────────────────────────────────────────────────────────────────── */

static int conf_numbers(rd_kafka_conf_t *conf, const BusSettings *settings) {
    uint32_t bytes = settings->queue_bytes_max ? settings->queue_bytes_max : QUEUE_BYTES_DEFAULT;
    char text[32];
    int r;

    snprintf(text, sizeof text, "%u", MAX(bytes / 1024, 1u));
    r = bus_conf_set(conf, "queue.buffering.max.kbytes", text);
    snprintf(text, sizeof text, "%d", settings->linger_ms);
    if (r == 0)
        r = bus_conf_set(conf, "linger.ms", text);
    snprintf(text, sizeof text, "%d", settings->message_timeout_ms);
    if (r == 0)
        r = bus_conf_set(conf, "message.timeout.ms", text);
    return fault_pass(r);
}

static int kafka_open(BusProducer *producer, rd_kafka_conf_t *conf) {
    rd_kafka_queue_t *queue;
    char why[256];

    rd_kafka_conf_set_opaque(conf, producer);
    rd_kafka_conf_set_dr_msg_cb(conf, report_taken);
    rd_kafka_conf_set_error_cb(conf, error_taken);
    rd_kafka_conf_set_stats_cb(conf, stats_taken);
    producer->kafka = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    if (!producer->kafka) {
        rd_kafka_conf_destroy(conf);
        log_event(LOG_ERROR, "bus.open_refused", LOG_C("why", why));
        return fault_raise(-EINVAL);
    }
    queue = rd_kafka_queue_get_main(producer->kafka);
    rd_kafka_queue_io_event_enable(queue, producer->wake_fd, &(uint64_t){1}, sizeof(uint64_t));
    rd_kafka_queue_destroy(queue);
    return 0;
}

static int producer_start(BusProducer *producer, const BusSettings *settings) {
    rd_kafka_conf_t *conf;
    int r = bus_conf_make(settings, properties, ARRAY_SIZE(properties), &conf);

    if (r)
        return fault_pass(r);
    r = conf_numbers(conf, settings);
    if (r) {
        rd_kafka_conf_destroy(conf);
        return fault_pass(r);
    }
    r = bus_wake_open(&producer->wake_fd);
    if (r) {
        rd_kafka_conf_destroy(conf);
        return fault_pass(r);
    }
    return fault_pass(kafka_open(producer, conf));
}

int bus_producer_open(const BusSettings *settings, BusProducer **ret_producer) {
    BusProducer *producer = alloc_zero(sizeof *producer);
    int r;

    producer->wake_fd = -1;
    r = producer_start(producer, settings);
    if (r) {
        bus_producer_close(producer);
        return fault_pass(r);
    }
    *ret_producer = producer;
    return 0;
}

BusProducer *bus_producer_close(BusProducer *producer) {
    if (!producer)
        return NULL;
    if (producer->kafka && !bus_kafka_close(producer->kafka, false))
        return NULL; /* whoever still closes it may look at it */
    bus_wake_close(producer->wake_fd);
    return alloc_free(producer);
}

/* ── use ────────────────────────────────────────────────────────────────────────────────────── */

void bus_producer_on_report(BusProducer *producer, BusReportFn fn, void *owner) {
    producer->report_fn = fn;
    producer->report_owner = owner;
}

static rd_kafka_headers_t *headers_of(const BusOutgoing *outgoing) {
    rd_kafka_headers_t *headers;

    if (outgoing->header_count == 0)
        return NULL;
    headers = rd_kafka_headers_new(outgoing->header_count);
    for (uint32_t i = 0; i < outgoing->header_count; i++) {
        const BusHeader *header = &outgoing->headers[i];

        rd_kafka_header_add(headers, header->name.data, (ssize_t)header->name.length,
                            header->value.data, (ssize_t)header->value.length);
    }
    return headers;
}

static void part_of(rd_kafka_vu_t *part, rd_kafka_vtype_t type, Str bytes) {
    part->vtype = type;
    part->u.mem.ptr = (void *)bytes.data;
    part->u.mem.size = bytes.length;
}

static int produce(BusProducer *producer, const BusOutgoing *outgoing,
                   rd_kafka_headers_t *headers) {
    rd_kafka_vu_t parts[PARTS_MAX] = {
        {.vtype = RD_KAFKA_VTYPE_TOPIC,     .u.cstr = outgoing->topic   },
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = outgoing->partition},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS,  .u.i = RD_KAFKA_MSG_F_COPY  },
        {.vtype = RD_KAFKA_VTYPE_OPAQUE,    .u.ptr = outgoing->context  },
        [PARTS_MAX - 1] = {.vtype = RD_KAFKA_VTYPE_HEADERS,   .u.headers = headers        },
    };
    rd_kafka_error_t *error;
    int r;

    part_of(&parts[4], RD_KAFKA_VTYPE_KEY, outgoing->key);
    part_of(&parts[5], RD_KAFKA_VTYPE_VALUE, outgoing->value);
    error = rd_kafka_produceva(producer->kafka, parts, headers ? PARTS_MAX : PARTS_MAX - 1);
    r = error ? bus_refusal_of(rd_kafka_error_code(error)) : 0;
    if (error)
        rd_kafka_error_destroy(error);
    return r;
}

int bus_produce(BusProducer *producer, const BusOutgoing *outgoing) {
    rd_kafka_headers_t *headers;
    int r;

    if (atomic_load(&producer->is_fatal))
        return BUS_E_FATAL;
    headers = headers_of(outgoing);
    r = produce(producer, outgoing, headers);
    if (r && headers)
        rd_kafka_headers_destroy(headers); /* ours again when the message was not taken */
    return r;
}

/* The descriptor is cleared first: what arrives while the queue is served sets it again. */
uint32_t bus_producer_poll(BusProducer *producer, int timeout_ms) {
    producer->served = 0;
    bus_wake_clear(producer->wake_fd);
    rd_kafka_poll(producer->kafka, timeout_ms);
    return producer->served;
}

int bus_producer_flush(BusProducer *producer, int timeout_ms) {
    return bus_refusal_of(rd_kafka_flush(producer->kafka, timeout_ms));
}

uint32_t bus_producer_queued(const BusProducer *producer) {
    return (uint32_t)rd_kafka_outq_len(producer->kafka);
}

int bus_producer_fd(BusProducer *producer) {
    return producer->wake_fd;
}

bool bus_producer_is_up(const BusProducer *producer) {
    int64_t alive_ms = atomic_load(&producer->alive_ms);

    return alive_ms > 0 && clock_monotonic_ms() - alive_ms < UP_MS;
}

int bus_watermarks(BusProducer *producer, const char *topic, int32_t partition, int timeout_ms,
                   BusWatermarks *ret_watermarks) {
    BusWatermarks watermarks;
    int r = bus_refusal_of(rd_kafka_query_watermark_offsets(
        producer->kafka, topic, partition, &watermarks.low, &watermarks.high, timeout_ms));

    if (r == 0)
        *ret_watermarks = watermarks;
    return r;
}
