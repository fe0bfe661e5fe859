#pragma once

/*
 * Schedules: due rows of headrace.schedule, claimed row by row; there is no leader.
 *
 *   idle ─► claiming ─► publishing ─► advancing ─► idle
 *
 * A claim is a lease in the row: no transaction is open while Kafka is waited for. A row moves on
 * only after every event it owed is acknowledged, and only if nobody edited it meanwhile. Whoever
 * dies in between leaves a lease that runs out; the next one sends the same events again, and they
 * have the same execution ids: their event id and their time are the scheduled instant.
 *
 * Runs on: loop; SQL in a lane.
 */

#include "common/io/loop.h"
#include "trigger-gateway/ports/config.h"
#include "trigger-gateway/ports/publish.h"

typedef struct Schedules Schedules;

typedef struct SchedulesPorts {
    Loop *loop;
    Metrics *metrics;
    const GatewayConfig *config;
    const char *instance;
    Publisher *publisher;
    LanePool *lanes; /* of Pg *, as headrace_gateway */
} SchedulesPorts;

Schedules *schedules_start(const SchedulesPorts *ports);

/* Claims nothing more; done_fn comes once, from the loop, when nothing is in hand. */
void schedules_drain(Schedules *schedules, LoopFn done_fn, void *context);

/* After lanes and publisher have let go of everything. */
Schedules *schedules_free(Schedules *schedules);
