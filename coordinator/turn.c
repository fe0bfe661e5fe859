/* One message, one turn. */

#include "coordinator/turn.h"

#include "common/base/check.h"
#include "common/io/clock.h"
#include "common/io/log.h"
#include "common/json/storable.h"
#include "common/plan/scope.h"
#include "coordinator/dead_letter.h"
#include "coordinator/effects.h"
#include "coordinator/metrics.h"
#include "coordinator/origin.h"
#include "coordinator/store.h"

static void tell(Lane *lane, Slot *slot, Partition *partition, ExecEvent event) {
    ExecEffects effects = {.arena = &lane->work.arena};
    int r;

    event.now_ms = lane->work.now_ms;
    slot->batch = lane->work.number;
    metric_add(lane->metrics, METRIC_TURNS, 1);
    /* What the engine refuses is told by its effects, if there is anything to tell. */
    r = exec_step(slot->exec, &event, &effects);
    if (r < 0) {
        log_fault("execution.broken", r, LOG_ID("execution", slot->id.uuid));
        lane->work.fault = r;
        return;
    }
    effects_take(lane, slot, partition, &effects);
    if (!partition->has_moved) {
        partition->has_moved = true;
        metric_observe_ms(lane->metrics, METRIC_TAKEOVER_SECONDS,
                          (double)(clock_monotonic_ms() - partition->claimed_ms));
    }
}

/* What PostgreSQL cannot show in a view must not come into a table. */
static bool is_storable(Str text) {
    return text.length == 0 || json_storable(text, NULL) == 0;
}

/* Starts ------------------------------------------------------------------------------------ */

static void begin(Lane *lane, const Message *message, const StartFacts *facts) {
    const TriggerEvent *event = &message->trigger;
    const PlanVersion *version = facts->version;
    UuidText template_text = uuid_text(version->template_id.uuid);
    ExecFacts exec_facts = {
        .id = event->execution,
        .tenant = version->tenant,
        .template_id = str_of(template_text.text),
        .version_number = version->number,
        .started_ms = lane->work.now_ms,
        .trigger = plan_find_trigger(version->plan, event->trigger),
        .trigger_text = event->scope,
        .input = origin_input(&lane->work.arena, event->scope, event->input),
        .vars = facts->vars,
        .seed = origin_seed(event->execution),
    };
    Slot *slot = slots_add(&lane->slots, &(SlotOrigin){
                                             .id = event->execution,
                                             .tenant = version->tenant,
                                             .part = message->partition->number,
                                             .vars_rev = facts->vars_rev,
                                             .version = version,
                                             .exec = exec_new(version->plan, &exec_facts),
                                             .traceparent = event->traceparent,
                                         });

    work_start(&lane->work, &(WorkStart){
                                .event = event,
                                .version = version,
                                .part = message->partition->number,
                                .vars_rev = facts->vars_rev,
                                .has_key = facts->has_key,
                            });
    work_journal(&lane->work, message->partition,
                 &(WorkEntry){
                     .kind = JOURNAL_EXECUTION,
                     .execution = event->execution,
                     .node = PLAN_NONE,
                     .status = EXECUTION_RUNNING,
                 });
    metric_add(lane->metrics, METRIC_STARTED, 1);
    tell(lane, slot, message->partition, (ExecEvent){.type = EXEC_EVENT_START, .node = PLAN_NONE});
}

/* Why an event begins nothing although its template may start; NULL: it begins. */
static const char *refusal_of(const StartFacts *facts, const TriggerEvent *event) {
    if (event->trigger.length > 0 &&
        plan_find_trigger(facts->version->plan, event->trigger) == PLAN_NONE)
        return "NO_TRIGGER";
    return is_storable(event->scope) && is_storable(event->input) ? NULL : "NOT_STORABLE";
}

/* What becomes of starts that begin nothing: a dead letter's reason; NULL: nothing was lost. */
static const char *const refused_fates[] = {
    [START_NEW] = NULL,
    [START_KNOWN] = NULL,
    [START_ALIAS] = NULL,
    [START_NO_TEMPLATE] = "NO_TEMPLATE",
    [START_INACTIVE] = "TEMPLATE_INACTIVE",
    [START_NO_PLAN] = "NO_PLAN",
};

static int take_start(Lane *lane, const Message *message) {
    const TriggerEvent *event = &message->trigger;
    const char *refusal;
    StartFacts facts;
    int r = store_start_facts(lane, event, &facts);

    if (r)
        return r;
    refusal = refused_fates[facts.fate];
    if (facts.fate == START_NEW)
        refusal = refusal_of(&facts, event);
    if (facts.fate == START_NEW && refusal != NULL) {
        plans_give(lane->plans, facts.version);
        dead_letter_add(lane, message, refusal);
        metric_add_label(lane->metrics, METRIC_EVENTS, "refused", 1);
    } else if (facts.fate == START_NEW) {
        begin(lane, message, &facts);
        metric_add_label(lane->metrics, METRIC_EVENTS, "started", 1);
    } else if (refusal != NULL) {
        dead_letter_add(lane, message, refusal);
        metric_add_label(lane->metrics, METRIC_EVENTS, "refused", 1);
    } else {
        metric_add_label(lane->metrics, METRIC_EVENTS, "duplicate", 1);
    }
    return 0;
}

