/* One function for each kind of effect. */

#include "coordinator/effects.h"

#include "common/base/check.h"
#include "common/io/clock.h"
#include "common/io/log.h"
#include "common/wire/wire.h"
#include "coordinator/chain.h"
#include "coordinator/metrics.h"

#define VISIT_BUDGET_MS 1000 /* as long as a step may run without saying that it has started */

typedef struct Effects {
    Lane *lane;
    Slot *slot;
    Partition *partition;
} Effects;

static void park(Effects *effects, const WorkWait *wait) {
    work_wait(&effects->lane->work, effects->slot, wait);
    slot_set_parked(effects->slot, wait->node, true);
}

static void unpark(Effects *effects, uint32_t node, uint32_t visit) {
    if (!slot_is_parked(effects->slot, node))
        return;
    work_wake(&effects->lane->work, effects->slot, node, visit);
    slot_set_parked(effects->slot, node, false);
}

static void take_record(Effects *effects, const ExecEffect *effect) {
    Flight *flight = slot_find_flight(effects->slot, effect->row.node);

    work_step(&effects->lane->work, effects->slot, effects->partition, &effect->row);
    work_journal(&effects->lane->work, effects->partition,
                 &(WorkEntry){
                     .kind = JOURNAL_STEP,
                     .execution = effects->slot->id,
                     .node = effect->row.node,
                     .visit = effect->row.visit,
                     .attempt = effect->row.attempt,
                     .status = (int32_t)effect->row.status,
                     .reason = effect->row.reason,
                     .number = effect->row.ord,
                 });
    unpark(effects, effect->row.node, effect->row.visit);
    if (flight != NULL)
        slots_drop_flight(&effects->lane->slots, flight);
}

static StepTask task_of(const Effects *effects, const ExecEffect *effect) {
    const Lane *lane = effects->lane;
    const PlanVersion *version = effects->slot->version;
    const Plan *plan = version->plan;
    const ExecFacts *facts = exec_facts(effects->slot->exec);

    return (StepTask){
        .execution = effects->slot->id,
        .tenant = effects->slot->tenant,
        .template_id = version->template_id,
        .home_partition = (uint32_t)effects->slot->part,
        .version = version->id,
        .version_number = version->number,
        .plan_hash = plan->hash,
        .expr_rev = PLAN_EXPR_REV,
        .vars_rev = (uint64_t)effects->slot->vars_rev,
        .node = effect->node,
        .visit = effect->visit,
        .attempt = effect->attempt,
        .chain = effect->chain,
        .epoch = effects->partition->epoch,
        .dispatch_no = effect->dispatch_no,
        .chain_max = 1,
        .visit_budget_ms = VISIT_BUDGET_MS,
        .opened_ms = effect->opened_ms,
        .start_by_ms = lane->work.now_ms + lane->config->start_by_ms,
        .attempt_timeout_ms = (uint32_t)plan->nodes[effect->node].attempt_timeout_ms,
        .execution_started_ms = facts->started_ms,
        .execution_deadline_ms = plan->timeout_ms ? facts->started_ms + plan->timeout_ms : 0,
        .input = effect->input,
        .traceparent = str_of(effects->slot->traceparent),
    };
}

static void take_dispatch(Effects *effects, const ExecEffect *effect) {
    Lane *lane = effects->lane;
    const PlanNode *node = &effects->slot->version->plan->nodes[effect->node];
    Flight *flight = slot_find_flight(effects->slot, effect->node);
    StepTask task = task_of(effects, effect);
    _cleanup_(buf_done) Buf bytes = {0};
    int32_t topic = lane_task_topic(lane, node->worker_class);

    if (!effect->is_resend)
        chain_prepare(lane, effects->slot, &lane->work.arena, &task);
    unpark(effects, effect->node, effect->visit);
    if (flight == NULL)
        flight = slots_add_flight(&lane->slots, effects->slot, effect->node);
    flight->visit = effect->visit;
    flight->attempt = effect->attempt;
    flight->dispatch_no = effect->dispatch_no;
    flight->txn = effects->partition->txn + 1;
    flight->topic = topic;
    flight->offset = -1;
    flight->chain = effect->chain;
    flight->opened_ms = effect->opened_ms;
    flight->sent_ms = clock_monotonic_ms();
    flight->taken_ms = 0;
    flight->word_ms = 0;
    flight->silent_ms = 0;
    flight->started_ms = 0;
    flight->run = 0;
    wire_write_task(&bytes, &task);
    work_task(&lane->work, &(WorkTask){
                               .partition = effects->partition,
                               .topic = topic,
                               .bytes = str_copy(&lane->work.arena, buf_str(&bytes)),
                               .execution = effects->slot->id,
                               .node = effect->node,
                               .dispatch_no = effect->dispatch_no,
                           });
    work_journal(&lane->work, effects->partition,
                 &(WorkEntry){
                     .kind = JOURNAL_SENT,
                     .execution = effects->slot->id,
                     .node = effect->node,
                     .visit = effect->visit,
                     .attempt = effect->attempt,
                     .number = effect->dispatch_no,
                 });
    metric_add_label(lane->metrics, METRIC_TASKS, effect->is_resend ? "again" : "first", 1);
}

