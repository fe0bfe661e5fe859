#pragma once

/*
 * Bus: topics. Messages in by explicit assignment or as a member of a group, messages out with a
 * delivery report. Nothing above knows which library speaks to the brokers.
 *
 *   producer   one per process; idempotent, acks=all, never gives a message up (message timeout 0)
 *              unless the producer was opened with a timeout
 *   consumer   one per lane; either assigned (coordinator) or subscribed (worker, gateway)
 *
 * Threads: a producer may be used by all threads; each consumer by one thread at a time. Delivery
 * callbacks run in the thread that calls bus_producer_poll().
 *
 * Runs on: lane, or loop through the event file descriptor (bus_*_fd()).
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/str.h"

enum {
    BUS_E_EMPTY = 1,   /* nothing there now */
    BUS_E_END,         /* the end of a partition was reached; the message names it */
    BUS_E_OFFSET,      /* the assigned offset is outside the log: never jumps by itself */
    BUS_E_FULL,        /* the producer's queue is full: try again after polling */
    BUS_E_TOO_LARGE,   /* the broker will not take a message of this size */
    BUS_E_UNAVAILABLE, /* no broker can be reached now */
    BUS_E_FATAL,       /* the handle is dead; open another and send what was not delivered again */
    BUS_E_REFUSED,    /* the cluster will not have it: no such topic or partition, no right to it */
    BUS_E_UNASSIGNED, /* the partition is not assigned to this consumer (any more) */
};

#define BUS_OFFSET_BEGINNING (-2)
#define BUS_OFFSET_END (-1)
#define BUS_OFFSET_STORED (-1000)

typedef struct BusHeader {
    Str name;
    Str value;
} BusHeader;

typedef struct BusMessage {
    Str topic;
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms; /* of the broker (LogAppendTime) or producer; 0: none */
    Str key;
    Str value;
    const BusHeader *headers;
    uint32_t header_count;
    void *handle; /* released by bus_message_free() */
} BusMessage;

typedef struct BusProducer BusProducer;
typedef struct BusConsumer BusConsumer;

typedef struct BusSettings {
    const char *brokers; /* host:port, comma separated */
    const char *client_id;
    const char *group;          /* NULL: not a member of a group */
    int32_t message_timeout_ms; /* producer; 0: never gives up */
    int32_t linger_ms;
    uint32_t queue_bytes_max; /* bound of what is queued in memory; 0: 64 MiB */
    const char *properties;   /* further librdkafka properties "name=value;…", or NULL */
} BusSettings;

int bus_producer_open(const BusSettings *settings, BusProducer **ret_producer);
BusProducer *bus_producer_close(BusProducer *producer); /* drops what is undelivered */

typedef struct BusOutgoing {
    const char *topic;
    int32_t partition; /* -1: by key */
    Str key;
    Str value;                /* copied */
    const BusHeader *headers; /* copied */
    uint32_t header_count;
    void *context; /* comes back in the report */
} BusOutgoing;

typedef struct BusReport {
    /* 0 delivered; BUS_E_TOO_LARGE; BUS_E_REFUSED; BUS_E_UNAVAILABLE (timeout); BUS_E_FATAL */
    int r;
    const char *topic;
    int32_t partition;
    int64_t offset;
    void *context;
} BusReport;

typedef void (*BusReportFn)(void *owner, const BusReport *report);
void bus_producer_on_report(BusProducer *producer, BusReportFn fn, void *owner);

int bus_produce(BusProducer *producer, const BusOutgoing *outgoing);
uint32_t bus_producer_poll(BusProducer *producer, int timeout_ms); /* reports served */
int bus_producer_flush(BusProducer *producer, int timeout_ms);     /* 0 or BUS_E_UNAVAILABLE */
uint32_t bus_producer_queued(const BusProducer *producer);
int bus_producer_fd(BusProducer *producer); /* readable when bus_producer_poll() has work */
/* A broker answered within the last 5 s; known only while somebody polls. False for the first 1 s.
 */
bool bus_producer_is_up(const BusProducer *producer);

/* Nothing is connected before the first bus_assign() or bus_subscribe(); a consumer does one. */
int bus_consumer_open(const BusSettings *settings, BusConsumer **ret_consumer);
/* Commits what is stored and leaves the group; the rebalance callback is not called any more. */
BusConsumer *bus_consumer_close(BusConsumer *consumer);

/*
 * Manual assignment: adds or removes one partition, leaves the others undisturbed. Assigning a
 * partition again moves it to the offset; messages from before are not seen any more.
 */
int bus_assign(BusConsumer *consumer, const char *topic, int32_t partition, int64_t offset);
int bus_unassign(BusConsumer *consumer, const char *topic, int32_t partition);

/*
 * As a member of a group; the callback is told, inside bus_poll(), of partitions that come and go.
 * Where the group has no offset, or one outside the log, the oldest message is next.
 */
typedef void (*BusRebalanceFn)(void *owner, bool is_assigned, const char *topic, int32_t partition);
int bus_subscribe(BusConsumer *consumer, const char *const *topics, uint32_t topic_count,
                  BusRebalanceFn fn, void *owner);

/*
 * 0 and a message, BUS_E_EMPTY after the timeout, BUS_E_END or BUS_E_OFFSET and a message that only
 * names topic, partition and offset, BUS_E_FATAL. Messages are freed with bus_message_free(), which
 * does nothing with the zeroed one of the other refusals.
 */
int bus_poll(BusConsumer *consumer, int timeout_ms, BusMessage *ret_message);
void bus_message_free(BusMessage *message);

/*
 * Group offsets: offset is the next wanted one. What has been stored is committed every second and
 * at close, while the partition is assigned; bus_commit() commits without waiting. Pausing what is
 * paused and resuming what is not does nothing.
 */
int bus_store_offset(BusConsumer *consumer, const char *topic, int32_t partition, int64_t offset);
int bus_commit(BusConsumer *consumer, const char *topic, int32_t partition, int64_t offset);
int bus_pause(BusConsumer *consumer, const char *topic, int32_t partition);
int bus_resume(BusConsumer *consumer, const char *topic, int32_t partition);
int bus_consumer_fd(BusConsumer *consumer); /* readable until bus_poll() said BUS_E_EMPTY */

typedef struct BusWatermarks {
    int64_t low;  /* offset of the oldest message */
    int64_t high; /* offset that the next message will get */
} BusWatermarks;

/*
 * Asks the broker; through a producer, because a broker answers the requests of one connection one
 * after the other, and those of a consumer wait behind its long fetches.
 */
int bus_watermarks(BusProducer *producer, const char *topic, int32_t partition, int timeout_ms,
                   BusWatermarks *ret_watermarks);

typedef struct BusGroupQuestion {
    const char *topic;
    uint32_t partition_count;
    int timeout_ms;
} BusGroupQuestion;

/*
 * Committed offsets of the consumer's group: ret_offsets[partition], -1 where there is none.
 * Through a consumer that does nothing else, neither a member nor assigned: librdkafka has a
 * request for this that any handle could send, but it ends the process (an assertion) when the
 * broker goes away under it.
 */
int bus_group_offsets(BusConsumer *consumer, const BusGroupQuestion *question,
                      int64_t *ret_offsets);

int bus_partition_count(BusProducer *producer, const char *topic, int timeout_ms,
                        uint32_t *ret_count);

const char *bus_refusal_word(int r);
