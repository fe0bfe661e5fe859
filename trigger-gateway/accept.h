#pragma once

/*
 * Accept: a webhook's event, from verified to acknowledged.
 *
 *   asking redis ─► asking pg ─► publishing ─► noting ─► answered
 *        │              ▲            ▲
 *        ├─ known ──────┼────────────┤        the same delivery: the time of the first acceptance,
 *        └─ down ───────┘            │        and so the same execution id
 *   no delivery id ──────────────────┘
 *
 * A delivery id is looked up in Redis, then in PostgreSQL; whichever is down is passed over: two
 * ids answered for one delivery lead to one execution in the end. It is noted in PostgreSQL once
 * Kafka has acknowledged, so that what is noted will start.
 *
 * Runs on: loop; look-ups in PostgreSQL in a lane.
 */

#include "common/io/http_server.h"
#include "common/io/redis.h"
#include "trigger-gateway/catalog.h"
#include "trigger-gateway/ports/publish.h"

typedef struct Accept Accept;

typedef struct AcceptPorts {
    Loop *loop;
    Metrics *metrics;
    Publisher *publisher;
    Redis *redis;
    LanePool *lanes; /* of Pg *, as headrace_gateway */
} AcceptPorts;

Accept *accept_new(const AcceptPorts *ports);

/* From here on nothing waits for Redis or PostgreSQL any more; for the time after the lanes. */
void accept_quiesce(Accept *accept);

/* What is still open is answered 503. */
Accept *accept_free(Accept *accept);

typedef struct AcceptOrder {
    HttpRequest *request;
    TriggerEvent event;  /* without execution and accepted_ms; its texts live as long as the
                            request, or the call */
    bool has_delivery;   /* event.event is the sender's own id */
    HookResponse answer; /* of the trigger */
} AcceptOrder;

/* Answers the request, now or later. */
void accept_take(Accept *accept, const AcceptOrder *order);

uint32_t accept_open_count(const Accept *accept);
