/*
 * The daemon: opens its neighbours, renews the leases of what is in hand, drains.
 *
 * Runs on: loop.
 */

#include "worker/worker.h"

#include <sys/prctl.h>

#include "common/base/alloc.h"
#include "common/base/fault.h"
#include "common/io/log.h"
#include "worker/intake.h"
#include "worker/job.h"
#include "worker/metrics.h"
#include "worker/versions.h"

#define LOOK_EVERY_MS 100
#define KNOCK_EVERY_MS 5000
#define RENEWALS_IN_A_LIFE 3 /* two may get lost */

void worker_has_room(Worker *worker) {
    if (worker->intake != NULL)
        intake_look(worker->intake);
}

/* Renewal ------------------------------------------------------------------------------------ */

/* The leases of one script, by the numbers of their jobs: some have ended when the answer comes. */
typedef struct Renewal {
    Worker *worker;
    uint64_t numbers[LEASE_BATCH_MAX];
    const Lease *leases[LEASE_BATCH_MAX];
    uint32_t count;
} Renewal;

static Job *find_job(Worker *worker, uint64_t number) {
    LIST_FOR_EACH(node, &worker->jobs) {
        Job *job = CONTAINER_OF(node, Job, node);

        if (job->number == number)
            return job;
    }
    return NULL;
}

static void renewed(void *context, const bool *kept, uint32_t count) {
    Renewal *renewal = context;

    for (uint32_t i = 0; i < count; i++) {
        Job *job = kept[i] ? NULL : find_job(renewal->worker, renewal->numbers[i]);

        if (job != NULL)
            job_lose(job);
    }
    alloc_free(renewal);
}

static Renewal *send_renewal(Renewal *renewal) {
    leases_renew(renewal->worker->leases, renewal->leases, renewal->count, renewed, renewal);
    return NULL;
}

static void renew(void *context) {
    Worker *worker = context;
    Renewal *renewal = NULL;

    LIST_FOR_EACH(node, &worker->jobs) {
        Job *job = CONTAINER_OF(node, Job, node);

        if (!job->is_leased || job->is_lost || job->state == JOB_CLOSING)
            continue;
        if (renewal == NULL) {
            renewal = alloc_zero(sizeof *renewal);
            renewal->worker = worker;
        }
        renewal->numbers[renewal->count] = job->number;
        renewal->leases[renewal->count++] = &job->lease;
        if (renewal->count == LEASE_BATCH_MAX)
            renewal = send_renewal(renewal);
    }
    if (renewal != NULL)
        send_renewal(renewal);
}

/* Looking after ------------------------------------------------------------------------------ */

/* Whether PostgreSQL can be reached, also when no task asks. */
static void knock_work(void *lane, void *context) {
    Worker *worker = context;
    PgResult *result = NULL;

    worker->is_knock_heard = lane_ask(lane, "SELECT 1", NULL, 0, &result) == 0;
    pg_result_free(result);
}

static void knock_done(void *context) {
    Worker *worker = context;

    worker->is_pg_up = worker->is_knock_heard;
    worker->knock_due_ms = loop_now_ms(worker->loop) + KNOCK_EVERY_MS;
}

static void knock(Worker *worker) {
    if (loop_now_ms(worker->loop) < worker->knock_due_ms)
        return;
    worker->knock_due_ms = INT64_MAX; /* one at a time */
    if (lane_pool_run(worker->lanes, knock_work, knock_done, worker))
        worker->knock_due_ms = 0;
}

static void look(void *context) {
    Worker *worker = context;

    knock(worker);
    metric_set(worker->metrics, METRIC_REDIS_UP, redis_is_up(worker->redis));
    metric_set(worker->metrics, METRIC_PG_UP, worker->is_pg_up);
    metric_set(worker->metrics, METRIC_KAFKA_UP, outbox_is_up(worker->outbox));
    metric_set(worker->metrics, METRIC_UNREPORTED, outbox_count(worker->outbox));
    if (!worker->is_draining || worker->job_count > 0 || outbox_count(worker->outbox) > 0 ||
        !intake_is_gone(worker->intake))
        return;
    loop_timer_stop(&worker->look);
    service_drained(worker->service);
}

static bool ready(void *daemon, Buf *ret_reason) {
    Worker *worker = daemon;
    bool is_ready = outbox_is_up(worker->outbox);

    buf_printf(ret_reason, "kafka %s, redis %s, postgresql %s", is_ready ? "up" : "down",
               redis_is_up(worker->redis) ? "up" : "down", worker->is_pg_up ? "up" : "down");
    return is_ready;
}

/* Tasks that have not been sent are given back, the others finish; the service's watchdog insists.
 */
static void drain(void *daemon) {
    Worker *worker = daemon;

    worker->is_draining = true;
    intake_drain(worker->intake);
}

/* Opening ------------------------------------------------------------------------------------ */

