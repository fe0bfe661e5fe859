/*
 * The bus on Apache Kafka, by librdkafka: what producers and consumers have in common.
 *
 * Runs on: lane or loop.
 */

#include "common/io/bus.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/base/fault.h"
#include "common/io/bus_kafka.h"
#include "common/io/clock.h"
#include "common/io/log.h"

#define CLOSE_SECONDS_MAX 5 /* a healthy close takes well under one */
#define PROPERTY_BYTES_MAX 1024

static const BusProperty common_properties[] = {
    {"socket.nagle.disable",     "true" },
    {"socket.keepalive.enable",  "true" },
    {"socket.timeout.ms",        "10000"}, /* a broker that hangs is left after ten seconds, not sixty */
    {"reconnect.backoff.ms",     "50"   },
    {"reconnect.backoff.max.ms", "1000" },
    {"log.connection.close",     "false"}, /* idle connections are closed all the time */
    {"broker.address.family",    "any"  },
};

static const struct {
    int r;
    const char *word;
} words[] = {
    {BUS_E_EMPTY,       "empty"      },
    {BUS_E_END,         "end"        },
    {BUS_E_OFFSET,      "offset"     },
    {BUS_E_FULL,        "full"       },
    {BUS_E_TOO_LARGE,   "too_large"  },
    {BUS_E_UNAVAILABLE, "unavailable"},
    {BUS_E_FATAL,       "fatal"      },
    {BUS_E_REFUSED,     "refused"    },
    {BUS_E_UNASSIGNED,  "unassigned" },
};

const char *bus_refusal_word(int r) {
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        if (words[i].r == r)
            return words[i].word;
    return r == 0 ? "ok" : "fault";
}

/* What passes by itself is "unavailable"; what the same call would meet again is "refused". */
static const struct {
    rd_kafka_resp_err_t error;
    int r;
} refusals[] = {
    {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,           BUS_E_TOO_LARGE },
    {RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE,        BUS_E_TOO_LARGE },
    {RD_KAFKA_RESP_ERR__QUEUE_FULL,                  BUS_E_FULL      },
    {RD_KAFKA_RESP_ERR__FATAL,                       BUS_E_FATAL     },
    {RD_KAFKA_RESP_ERR__FENCED,                      BUS_E_FATAL     },
    {RD_KAFKA_RESP_ERR__STATE,                       BUS_E_UNASSIGNED},
    {RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET,           BUS_E_OFFSET    },
    {RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE,          BUS_E_OFFSET    },
    {RD_KAFKA_RESP_ERR__PARTITION_EOF,               BUS_E_END       },
    {RD_KAFKA_RESP_ERR__INVALID_ARG,                 BUS_E_REFUSED   },
    {RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC,               BUS_E_REFUSED   },
    {RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,           BUS_E_REFUSED   },
    {RD_KAFKA_RESP_ERR__UNKNOWN_GROUP,               BUS_E_REFUSED   },
    {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,        BUS_E_REFUSED   },
    {RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION,              BUS_E_REFUSED   },
    {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,   BUS_E_REFUSED   },
    {RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,   BUS_E_REFUSED   },
    {RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, BUS_E_REFUSED   },
    {RD_KAFKA_RESP_ERR_INVALID_MSG,                  BUS_E_REFUSED   },
    {RD_KAFKA_RESP_ERR_INVALID_RECORD,               BUS_E_REFUSED   },
    {RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP,            BUS_E_REFUSED   },
    {RD_KAFKA_RESP_ERR_POLICY_VIOLATION,             BUS_E_REFUSED   },
};

int bus_refusal_of(rd_kafka_resp_err_t error) {
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
        if (refusals[i].error == error)
            return refusals[i].r;
    return BUS_E_UNAVAILABLE;
}

/* ── configuration ──────────────────────────────────────────────────────────────────────────── */

int bus_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value) {
    char why[256];

    if (rd_kafka_conf_set(conf, name, value, why, sizeof why) == RD_KAFKA_CONF_OK)
        return 0;
    log_event(LOG_ERROR, "bus.property_refused", LOG_C("property", name), LOG_C("why", why));
    return fault_raise(-EINVAL);
}

/* "name=value;name=value" */
static int set_own(rd_kafka_conf_t *conf, const char *properties) {
    Str rest = str_of(properties);
    char text[PROPERTY_BYTES_MAX];

    while (rest.data) {
        Str part = str_trim(str_split(&rest, ';'));
        char *equals;
        int r;

        if (part.length == 0)
            continue;
        snprintf(text, sizeof text, "%.*s", STR_ARGS(part));
        equals = strchr(text, '=');
        if (part.length >= sizeof text || !equals) {
            log_event(LOG_ERROR, "bus.property_refused", LOG_C("why", "not name=value"));
            return fault_raise(-EINVAL);
        }
        *equals = '\0';
        r = bus_conf_set(conf, text, equals + 1);
        if (r)
            return fault_pass(r);
    }
    return 0;
}

