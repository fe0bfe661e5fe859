/*
 * One task, from taken to reported: its states and its way through them.
 *
 * Runs on: loop.
 */

#include "worker/job.h"

#include <string.h>

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/io/clock.h"
#include "common/io/log.h"
#include "common/wire/wire.h"
#include "worker/job_private.h"
#include "worker/metrics.h"
#include "worker/versions.h"

#define SKEW_MS 30000 /* clocks of two machines that are both kept */

#define TO(state) (1u << (state))

static const uint32_t moves[_JOB_STATE_COUNT] = {
    [JOB_TAKEN] = TO(JOB_CLAIMING) | TO(JOB_CLOSING),
    [JOB_CLAIMING] = TO(JOB_PLANNING) | TO(JOB_REPORTING) | TO(JOB_CLOSING),
    [JOB_PLANNING] = TO(JOB_OPENING) | TO(JOB_REPORTING) | TO(JOB_CLOSING),
    [JOB_OPENING] = TO(JOB_PERMITTING) | TO(JOB_REPORTING) | TO(JOB_CLOSING),
    [JOB_PERMITTING] = TO(JOB_CALLING) | TO(JOB_REPORTING) | TO(JOB_CLOSING),
    [JOB_CALLING] = TO(JOB_LOGGING) | TO(JOB_OPENING) | TO(JOB_REPORTING) | TO(JOB_CLOSING),
    [JOB_LOGGING] = TO(JOB_CALLING) | TO(JOB_REPORTING) | TO(JOB_CLOSING),
    [JOB_REPORTING] = TO(JOB_REPORTING) | TO(JOB_CLOSING), /* again: it was too large */
};

void job_move(Job *job, JobState to) {
    CHECK(moves[job->state] & TO(to));
    job->state = to;
}

static void count_open(Worker *worker) {
    metric_set(worker->metrics, METRIC_JOBS, worker->job_count);
    metric_set(worker->metrics, METRIC_JOBS_BYTES, (double)worker->job_bytes);
}

int job_new(Worker *worker, const BusMessage *message, Job **ret_job) {
    Job *job = alloc_zero(sizeof *job);
    int r;

    arena_init(&job->arena, 0);
    r = wire_read_task(str_copy(&job->arena, message->value), &job->arena, &job->task);
    if (r) {
        arena_done(&job->arena);
        alloc_free(job);
        return r;
    }
    job->task.chain_max = MIN(job->task.chain_max, (uint32_t)JOB_CHAIN_MAX);
    job->worker = worker;
    job->number = ++worker->job_number;
    job->bytes = message->value.length;
    job->taken_us = clock_monotonic_us();
    do
        job->run = clock_random_u64();
    while (job->run == 0); /* 0 is the coordinator's */
    lease_name(worker->leases, &job->task, job->run, &job->lease);
    loop_timer_open(worker->loop, &job->beat, job_beat, job);
    list_push_last(&worker->jobs, &job->node);
    worker->job_count++;
    worker->job_bytes += job->bytes;
    count_open(worker);
    *ret_job = job;
    return 0;
}

static void job_closed(void *context) {
    Job *job = context;
    Worker *worker = job->worker;

    list_drop(&job->node);
    worker->job_count--;
    worker->job_bytes -= job->bytes;
    count_open(worker);
    if (job->version)
        versions_give(worker->versions, job->version);
    arena_done(&job->arena);
    alloc_free(job);
    worker_has_room(worker);
}

void job_close(Job *job, const char *fate) {
    job_move(job, JOB_CLOSING);
    metric_add_label(job->worker->metrics, METRIC_TASKS, fate, 1);
    loop_timer_close(&job->beat, job_closed);
}

void job_abandon(Job *job) {
    if (job->state != JOB_CLOSING)
        job_close(job, "abandoned");
}

void job_lose(Job *job) {
    if (job->is_lost)
        return;
    job->is_lost = true;
    metric_add(job->worker->metrics, METRIC_LEASES_LOST, 1);
}

/*
 * A task that was sent again may reach the worker that holds the first copy: one that has not been
 * sent yet gives way to a greater claim, one that has finishes. An earlier attempt is no rival: for
 * the coordinator it is over.
 */
