#pragma once

/*
 * Worker: takes tasks, holds their leases, makes the calls, reports what came of them. It decides
 * nothing about workflows and keeps nothing that may not be lost.
 *
 *   intake ──► job: claim ► plan ► secrets ► permission ► call ► report ──► outbox ──► Kafka
 *
 * Everything runs on one loop; what asks PostgreSQL runs in a few lanes.
 *
 * Runs on: loop.
 */

#include "common/base/list.h"
#include "common/io/http_client.h"
#include "common/io/redis.h"
#include "common/service/service.h"
#include "worker/config.h"
#include "worker/lane.h"
#include "worker/lease.h"
#include "worker/outbox.h"

#define TOPIC_RESULTS "headrace.results.v1"
#define TOPIC_DEAD_LETTERS "headrace.dead-letters.v1"

typedef struct Intake Intake;
typedef struct Versions Versions;

typedef struct Worker {
    Service *service;
    const WorkerConfig *config;
    Metrics *metrics;
    Loop *loop;
    const char *name;
    Arena arena; /* of the process: policy */
    EgressPolicy policy;
    SealKeys *keys; /* NULL: none */
    LaneOrigin lane_origin;

    Redis *redis;
    Leases *leases;
    LanePool *lanes;
    HttpClient *http;
    Outbox *outbox;
    Intake *intake;
    Versions *versions;

    ListNode jobs; /* in hand, oldest first */
    uint32_t job_count;
    size_t job_bytes;
    uint64_t job_number; /* of the newest */

    LoopTimer renewal;
    LoopTimer look;
    bool is_draining;
    bool is_stopped; /* callbacks that still come find nothing to do */
    bool is_pg_up;   /* as the last one who asked found it */
    bool is_knock_heard;
    int64_t knock_due_ms;
} Worker;

const ServiceSpec *worker_spec(void);

/* Every job's last word: there is room for another one. */
void worker_has_room(Worker *worker);
