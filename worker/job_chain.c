/*
 * The chain behind a step: whether the visit goes on, and the next step, evaluated from what the
 * task brought and what the visit has done. plan_chain_next() alone says which step is next.
 *
 * Steps that need no call follow each other on the stack; chain_max bounds how many.
 *
 * Runs on: loop.
 */

#include "common/base/check.h"
#include "common/io/clock.h"
#include "worker/job_private.h"

bool job_has_time(const Job *job) {
    return job->task.visit_budget_ms == 0 ||
           clock_monotonic_us() - job->taken_us < (int64_t)job->task.visit_budget_ms * 1000;
}

uint32_t job_chain_next(const Job *job, const StepEnd *end) {
    if (end->status != STEP_COMPLETED || job->index + 1 >= job->task.chain_max ||
        !job_has_time(job) || job->is_lost || job->worker->is_draining || job->is_single)
        return PLAN_NONE;
    return plan_chain_next(job->order.plan, job->order.node, end->outcome);
}

/* What the task brought: steps that had ended when it was sent. */
static void know_values(Job *job) {
    const StepTask *task = &job->task;

    job->known = arena_zero(&job->arena, job->order.plan->node_count * sizeof *job->known);
    for (uint32_t i = 0; i < task->value_count; i++) {
        const TaskValue *value = &task->values[i];

        if (value->root.length == 0 && value->node < job->order.plan->node_count)
            job->known[value->node] =
                (ScopeStep){.status = value->status, .output = value->text, .error = value->error};
    }
}

static Str root_text(const StepTask *task, const char *root) {
    for (uint32_t i = 0; i < task->value_count; i++)
        if (str_is(task->values[i].root, root))
            return task->values[i].text;
    return STR("null");
}

static Scope scope_of(Job *job) {
    const StepTask *task = &job->task;
    UuidText template_text = uuid_text(task->template_id.uuid);

    return (Scope){
        .plan = job->order.plan,
        .trigger = root_text(task, "trigger"),
        .input = root_text(task, "input"),
        .vars = root_text(task, "vars"),
        .execution = task->execution,
        .tenant = task->tenant,
        .started_ms = task->execution_started_ms,
        .template_id = str_copy(&job->arena, str_of(template_text.text)),
        .version_number = task->version_number,
        .steps = job->known,
        .now_ms = task->opened_ms,
    };
}

/* The job becomes the next step's. */
static void turn_to(Job *job, uint32_t next, int64_t opened_ms) {
    job->task.node = next;
    job->task.visit = 0;
    job->task.attempt = 0;
    job->task.opened_ms = opened_ms;
    job->task.attempt_timeout_ms = (uint32_t)job->order.plan->nodes[next].attempt_timeout_ms;
    job->order.node = next;
    job->order.visit = 0;
    job->order.attempt = 0;
    job->order.opened_ms = opened_ms;
    job->redacted = STR_NONE;
    job->scrub = NULL;
    job->is_told = false;
    job->started_ms = clock_now_ms();
}

static void fail_scope(Job *job, const ScopeError *error) {
    job_fail(job, &(StepFailure){
                      .status = STEP_FAILED,
                      .type = error->type,
                      .effect = EFFECT_NOT_SENT,
                      .message = error->message,
                  });
}

static void decide(Job *job, const Scope *scope) {
    StepEnd end = {.status = STEP_COMPLETED, .effect = EFFECT_ANSWERED};
    ScopeDecision decision;
    ScopeError error;

    if (scope_decide(scope, job->order.node, &job->arena, &decision, &error)) {
        fail_scope(job, &error);
        return;
    }
    end.output = decision.output;
    end.outcome = decision.outcome;
    job_end(job, &end);
}

static void act(Job *job, const Scope *scope) {
    ScopeError error;
    Str input;

    if (scope_input(scope, job->order.node, &job->arena, &input, &error)) {
        fail_scope(job, &error);
        return;
    }
    CHECK(json_parse(&job->arena, input, JSON_LIMITS_DEFAULT, &job->input, NULL) == 0);
    job_open(job);
}

void job_chain_go_on(Job *job, uint32_t next, const StepOutcome *outcome) {
    int64_t opened_ms = MAX(job->task.opened_ms, outcome->ended_ms);
    Scope scope;

    if (job->known == NULL)
        know_values(job);
    job->known[outcome->node] = (ScopeStep){.status = STEP_COMPLETED, .output = outcome->output};
    turn_to(job, next, opened_ms);
    loop_timer_stop(&job->beat);
    if (!job_goes_on(job))
        return;
    scope = scope_of(job);
    if (job->order.plan->nodes[next].type == STEP_ACTION)
        act(job, &scope);
    else
        decide(job, &scope);
}
