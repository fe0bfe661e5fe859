#pragma once

/*
 * Publish: what the gateway tells the coordinators, on the topic headrace.events.v1.
 *
 * A start goes to the home partition of its execution, a command to the partition that the
 * execution's row names (execution.part). Done means acknowledged by Kafka with acks=all: only then
 * may a caller be told that something was accepted.
 *
 * A refusal by the callback (PUBLISH_E_UNAVAILABLE) means that the message may or may not have been
 * stored: the caller answers 503, and the same event sent again has the same execution id.
 *
 * Runs on: loop.
 */

#include <stdbool.h>

#include "common/io/bus.h"
#include "common/io/loop.h"
#include "common/model/message.h"
#include "common/service/metrics.h"

#define TOPIC_EVENTS "headrace.events.v1"
#define TOPIC_DEAD_LETTERS "headrace.dead-letters.v1"

/* What a caller who is told 503 should wait. */
#define PUBLISH_RETRY_AFTER_S 5

enum {
    PUBLISH_E_UNAVAILABLE = 1, /* Kafka cannot be reached, is too slow, or the queue is full */
    PUBLISH_E_TOO_LARGE,       /* more than a message may hold */
};

typedef struct Publisher Publisher;

typedef struct PublisherSettings {
    const char *brokers;
    const char *client_id;
    int32_t timeout_ms; /* for the acknowledgement */
    Metrics *metrics;
} PublisherSettings;

/* Asks the cluster in the background how many partitions there are; until then all is refused. */
int publisher_open(Loop *loop, const PublisherSettings *settings, Publisher **ret_publisher);

/* Everything under way is told PUBLISH_E_UNAVAILABLE first. closed_fn comes once, from the loop. */
void publisher_close(Publisher *publisher, LoopFn closed_fn, void *context);

bool publisher_is_up(const Publisher *publisher);
bool publisher_has_failed(const Publisher *publisher); /* for good: the process must begin anew */
uint32_t publisher_pending(const Publisher *publisher);

/* r is 0 (acknowledged) or a refusal. */
typedef void (*PublishedFn)(void *context, int r);

/* 0: the callback comes exactly once, later, from the loop. A refusal: it never comes. */
int publish_start(Publisher *publisher, const TriggerEvent *event, PublishedFn done_fn,
                  void *context);
int publish_command(Publisher *publisher, const Command *command, uint32_t partition,
                    PublishedFn done_fn, void *context);

/* A record that nobody can use, with its headers; the same contract. */
typedef struct PublishLetter {
    Str value;
    Str key;
    const BusHeader *headers;
    uint32_t header_count;
} PublishLetter;

int publish_letter(Publisher *publisher, const PublishLetter *letter, PublishedFn done_fn,
                   void *context);
