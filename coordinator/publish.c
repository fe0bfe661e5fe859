/* Tasks of a committed batch, on their way to the workers. */

#include "coordinator/publish.h"

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/io/clock.h"
#include "common/io/log.h"

#define FULL_WAIT_MS 50

/*
 * What a broker does costs it more by the request than by the message, and a request holds messages
 * of one partition. So tasks that leave together share partitions: as many to each as RUN_MAX, but
 * never so many that the batch reaches fewer than SPREAD_MIN, whose workers wait for something.
 */
#define RUN_MAX 16
#define SPREAD_MIN 4

/* A task under way; comes back with its report. */
typedef struct Sent {
    ExecutionId execution;
    uint32_t node;
    uint32_t dispatch_no;
    int32_t part;
    Uuid nonce; /* of the ownership it was sent under */
    int64_t txn;
    int32_t task_partition;
} Sent;

static int32_t next_partition(TaskTopic *topic, uint32_t run) {
    if (topic->run_count >= run) {
        topic->next_partition++;
        topic->run_count = 0;
    }
    topic->run_count++;
    return (int32_t)(topic->next_partition % topic->partition_count);
}

static int produce(Lane *lane, const WorkTask *task, Sent *sent) {
    return bus_produce(lane->producer, &(BusOutgoing){
                                           .topic = lane->topics[task->topic].topic,
                                           .partition = sent->task_partition,
                                           .value = task->bytes,
                                           .context = sent,
                                       });
}

static void publish(Lane *lane, const WorkTask *task, uint32_t run) {
    Sent *sent = alloc_zero(sizeof *sent);
    int r;

    *sent = (Sent){
        .execution = task->execution,
        .node = task->node,
        .dispatch_no = task->dispatch_no,
        .part = task->partition->number,
        .nonce = task->partition->nonce,
        .txn = task->partition->txn,
        .task_partition = next_partition(&lane->topics[task->topic], run),
    };
    r = produce(lane, task, sent);
    while (r == BUS_E_FULL && !atomic_load(&lane->is_stopping)) {
        bus_producer_poll(lane->producer, FULL_WAIT_MS);
        r = produce(lane, task, sent);
    }
    if (r == 0)
        return;
    /* The task stays unacknowledged: its flight is found silent, or a next owner sends it again. */
    log_event(LOG_ERROR, "task.not_sent", LOG_ID("execution", task->execution.uuid),
              LOG_C("why", bus_refusal_word(r)));
    alloc_free(sent);
}

void publish_tasks(Lane *lane) {
    uint32_t run = MAX(MIN(lane->work.task_count / SPREAD_MIN, (uint32_t)RUN_MAX), 1u);

    for (uint32_t i = 0; i < lane->topic_count; i++)
        lane->topics[i].run_count = RUN_MAX; /* the next batch goes on with the next partition */
    for (uint32_t i = 0; i < lane->work.task_count; i++)
        publish(lane, &lane->work.tasks[i], run);
}

static void note_place(Lane *lane, const Sent *sent, const BusReport *report) {
    Slot *slot = slots_find(&lane->slots, sent->execution);
    Flight *flight = slot ? slot_find_flight(slot, sent->node) : NULL;

    if (flight == NULL || flight->dispatch_no != sent->dispatch_no)
        return;
    flight->task_partition = report->partition;
    flight->offset = report->offset;
}

void publish_report(void *owner, const BusReport *report) {
    Lane *lane = owner;
    Sent *sent = report->context;
    Partition *partition;

    if (sent == NULL)
        return; /* a dead letter */
    partition = lane_partition(lane, sent->part);
    if (report->r) {
        log_event(LOG_ERROR, "task.not_delivered", LOG_ID("execution", sent->execution.uuid),
                  LOG_C("why", bus_refusal_word(report->r)));
    } else if (partition != NULL && uuid_equal(partition->nonce, sent->nonce)) {
        partition_acked(partition, sent->txn);
        note_place(lane, sent, report);
    }
    alloc_free(sent);
}
