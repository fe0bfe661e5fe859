/*
 * The daemon: what listens, what it stands on, and the order in which both come and go.
 *
 * Runs on: loop.
 */

#include "trigger-gateway/gateway.h"

#include <errno.h>

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/base/fault.h"
#include "common/io/log.h"
#include "trigger-gateway/api/api.h"
#include "trigger-gateway/events.h"
#include "trigger-gateway/hooks.h"
#include "trigger-gateway/ports/metrics.h"
#include "trigger-gateway/ports/ports.h"
#include "trigger-gateway/schedules.h"

#define LOOK_EVERY_MS 500
#define LANE_QUEUE_MAX 4096 /* look-ups that wait; each is a millisecond */
#define CONNECT_MS 2000
#define STATEMENT_MS 10000
#define REDIS_ANSWER_MS 200 /* later it is as good as down */
#define DRAIN_MS 15000      /* for requests in hand; Kafka answers or times out before */

typedef struct Gateway {
    Service *service;
    Loop *loop;
    const GatewayConfig *config;
    Arena arena;
    Topics topics;
    SealKeys *keys;
    Publisher *publisher;
    Redis *redis;
    LanePool *lanes;
    LanePool *api_lanes;
    Catalog *catalog;
    Accept *accept;
    Hooks *hooks;
    Schedules *schedules;
    Events *events; /* NULL: no topics are configured */
    Api *api;
    GatewayPorts ports;
    LoopTimer look;
    LoopTimer notice;
    uint32_t draining; /* parts that have not finished */
} Gateway;

/* Starting ---------------------------------------------------------------------------------- */

static int read_settings(Gateway *gateway) {
    _cleanup_(buf_done) Buf message = {0};

    if (topics_read(str_of(gateway->config->events_topics), &gateway->arena, &gateway->topics,
                    &message) ||
        seal_keys_read(str_of(gateway->config->seal_key), &gateway->keys, &message)) {
        log_event(LOG_ERROR, "config.wrong", LOG_TEXT("why", buf_str(&message)));
        return fault_raise(-EINVAL);
    }
    return 0;
}

static void *lane_new(void *context) {
    const PgSettings *settings = context;

    return pg_new(settings);
}

static void lane_free(void *lane) {
    pg_free(lane);
}

static LanePool *open_lanes(Gateway *gateway, const char *dsn, int64_t threads, int64_t queue_max) {
    PgSettings *settings = arena_zero(&gateway->arena, sizeof *settings);

    *settings = (PgSettings){
        .dsn = dsn,
        .application_name = service_instance(gateway->service),
        .connect_timeout_ms = CONNECT_MS,
        .statement_timeout_ms = STATEMENT_MS,
    };
    return lane_pool_new(gateway->loop, &(LanePoolSpec){
                                            .threads = (uint32_t)threads,
                                            .queue_max = (uint32_t)queue_max,
                                            .lane_new = lane_new,
                                            .lane_free = lane_free,
                                            .context = settings,
                                        });
}

/* What listens stands on these. */
static int open_ground(Gateway *gateway) {
    const GatewayConfig *config = gateway->config;
    PublisherSettings publisher = {
        .brokers = config->kafka,
        .client_id = service_instance(gateway->service),
        .timeout_ms = (int32_t)config->publish_ms,
        .metrics = service_metrics(gateway->service),
    };
    RedisSettings redis = {
        .address = config->redis,
        .user = config->redis_user[0] ? config->redis_user : NULL,
        .password = config->redis_password[0] ? config->redis_password : NULL,
        .command_timeout_ms = REDIS_ANSWER_MS,
    };
    int r = publisher_open(gateway->loop, &publisher, &gateway->publisher);

    if (r == 0)
        r = redis_open(gateway->loop, &redis, &gateway->redis);
    if (r)
        return fault_pass(r);
    gateway->lanes = open_lanes(gateway, config->pg_dsn, config->lanes, LANE_QUEUE_MAX);
    gateway->api_lanes =
        open_lanes(gateway, config->api_pg_dsn, config->api_lanes, config->api_queue);
    gateway->catalog =
        catalog_start(gateway->loop, &(CatalogSettings){
                                         .pg_dsn = config->pg_dsn,
                                         .instance = service_instance(gateway->service),
                                         .keys = gateway->keys,
                                         .metrics = service_metrics(gateway->service),
                                         .every_ms = config->catalog_ms,
                                         .stale_ms = config->catalog_stale_ms,
                                         .tenants = gateway->topics.tenants,
                                         .tenant_count = gateway->topics.count,
                                     });
    return 0;
}

static int cannot_listen(const char *address, int r) {
    log_event(LOG_ERROR, "listener.refused", LOG_C("address", address), LOG_INT("r", r));
    return r < 0 ? fault_pass(r) : fault_raise(-EADDRNOTAVAIL);
}

static int open_hooks(Gateway *gateway) {
    HooksPorts ports = {
        .loop = gateway->loop,
        .metrics = service_metrics(gateway->service),
        .config = gateway->config,
        .catalog = gateway->catalog,
        .publisher = gateway->publisher,
    };
    int r;

    gateway->accept = accept_new(&(AcceptPorts){
        .loop = gateway->loop,
        .metrics = service_metrics(gateway->service),
        .publisher = gateway->publisher,
        .redis = gateway->redis,
        .lanes = gateway->lanes,
    });
    ports.accept = gateway->accept;
    r = hooks_open(&ports, &gateway->hooks);
    return r ? cannot_listen(gateway->config->hooks_listen, r) : 0;
}

