/*
 * The call itself: asking step_begin() what is wanted, and telling step_resume() what came.
 *
 * Runs on: loop.
 */

#include "common/io/clock.h"
#include "common/io/log.h"
#include "common/model/limits.h"
#include "worker/job_private.h"
#include "worker/metrics.h"

/* What a refusal of the HTTP client is to a step. */
static const StepAnswerType answer_types[_HTTP_E_COUNT] = {
    [0] = ANSWER_RESPONSE,
    [HTTP_E_BAD_URL] = ANSWER_UNFIT,
    [HTTP_E_BAD_REQUEST] = ANSWER_UNFIT,
    [HTTP_E_DENIED] = ANSWER_DENIED,
    [HTTP_E_BUSY] = ANSWER_UNREACHABLE,
    [HTTP_E_RESOLVE] = ANSWER_UNREACHABLE,
    [HTTP_E_CONNECT] = ANSWER_UNREACHABLE,
    [HTTP_E_TLS] = ANSWER_UNREACHABLE,
    [HTTP_E_TIMEOUT] = ANSWER_TIMEOUT,
    [HTTP_E_RESET] = ANSWER_UNREACHABLE,
    [HTTP_E_TOO_LARGE] = ANSWER_TOO_LARGE,
    [HTTP_E_PROTOCOL] = ANSWER_UNREACHABLE,
    [HTTP_E_REDIRECTS] = ANSWER_UNFIT,
    [HTTP_E_ABORTED] = ANSWER_UNREACHABLE,
};

static const Effect effects[] = {
    [HTTP_NOT_SENT] = EFFECT_NOT_SENT,
    [HTTP_ANSWERED] = EFFECT_ANSWERED,
    [HTTP_UNKNOWN] = EFFECT_UNKNOWN,
};

static StepAnswer answer_of(Job *job, const HttpAnswer *answer) {
    StepField *fields = arena_alloc(&job->arena, (answer->header_count + 1) * sizeof *fields);

    for (uint32_t i = 0; i < answer->header_count; i++)
        fields[i] = (StepField){answer->headers[i].name, answer->headers[i].value};
    return (StepAnswer){
        .type = answer_types[answer->r],
        .effect = effects[answer->effect],
        .message = answer->r ? str_of(http_error_text(answer->r)) : STR_NONE,
        .status = answer->status,
        .headers = fields,
        .header_count = answer->header_count,
        .body = answer->body,
        .now_ms = clock_now_ms(),
    };
}

static void call_done(void *context, const HttpAnswer *answer) {
    Job *job = context;
    Worker *worker = job->worker;
    StepAnswer told;
    StepEnd end;

    if (worker->is_stopped)
        return;
    told = answer_of(job, answer);
    metric_observe_ms(worker->metrics, METRIC_CALL_SECONDS, (double)answer->duration_ms);
    metric_add_label(worker->metrics, METRIC_CALLS,
                     answer->r ? http_error_word(answer->r) : "answered", 1);
    step_resume(&job->order, &told, &job->arena, &end);
    job_end(job, &end);
}

static void send_request(Job *job, const StepRequest *request) {
    HttpField *headers = arena_alloc(&job->arena, (request->header_count + 1) * sizeof *headers);
    UuidText pool = uuid_text(job->task.tenant.uuid);

    for (uint32_t i = 0; i < request->header_count; i++)
        headers[i] = (HttpField){request->headers[i].name, request->headers[i].value};
    http_client_call(job->worker->http,
                     &(HttpCall){
                         .method = request->method,
                         .url = request->url,
                         .headers = headers,
                         .header_count = request->header_count,
                         .body = request->body,
                         .pool = str_of(pool.text),
                         .timeout_ms = request->timeout_ms,
                         .response_bytes_max = HTTP_RESPONSE_BYTES_MAX,
                         .is_repeat_forbidden = request->is_single,
                     },
                     call_done, job);
}

/* What is left of the attempt: its own time, or the execution's. */
static int64_t time_left_ms(const StepTask *task, int64_t now_ms) {
    int64_t left_ms =
        task->attempt_timeout_ms ? task->attempt_timeout_ms : ATTEMPT_TIMEOUT_MS_DEFAULT;

    if (task->execution_deadline_ms)
        left_ms = MIN(left_ms, task->execution_deadline_ms - now_ms);
    return left_ms;
}

static void begin_call(Job *job) {
    const WorkerConfig *config = job->worker->config;

    loop_timer_start(&job->beat, config->started_ms, config->progress_ms);
    if (job->is_single)
        job_tell_started(job);
    send_request(job, &job->request);
}

/* A broker has what the visit did before. */
static void logged(void *context, int r) {
    Job *job = context;

    if (job->worker->is_stopped)
        return;
    if (r)
        log_event(LOG_ERROR, "outcome.lost", LOG_ID("execution", job->task.execution.uuid),
                  LOG_INT("r", r));
    if (r)
        job->is_lost = true; /* a gap in what is told: whoever goes on must not be this visit */
    if (!job_goes_on(job))
        return;
    if (!job_has_time(job)) {
        job_release(job, RELEASED_BUDGET);
        return;
    }
    job_move(job, JOB_CALLING);
    begin_call(job);
}

void job_call(Job *job) {
    int64_t now_ms = clock_now_ms();
    StepAsk ask;

    job_move(job, JOB_CALLING);
    job->started_ms = now_ms;
    job->order.timeout_ms = time_left_ms(&job->task, now_ms);
    if (job->order.timeout_ms <= 0) {
        job_fail(job, &(StepFailure){
                          .status = STEP_TIMED_OUT,
                          .type = ERROR_TIMEOUT,
                          .message = STR("the execution's time was over before the call"),
                      });
        return;
    }
    step_begin(&job->order, &job->arena, &ask);
    if (ask.type == ASK_NOTHING) {
        job_end(job, &ask.end);
        return;
    }
    job->request = ask.request;
    if (job->index > 0 && !job_has_time(job)) {
        job_release(job, RELEASED_BUDGET);
    } else if (job->said_count > 0) {
        job_move(job, JOB_LOGGING);
        job_flush(job, logged);
    } else {
        begin_call(job);
    }
}