/* Outcomes ---------------------------------------------------------------------------------- */

static ExecEvent event_of(const StepResult *result, const StepOutcome *outcome) {
    static const ExecEventType types[_OUTCOME_KIND_COUNT] = {
        [OUTCOME_STARTED] = EXEC_EVENT_STARTED,
        [OUTCOME_PROGRESS] = EXEC_EVENT_PROGRESS,
        [OUTCOME_ENDED] = EXEC_EVENT_ENDED,
        [OUTCOME_RELEASED] = EXEC_EVENT_RELEASED,
    };

    return (ExecEvent){
        .type = types[outcome->kind],
        .node = outcome->node,
        .visit = outcome->visit,
        .attempt = outcome->attempt,
        .outcome =
            {
                      .index = outcome->index,
                      .run = result->run,
                      .status = outcome->status,
                      .outcome = outcome->outcome,
                      .continues = outcome->continues,
                      .released = outcome->released,
                      .effect = outcome->effect,
                      .input = outcome->input,
                      .output = outcome->output,
                      .error = outcome->error,
                      .retryable = outcome->retryable,
                      .retry_after_ms = outcome->retry_after_ms,
                      .started_ms = outcome->started_ms,
                      .ended_ms = outcome->ended_ms,
                      },
    };
}

/* A word from the holder of a task keeps its flight alive. */
static void note_word(Lane *lane, Slot *slot, const StepResult *result,
                      const StepOutcome *outcome) {
    Flight *flight = slot_find_flight(slot, outcome->node);

    if (flight == NULL || flight->attempt != outcome->attempt)
        return;
    flight->word_ms = clock_monotonic_ms();
    flight->silent_ms = 0;
    flight->run = result->run;
    if (flight->started_ms == 0)
        flight->started_ms = outcome->started_ms ? outcome->started_ms : lane->work.now_ms;
    if (!slot_is_parked(slot, outcome->node))
        return;
    work_wait(&lane->work, slot,
              &(WorkWait){
                  .node = flight->node,
                  .visit = flight->visit,
                  .attempt = flight->attempt,
                  .reason = REASON_RUNNING,
                  .chain = flight->chain,
                  .run = flight->run,
                  .due_ms = lane->work.now_ms + lane->config->heartbeat_ms,
                  .opened_ms = flight->opened_ms,
                  .started_ms = flight->started_ms,
              });
}

/* What the step failed with, in the place of what its worker said. */
static StepOutcome unstorable(Lane *lane, const Slot *slot, const StepOutcome *outcome) {
    StepOutcome failed = *outcome;

    failed.input = STR_NONE;
    failed.output = STR_NONE;
    failed.outcome = STR_NONE;
    failed.retryable = false;
    failed.continues = false;
    failed.status = STEP_FAILED;
    failed.error = scope_error_object(
        &lane->work.arena,
        &(ScopeFailure){
            .type = ERROR_VALIDATION,
            .message = STR("the worker's outcome holds something that cannot be stored"),
            .step = exec_plan(slot->exec)->nodes[outcome->node].id,
            .attempt = outcome->attempt,
        });
    return failed;
}

/*
 * The worker goes on with the next step of the chain: nobody sent a task for it, but somebody holds
 * it, and that is what the watch must know. Its silence is that of a task just taken.
 */
static void follow_chain(Lane *lane, Slot *slot, const Message *message) {
    for (uint32_t node = 0; node < exec_plan(slot->exec)->node_count; node++) {
        ExecStepView view = exec_view(slot->exec, node);
        Flight *flight;

        if ((view.reason != REASON_QUEUED && view.reason != REASON_RUNNING) ||
            slot_find_flight(slot, node) != NULL)
            continue;
        flight = slots_add_flight(&lane->slots, slot, node);
        flight->visit = view.visit;
        flight->attempt = view.attempt;
        flight->dispatch_no = view.dispatch_no;
        flight->chain = view.chain;
        flight->run = view.run;
        flight->opened_ms = view.opened_ms;
        flight->txn = message->partition->txn + 1;
        flight->sent_ms = clock_monotonic_ms();
        flight->taken_ms = flight->sent_ms;
        flight->topic = lane_task_topic(lane, exec_plan(slot->exec)->nodes[node].worker_class);
        work_opened(&lane->work, message->partition, slot->id);
    }
}

