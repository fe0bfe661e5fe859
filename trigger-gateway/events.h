#pragma once

/*
 * Events: records of the tenants' topics become starts.
 *
 * A record's offset is stored after everything it started, or the dead letter it became, is
 * acknowledged, and after those of all records before it: a crash reads again, and the same record
 * has the same execution ids. A record that Kafka did not take is sent again until it does.
 *
 *   read ─► matched ─► sent ─► done ─► its offset is stored, in order
 *             ▲          │
 *             └─ again ◄─┘ not acknowledged
 *
 * While too much is in hand, Kafka does not answer, or the triggers are not known, the partitions
 * are paused.
 *
 * Runs on: loop.
 */

#include "trigger-gateway/catalog.h"
#include "trigger-gateway/ports/config.h"
#include "trigger-gateway/ports/publish.h"
#include "trigger-gateway/topics.h"

typedef struct Events Events;

typedef struct EventsPorts {
    Loop *loop;
    Metrics *metrics;
    const GatewayConfig *config;
    const char *instance;
    const Catalog *catalog; /* its tenants are those of the topics, by number */
    Publisher *publisher;
    const Topics *topics; /* at least one; outlive the events */
} EventsPorts;

/* 0, or a fault: the consumer cannot be made. */
int events_start(const EventsPorts *ports, Events **ret_events);
bool events_have_failed(const Events *events); /* for good: the process must begin anew */

/* Reads nothing more; done_fn comes once, from the loop, when nothing is in hand. */
void events_drain(Events *events, LoopFn done_fn, void *context);

/* After the publisher has let go of everything. Leaves the group. */
Events *events_free(Events *events);
