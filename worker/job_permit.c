/*
 * The permission to make a call that must not be made twice: one row, inserted before the first
 * byte leaves. Who inserts first, this visit or a coordinator that wants it not to start, wins.
 *
 * Runs on: loop; permit_work() in a lane.
 */

#include "common/io/log.h"
#include "worker/job_private.h"
#include "worker/lane.h"

static void permit_work(void *lane, void *context) {
    Job *job = context;
    StepInstanceId instance =
        step_instance_id(job->task.execution, job->order.plan->nodes[job->order.node].id,
                         job->task.scope, job->task.visit);
    PgParam params[] = {pg_uuid(&instance.uuid), pg_number(job->task.attempt),
                        pg_number((int64_t)job->run)};
    PgResult *result = NULL;
    int r = lane_ask(lane, "SELECT headrace.start_once_claim($1, $2::smallint, $3)", params,
                     ARRAY_SIZE(params), &result);

    job->is_answered = r == 0;
    job->is_allowed = r == 0 && pg_bool(result, 0, 0);
    pg_result_free(result);
}

static void permit_done(void *context) {
    Job *job = context;

    job->worker->is_pg_up = job->is_answered;
    if (!job->is_answered) {
        job_release(job, RELEASED_HOLD);
    } else if (!job->is_allowed) {
        job_fail(job, &(StepFailure){
                          .status = STEP_INDETERMINATE,
                          .type = ERROR_INTERNAL,
                          .effect = EFFECT_UNKNOWN,
                          .message = STR("another visit may have made this call already"),
                      });
    } else {
        job_go_on(job); /* also while draining: the permission cannot be given back */
    }
}

void job_permit(Job *job) {
    job_move(job, JOB_PERMITTING);
    job->is_single = request_is_single(job->order.plan, job->order.node, &job->input);
    if (!job->is_single) {
        job_go_on(job);
        return;
    }
    if (!job->is_leased) { /* without locks another copy may be on its way as well */
        job_release(job, RELEASED_HOLD);
        return;
    }
    if (lane_pool_run(job->worker->lanes, permit_work, permit_done, job))
        job_release(job, RELEASED_HOLD);
}