static void log_taken(const rd_kafka_t *kafka, int level, const char *facility, const char *text) {
    log_event(level <= 4 ? LOG_WARN : LOG_DEBUG, "bus.log", LOG_C("handle", rd_kafka_name(kafka)),
              LOG_C("facility", facility), LOG_C("text", text));
}

static int conf_fill(rd_kafka_conf_t *conf, const BusSettings *settings,
                     const BusProperty *properties, size_t count) {
    int r;

    rd_kafka_conf_set_log_cb(conf, log_taken);
    r = bus_conf_set(conf, "bootstrap.servers", settings->brokers);
    if (r == 0 && settings->client_id)
        r = bus_conf_set(conf, "client.id", settings->client_id);
    for (size_t i = 0; r == 0 && i < ARRAY_SIZE(common_properties); i++)
        r = bus_conf_set(conf, common_properties[i].name, common_properties[i].value);
    for (size_t i = 0; r == 0 && i < count; i++)
        r = bus_conf_set(conf, properties[i].name, properties[i].value);
    if (r == 0 && settings->properties)
        r = set_own(conf, settings->properties);
    return fault_pass(r);
}

int bus_conf_make(const BusSettings *settings, const BusProperty *properties, size_t count,
                  rd_kafka_conf_t **ret_conf) {
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    int r = conf_fill(conf, settings, properties, count);

    if (r) {
        rd_kafka_conf_destroy(conf);
        return fault_pass(r);
    }
    *ret_conf = conf;
    return 0;
}

/* ── waking ─────────────────────────────────────────────────────────────────────────────────── */

int bus_wake_open(int *ret_fd) {
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

    if (fd < 0)
        return fault_raise(-errno);
    *ret_fd = fd;
    return 0;
}

void bus_wake_clear(int fd) {
    uint64_t count;

    while (read(fd, &count, sizeof count) > 0)
        continue;
}

int bus_wake_close(int fd) {
    if (fd >= 0)
        close(fd);
    return -1;
}

/* ── the way out ────────────────────────────────────────────────────────────────────────────── */

/* Belongs to two threads; the one that comes last frees it. */
typedef struct Farewell {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    rd_kafka_t *kafka;
    bool is_consumer;
    bool is_over;
    bool is_left;
} Farewell;

static void farewell_free(Farewell *farewell) {
    pthread_mutex_destroy(&farewell->lock);
    pthread_cond_destroy(&farewell->changed);
    alloc_free(farewell);
}

static void *farewell_run(void *context) {
    Farewell *farewell = context;
    bool is_left;

    if (farewell->is_consumer)
        rd_kafka_consumer_close(farewell->kafka);
    rd_kafka_destroy(farewell->kafka);

    pthread_mutex_lock(&farewell->lock);
    farewell->is_over = true;
    is_left = farewell->is_left;
    pthread_cond_signal(&farewell->changed);
    pthread_mutex_unlock(&farewell->lock);
    if (is_left)
        farewell_free(farewell);
    return NULL;
}

static bool farewell_wait(Farewell *farewell) {
    struct timespec until = {.tv_sec = clock_now_ms() / 1000 + CLOSE_SECONDS_MAX};
    bool is_over;

    pthread_mutex_lock(&farewell->lock);
    while (!farewell->is_over && !farewell->is_left)
        if (pthread_cond_timedwait(&farewell->changed, &farewell->lock, &until) == ETIMEDOUT)
            farewell->is_left = !farewell->is_over;
    is_over = farewell->is_over;
    pthread_mutex_unlock(&farewell->lock);
    return is_over;
}

bool bus_kafka_close(rd_kafka_t *kafka, bool is_consumer) {
    Farewell *farewell = alloc_zero(sizeof *farewell);
    pthread_t thread;

    farewell->kafka = kafka;
    farewell->is_consumer = is_consumer;
    pthread_mutex_init(&farewell->lock, NULL);
    pthread_cond_init(&farewell->changed, NULL);
    CHECK(pthread_create(&thread, NULL, farewell_run, farewell) == 0);
    if (farewell_wait(farewell)) {
        pthread_join(thread, NULL);
        farewell_free(farewell);
        return true;
    }
    pthread_detach(thread);
    log_event(LOG_WARN, "bus.close_hangs");
    return false;
}

/* ── questions to the cluster ───────────────────────────────────────────────────────────────── */

int bus_partition_count(BusProducer *producer, const char *topic, int timeout_ms,
                        uint32_t *ret_count) {
    rd_kafka_t *kafka = bus_producer_kafka(producer);
    rd_kafka_topic_t *handle = rd_kafka_topic_new(kafka, topic, NULL);
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t error;

    if (!handle)
        return bus_refusal_of(rd_kafka_last_error());
    error = rd_kafka_metadata(kafka, 0, handle, &metadata, timeout_ms);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
        error = metadata->topic_cnt == 1 ? metadata->topics[0].err
                                         : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
            *ret_count = (uint32_t)metadata->topics[0].partition_cnt;
        rd_kafka_metadata_destroy(metadata);
    }
    rd_kafka_topic_destroy(handle);
    return bus_refusal_of(error);
}