static bool meets_rival(Job *job) {
    LIST_FOR_EACH(node, &job->worker->jobs) {
        Job *rival = CONTAINER_OF(node, Job, node);

        if (rival == job || rival->state <= JOB_CLAIMING || rival->state == JOB_CLOSING ||
            strcmp(rival->lease.lock, job->lease.lock) != 0)
            continue;
        if (rival->state < JOB_CALLING && lease_beats(&job->lease, &rival->lease))
            job_lose(rival);
        else if (rival->lease.attempt >= job->lease.attempt)
            return true;
    }
    return false;
}

bool job_goes_on(Job *job) {
    if (job->is_lost) {
        job_flush(job, NULL); /* what was done is done, whoever goes on */
        job_close(job, "lost");
        return false;
    }
    if (job->worker->is_draining) {
        job_release(job, RELEASED_DRAIN);
        return false;
    }
    return true;
}

void job_claimed(Job *job, const LeaseGrant *grant) {
    static const char *const answers[] = {
        [LEASE_HELD] = "held", [LEASE_TAKEN] = "taken",     [LEASE_ENDED] = "ended",
        [LEASE_TOLD] = "told", [LEASE_UNKNOWN] = "unknown",
    };

    metric_add_label(job->worker->metrics, METRIC_CLAIMS, answers[grant->answer], 1);
    job->is_leased = grant->answer == LEASE_HELD;
    if (grant->answer == LEASE_TAKEN)
        job_close(job, "held by another");
    else if (grant->answer == LEASE_TOLD)
        job_close(job, "told before");
    else if (grant->answer == LEASE_ENDED)
        job_repeat(job, grant->outcome);
    else if (meets_rival(job))
        job_close(job, "held here");
    else if (job_goes_on(job))
        job_go_on(job);
}

/* Planning ----------------------------------------------------------------------------------- */

static void planned(void *context, const PlanVersion *version) {
    Job *job = context;

    job->version = version;
    if (!job_goes_on(job))
        return;
    if (version == NULL)
        job_release(job, RELEASED_PLAN);
    else
        job_go_on(job);
}

/* What the plan says about the task; false: it has been given back or has failed. */
static bool fits_plan(Job *job) {
    const StepTask *task = &job->task;
    const Plan *plan = job->version->plan;
    JsonMistake mistake = {.message = ""};

    if (task->node >= plan->node_count ||
        !uuid_equal(task->tenant.uuid, job->version->tenant.uuid)) {
        job_release(job, RELEASED_PLAN);
        return false;
    }
    job->order = (StepOrder){
        .plan = plan,
        .node = task->node,
        .execution = task->execution,
        .scope = task->scope,
        .visit = task->visit,
        .attempt = task->attempt,
        .opened_ms = task->opened_ms,
        .timeout_ms = 1,
        .traceparent = task->traceparent,
        .input = &job->input,
    };
    if (json_parse(&job->arena, task->input, JSON_LIMITS_DEFAULT, &job->input, &mistake) == 0)
        return true;
    job_fail(job, &(StepFailure){
                      .status = STEP_FAILED,
                      .type = ERROR_VALIDATION,
                      .message = str_printf(&job->arena, "the task's input is not JSON: %s",
                                            mistake.message),
                  });
    return false;
}

static void plan(Job *job) {
    const StepTask *task = &job->task;

    job_move(job, JOB_PLANNING);
    if (task->start_by_ms != 0 && clock_now_ms() > task->start_by_ms + SKEW_MS) {
        job_release(job, RELEASED_EXPIRED);
        return;
    }
    if (task->expr_rev != PLAN_EXPR_REV) {
        job_release(job, RELEASED_REV);
        return;
    }
    job->version = versions_take(job->worker->versions, task);
    if (job->version == NULL)
        versions_load(job->worker->versions, task, planned, job);
    else
        job_go_on(job);
}

/* Steps from one pause to the next; what does not apply is passed by. */
void job_go_on(Job *job) {
    switch (job->state) {
    case JOB_CLAIMING:
        plan(job);
        return;
    case JOB_PLANNING:
        if (fits_plan(job))
            job_open(job);
        return;
    case JOB_OPENING:
        job_permit(job);
        return;
    case JOB_PERMITTING:
        job_call(job);
        return;
    case JOB_TAKEN:
    case JOB_LOGGING:
    case JOB_CALLING:
    case JOB_REPORTING:
    case JOB_CLOSING:
    case _JOB_STATE_COUNT:
        break;
    }
    CHECK_UNREACHABLE();
}
