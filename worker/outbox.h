#pragma once

/*
 * Outbox: messages on their way to Kafka. Each is kept until a broker has it; a producer that died
 * is replaced and what it did not deliver is sent again, in the same order.
 *
 * When nothing is under way a message goes out at once; otherwise messages gather until what is
 * under way has arrived, at most for OUTBOX_MS or OUTBOX_BYTES: a busy worker makes few requests
 * and an idle one makes nobody wait.
 *
 * Runs on: loop.
 */

#include "common/io/bus.h"
#include "common/io/loop.h"

enum {
    OUTBOX_E_TOO_LARGE = 1, /* the broker does not take a message of this size */
    OUTBOX_E_REFUSED,       /* there is no such topic or partition, also after several tries */
};

#define OUTBOX_MS 10 /* a busy broker's answer takes about that long */
#define OUTBOX_BYTES (256u << 10)

typedef struct Outbox Outbox;

/* Exactly once for each message, later, from the loop: 0 when a broker has it. */
typedef void (*OutboxDoneFn)(void *context, int r);

typedef struct OutboxMessage {
    const char *topic; /* lives as long as the process */
    int32_t partition; /* -1: any */
    Str key;
    Str value;
    const BusHeader *headers;
    uint32_t header_count;
} OutboxMessage;

/* brokers and client_id must outlive the outbox. */
int outbox_open(Loop *loop, const char *brokers, const char *client_id, Outbox **ret_outbox);

/* What is undelivered is dropped, its done functions are not called. */
Outbox *outbox_close(Outbox *outbox);

/* Everything is copied. done may be NULL. */
void outbox_send(Outbox *outbox, const OutboxMessage *message, OutboxDoneFn done, void *context);

uint32_t outbox_count(const Outbox *outbox); /* undelivered */
bool outbox_is_up(const Outbox *outbox);     /* a broker answers */