static int open_policy(Worker *worker) {
    const WorkerConfig *config = worker->config;
    EgressText text = {
        .allow = str_of(config->egress_allow),
        .deny = str_of(config->egress_deny),
        .ports = str_of(config->egress_ports),
    };
    Str bad;

    if (egress_policy_read(&worker->arena, &text, &worker->policy, &bad) == 0)
        return 0;
    log_event(LOG_ERROR, "config.egress", LOG_TEXT("entry", bad),
              LOG_C("why", "not an address, a range or a port"));
    return fault_raise(-EINVAL);
}

static int open_keys(Worker *worker) {
    _cleanup_(buf_done) Buf message = {0};
    Str text = str_of(worker->config->seal_key);

    if (text.length == 0 || seal_keys_read(text, &worker->keys, &message) == 0)
        return 0;
    log_event(LOG_ERROR, "config.seal_key", LOG_TEXT("why", buf_str(&message)));
    return fault_raise(-EINVAL);
}

static const char *some(const char *text) {
    return text != NULL && text[0] != '\0' ? text : NULL;
}

static int open_redis(Worker *worker) {
    const WorkerConfig *config = worker->config;

    return fault_fold(redis_open(worker->loop,
                                 &(RedisSettings){
                                     .address = config->redis,
                                     .user = some(config->redis_user),
                                     .password = some(config->redis_password),
                                 },
                                 &worker->redis));
}

static int open_neighbours(Worker *worker) {
    const WorkerConfig *config = worker->config;
    LanePoolSpec lanes;
    int r = open_policy(worker);

    if (r == 0)
        r = open_keys(worker);
    if (r == 0)
        r = open_redis(worker);
    if (r)
        return fault_pass(r);
    worker->leases = leases_new(worker->redis, &(LeaseSettings){
                                                   .loop = worker->loop,
                                                   .worker = worker->name,
                                                   .life_ms = config->lease_ms,
                                                   .outcomes_ms = config->outcomes_ms,
                                               });
    worker->lane_origin = (LaneOrigin){.config = config, .keys = worker->keys};
    lanes = lane_spec(&worker->lane_origin);
    worker->lanes = lane_pool_new(worker->loop, &lanes);
    worker->versions = versions_new(worker);
    worker->http = http_client_new(worker->loop, &(HttpClientSettings){
                                                     .policy = &worker->policy,
                                                     .ca_file = some(config->egress_ca),
                                                     .proxy = some(config->egress_proxy),
                                                     .calls_max = (uint32_t)config->jobs * 2,
                                                 });
    r = outbox_open(worker->loop, config->kafka, worker->name, &worker->outbox);
    return fault_pass(r ? r : intake_open(worker, &worker->intake));
}

static int start(Service *service, void *config, void **ret_daemon) {
    Worker *worker = alloc_zero(sizeof *worker);
    int r;

    /* Nobody reads secrets out of this process's memory. */
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    worker->service = service;
    worker->config = config;
    worker->metrics = service_metrics(service);
    worker->loop = service_loop(service);
    worker->name = service_instance(service);
    arena_init(&worker->arena, 0);
    list_init(&worker->jobs);
    r = open_neighbours(worker);
    if (r)
        return fault_pass(r);
    loop_timer_open(worker->loop, &worker->renewal, renew, worker);
    loop_timer_start(&worker->renewal, worker->config->lease_ms / RENEWALS_IN_A_LIFE,
                     worker->config->lease_ms / RENEWALS_IN_A_LIFE);
    loop_timer_open(worker->loop, &worker->look, look, worker);
    loop_timer_start(&worker->look, LOOK_EVERY_MS, LOOK_EVERY_MS);
    *ret_daemon = worker;
    return 0;
}

/* Closing ------------------------------------------------------------------------------------ */

static void closed(void *context) {
    (void)context;
}

/* What is in hand when the time is over is dropped: it will be delivered again. */
static void stop(void *daemon) {
    Worker *worker = daemon;

    loop_timer_close(&worker->renewal, NULL);
    loop_timer_close(&worker->look, NULL);
    worker->lanes = lane_pool_free(worker->lanes);
    worker->is_stopped = true;
    http_client_close(worker->http, closed, NULL);
    redis_close(worker->redis, closed, NULL);
    loop_settle(worker->loop);
    worker->intake = intake_close(worker->intake);
    worker->outbox = outbox_close(worker->outbox);
    LIST_FOR_EACH(node, &worker->jobs)
    job_abandon(CONTAINER_OF(node, Job, node));
    loop_settle(worker->loop);
    versions_free(worker->versions);
    worker->leases = leases_free(worker->leases);
    loop_settle(worker->loop);
    seal_keys_free(worker->keys);
    arena_done(&worker->arena);
    alloc_free(worker);
}

const ServiceSpec *worker_spec(void) {
    static ServiceSpec spec = {
        .name = "worker",
        .sentence =
            "Runs the actions of steps: takes tasks, makes the calls, reports the outcomes.",
        .config_bytes = sizeof(WorkerConfig),
        .start = start,
        .drain = drain,
        .ready = ready,
        .stop = stop,
    };

    spec.keys = worker_config_keys(&spec.key_count);
    spec.metrics = worker_metric_keys(&spec.metric_count);
    return &spec;
}
