/*
 * What a job says: that it has started, that it is alive, and its last word.
 *
 * Runs on: loop.
 */

#include "common/base/check.h"
#include "common/io/clock.h"
#include "common/io/log.h"
#include "common/model/limits.h"
#include "common/wire/wire.h"
#include "worker/job_private.h"
#include "worker/metrics.h"

static StepOutcome outcome_of(const Job *job, OutcomeKind kind) {
    return (StepOutcome){
        .kind = kind,
        .index = job->index,
        .node = job->task.node,
        .scope = job->task.scope,
        .visit = job->task.visit,
        .attempt = job->task.attempt,
        .opened_ms = job->task.opened_ms,
        .started_ms = job->started_ms,
    };
}

static Str encode(Job *job, const StepOutcome *outcomes, uint32_t count) {
    _cleanup_(buf_done) Buf bytes = {0};

    wire_write_result(&bytes, &(StepResult){
                                  .execution = job->task.execution,
                                  .chain = job->task.chain,
                                  .run = job->run,
                                  .worker = str_of(job->worker->name),
                                  .epoch = job->task.epoch,
                                  .dispatch_no = job->task.dispatch_no,
                                  .outcomes = outcomes,
                                  .outcome_count = count,
                              });
    return str_copy(&job->arena, buf_str(&bytes));
}

static void post(Job *job, Str bytes, OutboxDoneFn done, void *context) {
    outbox_send(job->worker->outbox,
                &(OutboxMessage){
                    .topic = TOPIC_RESULTS,
                    .partition = (int32_t)job->task.home_partition,
                    .key = uuid_bytes(&job->task.execution.uuid),
                    .value = bytes,
                },
                done, context);
}

/* On the way ---------------------------------------------------------------------------------- */

static void count(const Job *job, OutcomeKind kind) {
    metric_add_label(job->worker->metrics, METRIC_OUTCOMES, outcome_kind_word(kind), 1);
}

static void tell(Job *job, OutcomeKind kind) {
    StepOutcome outcome = outcome_of(job, kind);

    count(job, kind);
    post(job, encode(job, &outcome, 1), NULL, NULL);
}

void job_tell_started(Job *job) {
    job->is_told = true;
    tell(job, OUTCOME_STARTED);
}

void job_beat(void *context) {
    Job *job = context;

    if (job->state != JOB_CALLING)
        return;
    if (job->is_told)
        tell(job, OUTCOME_PROGRESS);
    else
        job_tell_started(job);
}

/* The chain ----------------------------------------------------------------------------------- */

#define SAID_BYTES_MAX (256u << 10) /* then it is sent, whatever follows */

static size_t outcome_bytes(const StepOutcome *outcome) {
    return outcome->input.length + outcome->output.length + outcome->error.length + 64;
}

void job_flush(Job *job, OutboxDoneFn done) {
    if (job->said_count == 0)
        return;
    post(job, encode(job, job->said, job->said_count), done, job);
    job->is_split = true;
    job->said_count = 0;
    job->said_bytes = 0;
}

/* An outcome that more will follow; sent with them, or before a call is made. */
static void say(Job *job, const StepOutcome *outcome) {
    if (job->said == NULL)
        job->said = arena_alloc(&job->arena, job->task.chain_max * sizeof *job->said);
    if (job->said_bytes + outcome_bytes(outcome) > SAID_BYTES_MAX)
        job_flush(job, NULL);
    CHECK(job->said_count < job->task.chain_max);
    job->said[job->said_count++] = *outcome;
    job->said_bytes += outcome_bytes(outcome);
}

/* The last word ------------------------------------------------------------------------------- */

static void say_last(Job *job, const StepOutcome *outcome);

static void say_too_large(Job *job, Str message) {
    StepEnd end = step_failed(&job->order,
                              &(StepFailure){
                                  .status = STEP_FAILED,
                                  .type = ERROR_PAYLOAD_TOO_LARGE,
                                  .effect = EFFECT_ANSWERED,
                                  .message = message,
                              },
                              &job->arena);
    StepOutcome outcome = outcome_of(job, OUTCOME_ENDED);

    outcome.status = end.status;
    outcome.effect = end.effect;
    outcome.error = end.error;
    outcome.ended_ms = clock_now_ms();
    say_last(job, &outcome);
}

static void observe_since(const Worker *worker, uint32_t metric, int64_t since_us) {
    metric_observe_ms(worker->metrics, metric, (double)(clock_monotonic_us() - since_us) / 1000);
}

static LeaseMemory memory_of(const Job *job) {
    if (!job->has_ended)
        return LEASE_NOTHING;
    return job->index == 1 && !job->is_split ? LEASE_OUTCOME : LEASE_THAT_IT_TOLD;
}

