#pragma once

/*
 * Lane: a thread that asks PostgreSQL, with its own connection. What is asked is immutable or a
 * single row, so each question is one statement with a short deadline.
 *
 * Runs on: lane.
 */

#include "common/io/loop.h"
#include "common/io/pg.h"
#include "common/seal/seal.h"
#include "worker/config.h"

enum {
    LANE_E_NONE = 1,    /* there is no such row */
    LANE_E_UNAVAILABLE, /* PostgreSQL does not answer, or refuses to */
};

typedef struct WorkerLane {
    Pg *pg;
    const SealKeys *keys; /* shared, only read; NULL: none */
} WorkerLane;

/* What all lanes know; must outlive them. */
typedef struct LaneOrigin {
    const WorkerConfig *config;
    const SealKeys *keys;
} LaneOrigin;

LanePoolSpec lane_spec(LaneOrigin *origin);

/* A query with an answer: 0 and a result with at least one row, or a refusal. */
int lane_ask(WorkerLane *lane, const char *sql, const PgParam *params, uint32_t count,
             PgResult **ret_result);
