/*
 * Messages in.
 *
 *   OPEN ──► FULL ──► PAUSED          full for a second: brokers send nothing more
 *    ▲▲        │         │
 *    │└────────┘         │
 *    └───────────────────┘
 *
 * From each of them to LEAVING (draining: the last claim is out), then GONE.
 *
 * Runs on: loop; leave_work() in a lane.
 */

#include "worker/intake.h"

#include <stdio.h>

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/base/fault.h"
#include "common/io/log.h"
#include "common/wire/wire.h"
#include "worker/dead_letter.h"
#include "worker/job.h"
#include "worker/metrics.h"

#define PAUSE_AFTER_MS 1000
#define PULSE_MS 200
#define TOPIC_BYTES_MAX 128

typedef enum IntakeState {
    INTAKE_OPEN,
    INTAKE_FULL,
    INTAKE_PAUSED,
    INTAKE_LEAVING,
    INTAKE_GONE,
} IntakeState;

/* The next offset of a partition, as far as the batch has read. */
typedef struct Place {
    int32_t partition;
    int64_t next;
} Place;

/* What is claimed together. */
typedef struct Batch {
    Job *jobs[LEASE_BATCH_MAX];
    Place places[LEASE_BATCH_MAX];
    uint32_t job_count;
    uint32_t place_count;
    uint32_t pending; /* letters and the claim */
} Batch;

typedef struct Assigned {
    int32_t *partitions;
    uint32_t count;
    uint32_t capacity;
} Assigned;

struct Intake {
    Worker *worker;
    IntakeState state;
    char topic[TOPIC_BYTES_MAX];
    char group[TOPIC_BYTES_MAX];
    BusConsumer *consumer;
    LoopWatch watch;
    LoopTimer pulse;
    uint32_t handles_open;
    bool is_closed; /* freed with its last handle */
    Assigned assigned;
    Batch *claiming; /* the one that is out, or NULL */
    int64_t full_since_ms;
};

static void read_more(Intake *intake);

/* Partitions --------------------------------------------------------------------------------- */

static void rebalanced(void *owner, bool is_assigned, const char *topic, int32_t partition) {
    Intake *intake = owner;
    Assigned *assigned = &intake->assigned;

    (void)topic;
    log_event(LOG_DEBUG, is_assigned ? "partition.assigned" : "partition.revoked",
              LOG_INT("partition", partition));
    metric_add(intake->worker->metrics, METRIC_PARTITIONS, is_assigned ? 1 : -1);
    if (is_assigned && assigned->count == assigned->capacity) {
        assigned->capacity = assigned->capacity ? assigned->capacity * 2 : 16;
        assigned->partitions =
            alloc_again(assigned->partitions, assigned->capacity * sizeof(int32_t));
    }
    if (is_assigned) {
        assigned->partitions[assigned->count++] = partition;
        if (intake->state == INTAKE_PAUSED)
            bus_pause(intake->consumer, intake->topic, partition);
        return;
    }
    for (uint32_t i = 0; i < assigned->count; i++) {
        if (assigned->partitions[i] == partition) {
            assigned->partitions[i] = assigned->partitions[--assigned->count];
            return;
        }
    }
}

static void pause_all(Intake *intake, bool is_paused) {
    for (uint32_t i = 0; i < intake->assigned.count; i++) {
        if (is_paused)
            bus_pause(intake->consumer, intake->topic, intake->assigned.partitions[i]);
        else
            bus_resume(intake->consumer, intake->topic, intake->assigned.partitions[i]);
    }
}

/* The batch that is out ---------------------------------------------------------------------- */

static void store_offsets(Intake *intake, const Batch *batch) {
    for (uint32_t i = 0; i < batch->place_count; i++) {
        int r = bus_store_offset(intake->consumer, intake->topic, batch->places[i].partition,
                                 batch->places[i].next);

        if (r && r != BUS_E_UNASSIGNED) /* then somebody else reads it again, and finds the lock */
            log_event(LOG_WARN, "offset.not_stored",
                      LOG_INT("partition", batch->places[i].partition),
                      LOG_C("why", bus_refusal_word(r)));
    }
}

static void leave(Intake *intake);

