/* Tasks of a committed batch, on their way to the workers. */

#include "coordinator/publish.h"

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/io/clock.h"
#include "common/io/log.h"

#define FULL_WAIT_MS 50

/* A task under way; comes back with its report. */
typedef struct Sent {
    ExecutionId execution;
    uint32_t node;
    uint32_t dispatch_no;
    int32_t part;
    Uuid nonce; /* of the ownership it was sent under */
    int64_t txn;
} Sent;

static int produce(Lane *lane, const WorkTask *task, Sent *sent) {
    TaskTopic *topic = &lane->topics[task->topic];
    int32_t partition = (int32_t)(topic->next_partition++ % topic->partition_count);

    return bus_produce(lane->producer, &(BusOutgoing){
                                           .topic = topic->topic,
                                           .partition = partition,
                                           .value = task->bytes,
                                           .context = sent,
                                       });
}

static void publish(Lane *lane, const WorkTask *task) {
    Sent *sent = alloc_zero(sizeof *sent);
    int r;

    *sent = (Sent){
        .execution = task->execution,
        .node = task->node,
        .dispatch_no = task->dispatch_no,
        .part = task->partition->number,
        .nonce = task->partition->nonce,
        .txn = task->partition->txn,
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
    for (uint32_t i = 0; i < lane->work.task_count; i++)
        publish(lane, &lane->work.tasks[i]);
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