/* An execution that waits must be woken by its own deadline too, wherever it is by then. */
static void park_deadline(Effects *effects) {
    Slot *slot = effects->slot;
    int64_t timeout_ms = slot->version->plan->timeout_ms;
    const ExecFacts *facts = exec_facts(slot->exec);

    if (timeout_ms == 0 || slot->has_deadline_row)
        return;
    slot->has_deadline_row = true;
    work_wait(&effects->lane->work, slot,
              &(WorkWait){
                  .node = PLAN_NONE,
                  .reason = REASON_DEADLINE,
                  .due_ms = facts->started_ms + timeout_ms,
                  .opened_ms = facts->started_ms,
              });
}

static void take_wait(Effects *effects, const ExecEffect *effect) {
    ExecStepView view = exec_view(effects->slot->exec, effect->node);
    Flight *flight = slot_find_flight(effects->slot, effect->node);

    if (flight != NULL) /* the worker gave it back */
        slots_drop_flight(&effects->lane->slots, flight);

    park(effects, &(WorkWait){
                      .node = effect->node,
                      .visit = effect->visit,
                      .attempt = effect->attempt,
                      .reason = effect->reason,
                      .due_ms = effect->due_ms,
                      .opened_ms = view.opened_ms ? view.opened_ms : effects->lane->work.now_ms,
                  });
    park_deadline(effects);
}

static void take_timer(Effects *effects, const ExecEffect *effect) {
    if (effect->due_ms > effects->lane->horizon_ms)
        return; /* found when the lane looks further */
    timers_add(&effects->lane->timers, (Timer){.execution = effects->slot->id,
                                               .node = effect->node,
                                               .visit = effect->visit,
                                               .due_ms = effect->due_ms});
}

static void journal_status(const Effects *effects, ExecutionStatus status) {
    work_journal(&effects->lane->work, effects->partition,
                 &(WorkEntry){
                     .kind = JOURNAL_EXECUTION,
                     .execution = effects->slot->id,
                     .node = PLAN_NONE,
                     .status = (int32_t)status,
                 });
}

static void take_finish(Effects *effects, const ExecEffect *effect) {
    Lane *lane = effects->lane;

    journal_status(effects, effect->status);
    work_change(&lane->work, effects->slot,
                &(WorkChange){
                    .status = effect->status,
                    .output = effect->output,
                    .error = effect->error,
                    .completed_ms = effect->completed_ms,
                });
    if (effects->slot->has_deadline_row) {
        work_wake(&lane->work, effects->slot, PLAN_NONE, 0);
        effects->slot->has_deadline_row = false;
    }
    metric_add_label(lane->metrics, METRIC_FINISHED, execution_status_word(effect->status), 1);
}

static void take_late(Effects *effects, const ExecEffect *effect) {
    work_late(&effects->lane->work, effects->slot, &effect->row, effect->why);
    metric_add_label(effects->lane->metrics, METRIC_OUTCOMES, "late", 1);
}

static void take(Effects *effects, const ExecEffect *effect) {
    switch (effect->type) {
    case EXEC_EFFECT_RECORD:
        take_record(effects, effect);
        return;
    case EXEC_EFFECT_DISPATCH:
        take_dispatch(effects, effect);
        return;
    case EXEC_EFFECT_WAIT:
        take_wait(effects, effect);
        return;
    case EXEC_EFFECT_WAKE:
        unpark(effects, effect->node, effect->visit);
        return;
    case EXEC_EFFECT_TIMER:
        take_timer(effects, effect);
        return;
    case EXEC_EFFECT_REVOKE:
        return; /* the outcome or the grace timer ends it */
    case EXEC_EFFECT_LATE:
        take_late(effects, effect);
        return;
    case EXEC_EFFECT_STATUS:
        journal_status(effects, effect->status);
        work_change(&effects->lane->work, effects->slot,
                    &(WorkChange){.status = effect->status, .error = effect->error});
        return;
    case EXEC_EFFECT_FINISH:
        take_finish(effects, effect);
        return;
    }
    CHECK_UNREACHABLE();
}

void effects_take(Lane *lane, Slot *slot, Partition *partition, const ExecEffects *effects) {
    Effects taken = {.lane = lane, .slot = slot, .partition = partition};

    for (uint32_t i = 0; i < effects->count; i++)
        take(&taken, &effects->items[i]);
    slots_touch(&lane->slots, slot);
}