static void batch_settled(Intake *intake) {
    Batch *batch = intake->claiming;

    if (--batch->pending > 0)
        return;
    store_offsets(intake, batch);
    intake->claiming = alloc_free(batch);
    if (intake->state == INTAKE_LEAVING)
        leave(intake);
    else
        read_more(intake);
}

static void letter_done(void *context, int r) {
    (void)r; /* told in the log */
    batch_settled(context);
}

static void claim_done(void *context, const LeaseGrant *grants, uint32_t count) {
    Intake *intake = context;
    Batch *batch = intake->claiming;

    if (intake->worker->is_stopped)
        return;
    CHECK(count == batch->job_count);
    for (uint32_t i = 0; i < count; i++)
        job_claimed(batch->jobs[i], &grants[i]);
    batch_settled(intake);
}

static void claim(Intake *intake) {
    Batch *batch = intake->claiming;
    const Lease *wanted[LEASE_BATCH_MAX];

    for (uint32_t i = 0; i < batch->job_count; i++) {
        job_move(batch->jobs[i], JOB_CLAIMING);
        wanted[i] = &batch->jobs[i]->lease;
    }
    batch->pending++;
    leases_claim(intake->worker->leases, wanted, batch->job_count, claim_done, intake);
}

/* Reading ------------------------------------------------------------------------------------ */

static void note_place(Batch *batch, const BusMessage *message) {
    for (uint32_t i = 0; i < batch->place_count; i++) {
        if (batch->places[i].partition == message->partition) {
            batch->places[i].next = message->offset + 1;
            return;
        }
    }
    batch->places[batch->place_count++] =
        (Place){.partition = message->partition, .next = message->offset + 1};
}

static void take_message(Intake *intake, Batch *batch, const BusMessage *message) {
    Job *job;
    int r = job_new(intake->worker, message, &job);

    note_place(batch, message);
    if (r == 0) {
        batch->jobs[batch->job_count++] = job;
        return;
    }
    batch->pending++;
    dead_letter_send(intake->worker, message, wire_refusal_word(r), letter_done, intake);
}

static bool has_room(const Intake *intake) {
    const Worker *worker = intake->worker;

    return worker->job_count < (uint32_t)worker->config->jobs &&
           worker->job_bytes < (size_t)worker->config->jobs_bytes;
}

/*
 * Reads what is there, as much as there is room for; of a paused consumer all that comes in spite
 * of it, as what was read and not kept would be lost. False: the consumer is dead.
 */
static bool read_batch(Intake *intake, Batch *batch) {
    bool is_paused = intake->state == INTAKE_PAUSED;

    for (uint32_t seen = 0; seen < LEASE_BATCH_MAX; seen++) {
        BusMessage message;
        int r;

        if (!is_paused && !has_room(intake))
            break;
        r = bus_poll(intake->consumer, 0, &message);
        if (r == 0)
            take_message(intake, batch, &message);
        bus_message_free(&message);
        if (r == BUS_E_FATAL)
            return false;
        if (r == BUS_E_EMPTY)
            break;
    }
    return true;
}

/* One batch at a time: while it is out, the next ones gather in the consumer's queue. */
static void read_one(Intake *intake) {
    Batch *batch = alloc_zero(sizeof *batch);

    intake->claiming = batch;
    if (!read_batch(intake, batch))
        service_fail(intake->worker->service, "the consumer of tasks has died");
    if (batch->job_count > 0)
        claim(intake);
    else if (batch->pending == 0)
        intake->claiming = alloc_free(batch);
}

static void stop_reading(Intake *intake) {
    if (intake->state != INTAKE_OPEN)
        return;
    intake->state = INTAKE_FULL;
    intake->full_since_ms = loop_now_ms(intake->worker->loop);
    loop_watch_stop(&intake->watch);
    if (!has_room(intake))
        metric_add(intake->worker->metrics, METRIC_FULL, 1);
}

static void read_more(Intake *intake) {
    if (intake->state >= INTAKE_LEAVING)
        return;
    if (intake->claiming != NULL || !has_room(intake)) {
        stop_reading(intake);
        return;
    }
    if (intake->state == INTAKE_PAUSED)
        pause_all(intake, false);
    if (intake->state != INTAKE_OPEN)
        loop_watch_start(&intake->watch);
    intake->state = INTAKE_OPEN;
    read_one(intake);
}