static void take_outcome(Lane *lane, Slot *slot, const Message *message,
                         const StepOutcome *outcome) {
    StepOutcome checked = *outcome;

    if (outcome->node >= exec_plan(slot->exec)->node_count) {
        dead_letter_add(lane, message, "NO_STEP");
        return;
    }
    if (!is_storable(outcome->output) || !is_storable(outcome->input) ||
        !is_storable(outcome->error)) {
        dead_letter_add(lane, message, "NOT_STORABLE");
        checked = unstorable(lane, slot, outcome);
    } else if (message->is_poison) {
        checked = unstorable(lane, slot, outcome);
    }
    metric_add_label(lane->metrics, METRIC_OUTCOMES, outcome_kind_word(outcome->kind), 1);
    tell(lane, slot, message->partition, event_of(&message->result, &checked));
    if (outcome->kind == OUTCOME_STARTED || outcome->kind == OUTCOME_PROGRESS)
        note_word(lane, slot, &message->result, outcome);
    if (outcome->continues)
        follow_chain(lane, slot, message);
}

static void take_result(Lane *lane, Slot *slot, const Message *message) {
    for (uint32_t i = 0; i < message->result.outcome_count; i++)
        take_outcome(lane, slot, message, &message->result.outcomes[i]);
}

/* Commands, timers, silence ------------------------------------------------------------------ */

static void take_command(Lane *lane, Slot *slot, const Message *message) {
    const Command *command = &message->command;

    if (!uuid_equal(command->tenant.uuid, slot->tenant.uuid)) {
        dead_letter_add(lane, message, "OTHER_TENANT");
        return;
    }
    switch (command->type) {
    case COMMAND_CANCEL:
        tell(lane, slot, message->partition,
             (ExecEvent){
                 .type = EXEC_EVENT_CANCEL,
                 .node = PLAN_NONE,
                 .reason = str_printf(&lane->work.arena, "cancelled by %.*s%s%.*s",
                                      STR_ARGS(command->actor), command->reason.length ? ": " : "",
                                      STR_ARGS(command->reason)),
             });
        return;
    case _COMMAND_TYPE_COUNT:
        break;
    }
    CHECK_UNREACHABLE();
}

/* Whether the timer ended the wait, the engine alone knows: it shows in what became of the step. */
static void take_timer(Lane *lane, Slot *slot, const Message *message) {
    bool is_step = message->node < exec_plan(slot->exec)->node_count;
    ExecStepView before = {0}, after = {0};

    if (is_step)
        before = exec_view(slot->exec, message->node);
    tell(lane, slot, message->partition,
         (ExecEvent){.type = EXEC_EVENT_TIMER, .node = message->node, .visit = message->visit});
    if (is_step)
        after = exec_view(slot->exec, message->node);
    if (before.status != STEP_WAITING ||
        (after.status == STEP_WAITING && after.attempt == before.attempt &&
         after.reason == before.reason))
        return;
    work_journal(&lane->work, message->partition,
                 &(WorkEntry){
                     .kind = JOURNAL_FIRED,
                     .execution = slot->id,
                     .node = message->node,
                     .visit = before.visit,
                     .attempt = before.attempt,
                     .status = (int32_t)after.status,
                     .reason = before.reason,
                     .due_ms = before.due_ms,
                 });
}

static void take_lost(Lane *lane, Slot *slot, const Message *message) {
    metric_add(lane->metrics, METRIC_LOST, 1);
    log_event(LOG_WARN, "task.lost", LOG_ID("execution", slot->id.uuid),
              LOG_ID("tenant", slot->tenant.uuid),
              LOG_TEXT("step", exec_plan(slot->exec)->nodes[message->node].id),
              LOG_INT("attempt", message->attempt), LOG_INT("started", message->was_started));
    tell(lane, slot, message->partition,
         (ExecEvent){
             .type = EXEC_EVENT_LOST,
             .node = message->node,
             .visit = message->visit,
             .attempt = message->attempt,
             .lost_unstarted = !message->was_started,
         });
}

static void take_resend(Lane *lane, Slot *slot, const Message *message) {
    ExecEffects effects = {.arena = &lane->work.arena};

    slot->batch = lane->work.number;
    if (exec_resend(slot->exec, message->node, &effects) == 0)
        effects_take(lane, slot, message->partition, &effects);
}

int turn_take(Lane *lane, const Message *message) {
    Slot *slot =
        message->type == MESSAGE_DEAD ? NULL : slots_find(&lane->slots, message->execution);

    if (message->type == MESSAGE_START)
        return take_start(lane, message);
    if (message->type == MESSAGE_DEAD)
        return 0;
    if (slot == NULL || slot->part != message->partition->number) {
        /* Not started yet, taken by retention, or not of this house: only what came from outside is
         * worth a letter. */
        if (message->source != SOURCE_SELF)
            dead_letter_add(lane, message, slot ? "OTHER_PARTITION" : "NO_EXECUTION");
        return 0;
    }
    switch (message->type) {
    case MESSAGE_COMMAND:
        take_command(lane, slot, message);
        return 0;
    case MESSAGE_RESULT:
        take_result(lane, slot, message);
        return 0;
    case MESSAGE_TIMER:
        take_timer(lane, slot, message);
        return 0;
    case MESSAGE_LOST:
        take_lost(lane, slot, message);
        return 0;
    case MESSAGE_RESEND:
        take_resend(lane, slot, message);
        return 0;
    case MESSAGE_START:
    case MESSAGE_DEAD:
        break;
    }
    CHECK_UNREACHABLE();
}