static int open_api(Gateway *gateway) {
    Str url = str_of(gateway->config->hooks_url);
    int r;

    if (url.length == 0)
        url = str_printf(&gateway->arena, "http://%s", hooks_address(gateway->hooks));
    while (str_ends(url, STR("/")))
        url.length--;
    gateway->ports = (GatewayPorts){
        .loop = gateway->loop,
        .metrics = service_metrics(gateway->service),
        .config = gateway->config,
        .instance = service_instance(gateway->service),
        .hooks_url = str_c(&gateway->arena, url),
        .publisher = gateway->publisher,
        .api_lanes = gateway->api_lanes,
    };
    r = api_open(&gateway->ports, &gateway->api);
    if (r)
        return cannot_listen(gateway->config->api_listen, r);
    log_event(LOG_INFO, "api.listening", LOG_C("address", api_address(gateway->api)));
    return 0;
}

static int open_clock_and_topics(Gateway *gateway) {
    EventsPorts events = {
        .loop = gateway->loop,
        .metrics = service_metrics(gateway->service),
        .config = gateway->config,
        .instance = service_instance(gateway->service),
        .catalog = gateway->catalog,
        .publisher = gateway->publisher,
        .topics = &gateway->topics,
    };

    gateway->schedules = schedules_start(&(SchedulesPorts){
        .loop = gateway->loop,
        .metrics = service_metrics(gateway->service),
        .config = gateway->config,
        .instance = service_instance(gateway->service),
        .publisher = gateway->publisher,
        .lanes = gateway->lanes,
    });
    return gateway->topics.count > 0 ? fault_pass(events_start(&events, &gateway->events)) : 0;
}

static void look(void *context) {
    Gateway *gateway = context;

    metric_set(service_metrics(gateway->service), METRIC_REDIS_UP, redis_is_up(gateway->redis));
    hooks_gauge(gateway->hooks);
    if (publisher_has_failed(gateway->publisher))
        service_fail(gateway->service, "the producer is dead");
    if (gateway->events != NULL && events_have_failed(gateway->events))
        service_fail(gateway->service, "the consumer is dead");
}

static int start(Service *service, void *config, void **ret_daemon) {
    Gateway *gateway = alloc_zero(sizeof *gateway);
    int r;

    gateway->service = service;
    gateway->loop = service_loop(service);
    gateway->config = config;
    r = read_settings(gateway);
    if (r == 0)
        r = open_ground(gateway);
    if (r == 0)
        r = open_hooks(gateway);
    if (r == 0)
        r = open_api(gateway);
    if (r == 0)
        r = open_clock_and_topics(gateway);
    if (r)
        return fault_pass(r); /* the process ends with what is open */
    loop_timer_open(gateway->loop, &gateway->look, look, gateway);
    loop_timer_start(&gateway->look, LOOK_EVERY_MS, LOOK_EVERY_MS);
    *ret_daemon = gateway;
    return 0;
}

/* Ending ------------------------------------------------------------------------------------ */

static void part_drained(void *context) {
    Gateway *gateway = context;

    CHECK(gateway->draining > 0);
    if (--gateway->draining == 0)
        service_drained(gateway->service);
}

static void drain_now(void *context) {
    Gateway *gateway = context;

    gateway->draining = gateway->events != NULL ? 4 : 3;
    hooks_drain(gateway->hooks, DRAIN_MS, part_drained, gateway);
    api_drain(gateway->api, DRAIN_MS, part_drained, gateway);
    schedules_drain(gateway->schedules, part_drained, gateway);
    if (gateway->events != NULL)
        events_drain(gateway->events, part_drained, gateway);
}

/* Balancers that look at /readyz need a while before they send nothing more. */
static void drain(void *daemon) {
    Gateway *gateway = daemon;

    loop_timer_open(gateway->loop, &gateway->notice, drain_now, gateway);
    loop_timer_start(&gateway->notice, gateway->config->notice_ms, 0);
}

static bool ready(void *daemon, Buf *ret_reason) {
    Gateway *gateway = daemon;

    if (!publisher_is_up(gateway->publisher))
        buf_add_text(ret_reason, "Kafka does not answer");
    else if (!catalog_is_usable(gateway->catalog))
        buf_add_text(ret_reason, "the triggers could not be read from PostgreSQL");
    return publisher_is_up(gateway->publisher) && catalog_is_usable(gateway->catalog);
}

/* Whoever waits for something is told before that something goes. */
static void stop(void *daemon) {
    Gateway *gateway = daemon;

    loop_timer_close(&gateway->look, NULL);
    if (gateway->notice.is_open)
        loop_timer_close(&gateway->notice, NULL);
    gateway->lanes = lane_pool_free(gateway->lanes);
    gateway->api_lanes = lane_pool_free(gateway->api_lanes);
    accept_quiesce(gateway->accept);
    redis_close(gateway->redis, NULL, NULL);
    loop_settle(gateway->loop);
    publisher_close(gateway->publisher, NULL, NULL);
    gateway->accept = accept_free(gateway->accept);
    gateway->events = events_free(gateway->events);
    gateway->schedules = schedules_free(gateway->schedules);
    hooks_close(gateway->hooks, NULL, NULL);
    api_close(gateway->api, NULL, NULL);
    gateway->catalog = catalog_stop(gateway->catalog);
    loop_settle(gateway->loop);
    seal_keys_free(gateway->keys);
    arena_done(&gateway->arena);
    alloc_free(gateway);
}

const ServiceSpec *gateway_spec(void) {
    static ServiceSpec spec = {
        .name = "gateway",
        .sentence = "Listens to the world: webhooks, the clock, topics of events, and the API.",
        .config_bytes = sizeof(GatewayConfig),
        .start = start,
        .drain = drain,
        .ready = ready,
        .stop = stop,
    };

    spec.keys = gateway_config_keys(&spec.key_count);
    spec.metrics = gateway_metric_keys(&spec.metric_count);
    return &spec;
}