static void delivered(void *context, int r) {
    Job *job = context;
    Worker *worker = job->worker;
    /* The last word tells all of the visit: whoever asks again can be answered with it. */
    LeaseMemory memory = memory_of(job);
    bool has_shrunk = job->last_word.length < LEASE_OUTCOME_BYTES_MAX * 8;

    if (r == OUTBOX_E_TOO_LARGE && job->has_ended && !has_shrunk) {
        say_too_large(job, STR("the outcome is larger than the message bus takes"));
        return;
    }
    if (r)
        log_event(LOG_ERROR, "outcome.lost", LOG_ID("execution", job->task.execution.uuid),
                  LOG_INT("r", r));
    observe_since(worker, METRIC_STEP_SECONDS, job->taken_us);
    observe_since(worker, METRIC_REPORT_SECONDS, job->said_us);
    if (job->is_leased)
        leases_release(worker->leases, &job->lease, r ? LEASE_NOTHING : memory, job->last_word);
    job_close(job, job->fate);
}

static void say_last(Job *job, const StepOutcome *outcome) {
    Str bytes;

    if (job->said_bytes + outcome_bytes(outcome) > SAID_BYTES_MAX)
        job_flush(job, NULL);
    if (job->said_count > 0) {
        say(job, outcome);
        bytes = encode(job, job->said, job->said_count);
        job->said_count = 0;
    } else {
        bytes = encode(job, outcome, 1);
    }
    if (bytes.length > MESSAGE_BYTES_MAX && outcome->input.length > 0) {
        StepOutcome shorter = *outcome;

        /* The output is worth more than how the input looked. */
        shorter.input = STR("\"[left out: larger than a message may be]\"");
        say_last(job, &shorter);
        return;
    }
    if (bytes.length > MESSAGE_BYTES_MAX) {
        say_too_large(job, STR("input and output are larger than a message may be"));
        return;
    }
    job_move(job, JOB_REPORTING);
    job->last_word = bytes;
    job->said_us = clock_monotonic_us();
    post(job, bytes, delivered, job);
}

/* Neither output nor error may carry a secret out of here. */
static Str clean(Job *job, Str text) {
    if (job->scrub == NULL || text.length == 0)
        return text;
    return scrub_document(job->scrub, &job->arena, text);
}

void job_end(Job *job, const StepEnd *end) {
    StepOutcome outcome = outcome_of(job, OUTCOME_ENDED);
    uint32_t next = job_chain_next(job, end);

    outcome.status = end->status;
    outcome.outcome = end->outcome;
    outcome.continues = next != PLAN_NONE;
    outcome.effect = end->effect;
    outcome.input = job->redacted;
    outcome.output = clean(job, end->output);
    outcome.error = clean(job, end->error);
    outcome.retryable = end->retryable;
    outcome.retry_after_ms = end->retry_after_ms;
    outcome.ended_ms = clock_now_ms();
    job->has_ended = true;
    job->fate = "ended";
    count(job, OUTCOME_ENDED);
    metric_add_label(job->worker->metrics, METRIC_ENDED, step_status_word(end->status), 1);
    log_event(LOG_DEBUG, "step.ended", LOG_ID("execution", job->task.execution.uuid),
              LOG_ID("tenant", job->task.tenant.uuid), LOG_INT("attempt", job->task.attempt),
              LOG_C("status", step_status_word(end->status)));
    job->index++;
    if (next == PLAN_NONE) {
        say_last(job, &outcome);
    } else {
        say(job, &outcome);
        job_chain_go_on(job, next, &outcome);
    }
}

void job_fail(Job *job, const StepFailure *failure) {
    StepEnd end = step_failed(&job->order, failure, &job->arena);

    job_end(job, &end);
}

void job_release(Job *job, Released why) {
    StepOutcome outcome = outcome_of(job, OUTCOME_RELEASED);

    job->fate = "released";
    outcome.released = why;
    outcome.effect = EFFECT_NOT_SENT;
    count(job, OUTCOME_RELEASED);
    metric_add_label(job->worker->metrics, METRIC_RELEASED, released_word(why), 1);
    log_event(LOG_INFO, "task.released", LOG_ID("execution", job->task.execution.uuid),
              LOG_C("why", released_word(why)));
    say_last(job, &outcome);
}

void job_repeat(Job *job, Str outcome) {
    job_move(job, JOB_REPORTING);
    job->fate = "repeated";
    job->last_word = str_copy(&job->arena, outcome);
    job->said_us = clock_monotonic_us();
    post(job, job->last_word, delivered, job);
}
