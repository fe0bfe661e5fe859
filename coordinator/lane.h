#pragma once

/*
 * Lane: a thread that owns partitions and takes batches, read from top to bottom. A lane is a
 * coordinator of its own: it has its own member row, leases, connections and memory, and shares
 * nothing with other lanes but the configuration and the metrics.
 *
 * Runs on: lane.
 */

#include <pthread.h>
#include <stdatomic.h>

#include "common/catalog/plans.h"
#include "common/io/bus.h"
#include "common/io/pg.h"
#include "common/service/metrics.h"
#include "coordinator/config.h"
#include "coordinator/message.h"
#include "coordinator/partition.h"
#include "coordinator/slots.h"
#include "coordinator/timers.h"
#include "coordinator/work.h"

#define TOPIC_EVENTS "headrace.events.v1"
#define TOPIC_RESULTS "headrace.results.v1"
#define TOPIC_DEAD_LETTERS "headrace.dead-letters.v1"
#define TOPIC_TASKS "headrace.tasks.%.*s.v1" /* worker class */
#define WORKER_GROUP "headrace.workers.%.*s"

#define WORKER_CLASSES_MAX 16

/* One topic of tasks. */
typedef struct TaskTopic {
    char *class_name;
    char *topic;
    BusConsumer *group; /* asked for the workers' offsets, nothing else */
    uint32_t partition_count;
    uint32_t next_partition;
    uint32_t run_count; /* tasks that the partition has had in a row */
    int64_t *committed; /* by partition: the workers' offsets as last seen; -1 none */
} TaskTopic;

typedef struct Lane {
    const CoordinatorConfig *config;
    Metrics *metrics;
    char *name; /* instance/number: member id and owner */
    uint32_t number;
    pthread_t thread;
    atomic_bool is_stopping;
    atomic_bool has_stopped;
    atomic_bool has_failed; /* the bus is dead: the process must begin anew */
    atomic_int owned_count; /* for /readyz */
    atomic_bool is_healthy; /* PostgreSQL and Kafka answered lately */

    Pg *pg;
    BusProducer *producer;
    BusConsumer *consumer;
    Partition **partitions; /* by number; NULL: not owned */
    uint32_t partition_count;
    Plans *plans;
    Slots slots;
    Timers timers;
    int64_t horizon_ms; /* wall: timers due up to here are in memory */
    Map vars;           /* tenant, template, revision → text */
    Map start_templates; /* of the batch under way: template → StartTemplate, in the work's arena */
    Map start_keys;      /* of the batch under way: event key → the execution it started */
    TaskTopic topics[WORKER_CLASSES_MAX];
    uint32_t topic_count;

    Arena intake_arena; /* messages of the batch under way */
    Message *messages;
    uint32_t message_count;
    uint32_t message_capacity;
    size_t message_bytes;
    uint32_t save_first; /* the messages [first, last) that the work at hand is made of */
    uint32_t save_last;
    Work work;
    uint64_t batch_number;

    int64_t tended_ms;  /* monotonic: ownership */
    int64_t watched_ms; /* monotonic: old work was parked */
    int64_t silence_ms; /* monotonic: silence was looked for */
    int64_t trimmed_ms;
    int64_t offsets_ms; /* monotonic: the workers' offsets */
    int64_t horizon_read_ms;
    int64_t upkeep_ms;
    int64_t bus_down_ms; /* monotonic: when a broker was last out of reach */
    uint32_t quota;
    bool must_rewind; /* memory is ahead of the truth */
    bool has_letters; /* dead letters not acknowledged yet */
} Lane;

/* The thread starts at once; a lane that cannot reach its neighbours keeps trying. */
Lane *lane_start(const CoordinatorConfig *config, Metrics *metrics, const char *instance,
                 uint32_t number);

/* Asks it to finish its batch, publish, and give its partitions back. Does not wait. */
void lane_stop(Lane *lane);
bool lane_has_stopped(const Lane *lane);
Lane *lane_free(Lane *lane); /* waits for the thread */

/* The owned partition, or NULL. */
Partition *lane_partition(const Lane *lane, int32_t number);

/* Drops a partition from memory: somebody else has it, or nobody. */
void lane_forget(Lane *lane, int32_t number);
void lane_forget_all(Lane *lane);

/* Index of the topic of a worker class, opened at first use; -1: too many classes. */
int32_t lane_task_topic(Lane *lane, Str class_name);

/* Adds to the messages of the batch under way. */
void lane_add_message(Lane *lane, const Message *message);
