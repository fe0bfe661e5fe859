/*
 * Questions to PostgreSQL.
 *
 * Runs on: lane.
 */

#include "worker/lane.h"

#include "common/base/alloc.h"
#include "common/io/log.h"

/* A step that waits for PostgreSQL is given back before anybody calls its worker silent. */
#define CONNECT_MS 1500
#define STATEMENT_MS 1500
#define QUEUE_MAX 8192 /* a few for each job */

static void *lane_new(void *context) {
    const LaneOrigin *origin = context;
    WorkerLane *lane = alloc_zero(sizeof *lane);

    lane->keys = origin->keys;
    lane->pg = pg_new(&(PgSettings){
        .dsn = origin->config->pg_dsn,
        .application_name = "headrace-worker",
        .connect_timeout_ms = CONNECT_MS,
        .statement_timeout_ms = STATEMENT_MS,
    });
    return lane;
}

static void lane_free(void *context) {
    WorkerLane *lane = context;

    pg_free(lane->pg);
    alloc_free(lane);
}

LanePoolSpec lane_spec(LaneOrigin *origin) {
    return (LanePoolSpec){
        .threads = (uint32_t)origin->config->lanes,
        .queue_max = QUEUE_MAX,
        .lane_new = lane_new,
        .lane_free = lane_free,
        .context = origin,
    };
}

int lane_ask(WorkerLane *lane, const char *sql, const PgParam *params, uint32_t count,
             PgResult **ret_result) {
    PgResult *result = NULL;
    int r = pg_query(lane->pg, sql, params, count, &result);

    if (r) {
        const PgFailure *failure = pg_failure(lane->pg);

        log_event(LOG_WARN, "question.failed", LOG_C("sqlstate", failure->sqlstate),
                  LOG_C("why", failure->message));
        return LANE_E_UNAVAILABLE;
    }
    if (pg_rows(result) == 0) {
        pg_result_free(result);
        return LANE_E_NONE;
    }
    *ret_result = result;
    return 0;
}
