/* Load, decide, write, send: one batch. */

#include "coordinator/batch.h"

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/io/clock.h"
#include "common/io/log.h"
#include "coordinator/dead_letter.h"
#include "coordinator/metrics.h"
#include "coordinator/publish.h"
#include "coordinator/store.h"
#include "coordinator/turn.h"
#include "coordinator/watch.h"

static void mark_touched(Lane *lane, bool *is_touched) {
    for (uint32_t i = lane->save_first; i < lane->save_last; i++)
        is_touched[lane->messages[i].partition->number] = true;
    LIST_FOR_EACH(node, &lane->slots.rest) {
        /* The watch parks work of executions that no message named. */
        const Slot *slot = CONTAINER_OF(node, Slot, rest);

        if (slot->batch == lane->work.number && lane_partition(lane, slot->part) != NULL)
            is_touched[slot->part] = true;
    }
}

static uint32_t tasks_of(const Work *work, int32_t part) {
    uint32_t count = 0;

    for (uint32_t i = 0; i < work->task_count; i++)
        count += work->tasks[i].partition->number == part;
    return count;
}

/* Everything the turns changed in memory is ahead of the truth: forget it. */
static void forget_touched(Lane *lane) {
    LIST_FOR_EACH(node, &lane->slots.rest) {
        Slot *slot = CONTAINER_OF(node, Slot, rest);

        if (slot->batch == lane->work.number)
            slots_drop(&lane->slots, slot);
    }
}

static int decide(Lane *lane) {
    for (uint32_t i = lane->save_first; i < lane->save_last; i++) {
        int r = turn_take(lane, &lane->messages[i]);

        if (r)
            return r;
        if (lane->work.fault)
            return STORE_E_POISON; /* cut until the message that breaks it stands alone */
    }
    return 0;
}

static int save(Lane *lane, bool *is_touched) {
    int r = dead_letter_flush(lane);

    if (r)
        return STORE_E_UNAVAILABLE;
    mark_touched(lane, is_touched);
    work_settle(&lane->work);
    for (uint32_t number = 0; number < lane->partition_count; number++) {
        const Partition *partition = lane->partitions[number];

        if (!is_touched[number])
            continue;
        work_log(&lane->work, (int32_t)number, partition->txn + 1);
        work_journal(&lane->work, partition,
                     &(WorkEntry){
                         .kind = JOURNAL_BATCH,
                         .node = PLAN_NONE,
                         .number = partition->acked_txn,
                     });
    }
    return store_save(lane, is_touched);
}

/* A lane that slept past its lease must not send: somebody else has sent it by now. */
static bool has_slept(const Lane *lane, int64_t began_ms) {
    return clock_monotonic_ms() - began_ms > lane->config->lease_ms * 2 / 3;
}

static void after_commit(Lane *lane, const bool *is_touched, int64_t began_ms) {
    metric_add(lane->metrics, METRIC_ROWS, lane->work.row_count);
    metric_add_label(lane->metrics, METRIC_BATCHES, "committed", 1);
    if (has_slept(lane, began_ms)) {
        log_event(LOG_WARN, "lane.slept", LOG_C("lane", lane->name));
        lane_forget_all(lane);
        return;
    }
    for (uint32_t number = 0; number < lane->partition_count; number++)
        if (is_touched[number])
            partition_sent(lane->partitions[number], lane->partitions[number]->txn,
                           tasks_of(&lane->work, (int32_t)number));
    publish_tasks(lane);
    /* What has ended is at rest; late outcomes read it again. */
    LIST_FOR_EACH(node, &lane->slots.rest) {
        Slot *slot = CONTAINER_OF(node, Slot, rest);

        if (slot->batch == lane->work.number &&
            execution_status_is_terminal(exec_status(slot->exec)))
            slots_drop(&lane->slots, slot);
    }
}

static int take_range(Lane *lane, uint32_t first, uint32_t last) {
    bool *is_touched = alloc_zero(lane->partition_count * sizeof *is_touched);
    int64_t began_ms = clock_monotonic_ms();
    int r;

    lane->save_first = first;
    lane->save_last = last;
    work_reset(&lane->work, ++lane->batch_number, clock_now_ms());
    r = store_load(lane, first, last);
    if (r == 0)
        r = decide(lane);
    if (r == 0)
        watch_park(lane);
    if (r == 0)
        r = save(lane, is_touched);
    if (r)
        forget_touched(lane);
    else
        after_commit(lane, is_touched, began_ms);
    alloc_free(is_touched);
    return r;
}

/*
 * The one message that cannot be written. What an outcome says is lost, but not that there was one:
 * its steps fail, or they would be tried again and again to the same end. Of anything else only the
 * offset moves on.
 */
static int bury(Lane *lane, uint32_t at) {
    Message *message = &lane->messages[at];
    int r = STORE_E_POISON;

    dead_letter_add(lane, message, "POISON");
    if (message->type == MESSAGE_RESULT) {
        message->is_poison = true;
        r = take_range(lane, at, at + 1);
    }
    if (r == STORE_E_POISON) {
        message->type = MESSAGE_DEAD;
        r = take_range(lane, at, at + 1);
    }
    return r == STORE_E_POISON ? STORE_E_UNAVAILABLE : r;
}

static int take_or_cut(Lane *lane, uint32_t first, uint32_t last) {
    int r = take_range(lane, first, last);
    uint32_t middle = first + (last - first) / 2;

    if (r != STORE_E_POISON)
        return r;
    metric_add_label(lane->metrics, METRIC_BATCHES, "cut", 1);
    lane->must_rewind = true; /* what was forgotten may have had work in flight elsewhere */
    if (last - first <= 1)
        return first < last ? bury(lane, first) : STORE_E_UNAVAILABLE;
    r = take_or_cut(lane, first, middle);
    return r ? r : take_or_cut(lane, middle, last);
}

int batch_take(Lane *lane) {
    int64_t began_ms = clock_monotonic_ms();
    int r = take_or_cut(lane, 0, lane->message_count);

    metric_observe_ms(lane->metrics, METRIC_BATCH_SECONDS,
                      (double)(clock_monotonic_ms() - began_ms));
    if (r)
        metric_add_label(lane->metrics, METRIC_BATCHES,
                         r == STORE_E_FENCED ? "fenced" : "unavailable", 1);
    return r;
}
