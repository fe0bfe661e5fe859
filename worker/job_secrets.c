/*
 * Secrets, opened at the last moment: what the coordinator left out of the input is evaluated here,
 * once with the secrets and once with marks in their place.
 *
 * Runs on: loop; open_work() in a lane.
 */

#include "common/base/check.h"
#include "common/io/log.h"
#include "worker/job_private.h"
#include "worker/metrics.h"
#include "worker/vault.h"

/* A secret that is not there would be sent as "null". */
typedef struct Missing {
    const Json *secrets;
    Str key;
} Missing;

static bool look_for_missing(void *context, Str pointer, const ExprRef *ref) {
    Missing *missing = context;

    (void)pointer;
    if (ref->name_count < 2 || !str_is(ref->names[0], "secrets") ||
        json_member(missing->secrets, ref->names[1]) != NULL)
        return true;
    missing->key = ref->names[1];
    return false;
}

static bool has_all(Job *job, const Json *secrets) {
    Missing missing = {.secrets = secrets};

    template_refs(job->order.plan->nodes[job->order.node].input, look_for_missing, &missing);
    if (missing.key.data == NULL)
        return true;
    job->mistake_type = ERROR_VALIDATION;
    job->mistake = str_printf(&job->arena, "there is no secret `%.*s`", STR_ARGS(missing.key));
    return false;
}

/* Evaluates what was left out; the job's mistake says what went wrong. */
static void open_input(Job *job, const Json *secrets) {
    ExprContext context = {
        .now_ms = job->task.opened_ms,
        .budget = EXPR_BUDGET_DEFAULT,
        .arena = &job->arena,
    };
    TemplateMistake mistake = {0};
    TemplateOpened opened;

    if (template_open(&job->input, secrets, &context, &opened, &mistake)) {
        job->mistake_type = ERROR_EXPRESSION;
        job->mistake = str_printf(&job->arena, "inputMappings%s: %s", mistake.pointer,
                                  mistake.mistake.message);
        return;
    }
    job->input = opened.value;
    job->redacted = json_text(&job->arena, &opened.redacted);
}

static void open_work(void *lane, void *context) {
    Job *job = context;
    Json secrets;
    int r = vault_open(lane, job->task.execution, &job->arena, &secrets);

    job->is_answered = r != VAULT_E_UNAVAILABLE;
    if (r == VAULT_E_LOCKED) {
        job->mistake_type = ERROR_INTERNAL;
        job->mistake = STR("this worker holds no key that opens the tenant's secrets");
    }
    if (r)
        return;
    job->scrub = scrub_new(&job->arena, &secrets);
    if (has_all(job, &secrets))
        open_input(job, &secrets);
}

static void open_done(void *context) {
    Job *job = context;
    Worker *worker = job->worker;

    worker->is_pg_up = job->is_answered;
    metric_add_label(worker->metrics, METRIC_SECRETS,
                     !job->is_answered   ? "no answer"
                     : job->mistake.data ? "failed"
                                         : "opened",
                     1);
    if (!job_goes_on(job))
        return;
    if (!job->is_answered)
        job_release(job, RELEASED_HOLD);
    else if (job->mistake.data)
        job_fail(job, &(StepFailure){
                          .status = STEP_FAILED,
                          .type = job->mistake_type,
                          .message = job->mistake,
                          .retryable = job->mistake_type == ERROR_INTERNAL,
                      });
    else
        job_go_on(job);
}

void job_open(Job *job) {
    job_move(job, JOB_OPENING);
    if (!job->order.plan->nodes[job->order.node].reads.secrets)
        job_go_on(job);
    else if (lane_pool_run(job->worker->lanes, open_work, open_done, job))
        job_release(job, RELEASED_HOLD);
}
