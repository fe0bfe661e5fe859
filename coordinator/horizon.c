/* Which timers are in memory. */

#include "coordinator/horizon.h"

#include "common/io/clock.h"
#include "coordinator/store.h"

#define HORIZON_MS 60000
#define LOOK_EVERY_MS 20000

static void arm(Lane *lane, const Slot *slot, uint32_t node, uint32_t visit, int64_t due_ms) {
    timers_add(&lane->timers,
               (Timer){.execution = slot->id, .node = node, .visit = visit, .due_ms = due_ms});
}

void horizon_arm(Lane *lane, const Slot *slot, int64_t from_ms) {
    int64_t due_ms = exec_due_ms(slot->exec);

    if (due_ms > from_ms && due_ms <= lane->horizon_ms)
        arm(lane, slot, PLAN_NONE, 0, due_ms);
    for (uint32_t node = 0; node < exec_plan(slot->exec)->node_count; node++) {
        ExecStepView view = exec_view(slot->exec, node);

        if (view.due_ms > from_ms && view.due_ms <= lane->horizon_ms)
            arm(lane, slot, node, view.visit, view.due_ms);
    }
}

void horizon_look(Lane *lane) {
    int64_t now_ms = clock_monotonic_ms(), from_ms = lane->horizon_ms;

    if (from_ms != 0 && now_ms - lane->horizon_read_ms < LOOK_EVERY_MS)
        return;
    lane->horizon_ms = clock_now_ms() + HORIZON_MS;
    lane->horizon_read_ms = now_ms;
    if (from_ms == 0)
        return; /* nothing is owned yet; a takeover reads all that is due */
    if (store_read_timers(lane, -1, from_ms, lane->horizon_ms)) {
        lane->horizon_ms = from_ms; /* looked at again with the next try */
        lane->horizon_read_ms = now_ms - LOOK_EVERY_MS;
        return;
    }
    LIST_FOR_EACH(node, &lane->slots.rest)
    horizon_arm(lane, CONTAINER_OF(node, Slot, rest), from_ms);
}