static void readable(void *context) {
    read_more(context);
}

void intake_look(Intake *intake) {
    if (intake->state == INTAKE_FULL || intake->state == INTAKE_PAUSED)
        read_more(intake);
}

/*
 * Full for long: the brokers are asked to send nothing, and the queue is looked at all the same, as
 * a member of a group must.
 */
static void pulsed(void *context) {
    Intake *intake = context;
    int64_t full_ms = loop_now_ms(intake->worker->loop) - intake->full_since_ms;

    if (intake->state == INTAKE_FULL && full_ms >= PAUSE_AFTER_MS) {
        pause_all(intake, true);
        intake->state = INTAKE_PAUSED;
    }
    if (intake->state == INTAKE_PAUSED && intake->claiming == NULL && !has_room(intake))
        read_one(intake);
    else
        read_more(intake);
}

/* Leaving ------------------------------------------------------------------------------------ */

static void handle_closed(void *context) {
    Intake *intake = context;

    if (--intake->handles_open == 0 && intake->is_closed)
        alloc_free(intake);
}

static void close_handles(Intake *intake) {
    loop_watch_close(&intake->watch, handle_closed);
    loop_timer_close(&intake->pulse, handle_closed);
}

/* Commits what is stored and says goodbye, which may take its time. */
static void leave_work(void *lane, void *context) {
    Intake *intake = context;

    (void)lane;
    intake->consumer = bus_consumer_close(intake->consumer);
}

static void leave_done(void *context) {
    Intake *intake = context;

    intake->state = INTAKE_GONE;
}

static void leave(Intake *intake) {
    intake->state = INTAKE_LEAVING;
    close_handles(intake);
    if (lane_pool_run(intake->worker->lanes, leave_work, leave_done, intake))
        intake->state = INTAKE_GONE; /* intake_close() says goodbye */
}

void intake_drain(Intake *intake) {
    if (intake->state >= INTAKE_LEAVING)
        return;
    if (intake->claiming == NULL) {
        leave(intake);
        return;
    }
    intake->state = INTAKE_LEAVING;
    loop_watch_stop(&intake->watch);
}

bool intake_is_gone(const Intake *intake) {
    return intake->state == INTAKE_GONE;
}

/* Life --------------------------------------------------------------------------------------- */

int intake_open(Worker *worker, Intake **ret_intake) {
    Intake *intake = alloc_zero(sizeof *intake);
    const char *topics[] = {intake->topic};
    int r;

    intake->worker = worker;
    snprintf(intake->topic, TOPIC_BYTES_MAX, "headrace.tasks.%s.v1", worker->config->worker_class);
    snprintf(intake->group, TOPIC_BYTES_MAX, "headrace.workers.%s", worker->config->worker_class);
    r = bus_consumer_open(
        &(BusSettings){
            .brokers = worker->config->kafka,
            .client_id = worker->name,
            .group = intake->group,
        },
        &intake->consumer);
    if (r == 0)
        r = bus_subscribe(intake->consumer, topics, ARRAY_SIZE(topics), rebalanced, intake);
    if (r == 0)
        r = loop_watch_open(worker->loop, &intake->watch, bus_consumer_fd(intake->consumer),
                            readable, intake);
    if (r) {
        bus_consumer_close(intake->consumer);
        alloc_free(intake);
        return fault_fold(r);
    }
    loop_timer_open(worker->loop, &intake->pulse, pulsed, intake);
    loop_timer_start(&intake->pulse, PULSE_MS, PULSE_MS);
    intake->handles_open = 2;
    *ret_intake = intake;
    return 0;
}

Intake *intake_close(Intake *intake) {
    if (intake == NULL)
        return NULL;
    if (intake->watch.is_open)
        close_handles(intake);
    intake->consumer = bus_consumer_close(intake->consumer);
    alloc_free(intake->claiming);
    alloc_free(intake->assigned.partitions);
    intake->is_closed = true;
    if (intake->handles_open == 0)
        alloc_free(intake);
    return NULL;
}
