/* The daemon: as many lanes as configured, started, watched and stopped together. */

#include "coordinator/coordinator.h"

#include "common/base/alloc.h"
#include "common/io/log.h"
#include "coordinator/config.h"
#include "coordinator/lane.h"
#include "coordinator/metrics.h"

#define LOOK_EVERY_MS 50

typedef struct Coordinator {
    Service *service;
    const CoordinatorConfig *config;
    Lane **lanes;
    uint32_t lane_count;
    LoopTimer look;
    bool is_draining;
} Coordinator;

static void look(void *context) {
    Coordinator *coordinator = context;
    uint32_t stopped = 0;

    for (uint32_t i = 0; i < coordinator->lane_count; i++)
        stopped += lane_has_stopped(coordinator->lanes[i]);
    if (stopped > 0 && !coordinator->is_draining)
        service_fail(coordinator->service, "a lane has ended");
    else if (stopped == coordinator->lane_count && coordinator->is_draining)
        service_drained(coordinator->service);
}

static int start(Service *service, void *config, void **ret_daemon) {
    Coordinator *coordinator = alloc_zero(sizeof *coordinator);

    coordinator->service = service;
    coordinator->config = config;
    coordinator->lane_count = (uint32_t)coordinator->config->lanes;
    coordinator->lanes = alloc_array(coordinator->lane_count, sizeof(Lane *));
    for (uint32_t i = 0; i < coordinator->lane_count; i++)
        coordinator->lanes[i] =
            lane_start(coordinator->config, service_metrics(service), service_instance(service), i);
    loop_timer_open(service_loop(service), &coordinator->look, look, coordinator);
    loop_timer_start(&coordinator->look, LOOK_EVERY_MS, LOOK_EVERY_MS);
    *ret_daemon = coordinator;
    return 0;
}

static void drain(void *daemon) {
    Coordinator *coordinator = daemon;

    coordinator->is_draining = true;
    for (uint32_t i = 0; i < coordinator->lane_count; i++)
        lane_stop(coordinator->lanes[i]);
}

static bool ready(void *daemon, Buf *ret_reason) {
    Coordinator *coordinator = daemon;

    for (uint32_t i = 0; i < coordinator->lane_count; i++) {
        if (!atomic_load(&coordinator->lanes[i]->is_healthy)) {
            buf_printf(ret_reason, "lane %u does not reach PostgreSQL or Kafka", i);
            return false;
        }
    }
    return true;
}

static void stop(void *daemon) {
    Coordinator *coordinator = daemon;

    loop_timer_close(&coordinator->look, NULL);
    for (uint32_t i = 0; i < coordinator->lane_count; i++)
        lane_free(coordinator->lanes[i]);
    alloc_free(coordinator->lanes);
    alloc_free(coordinator);
}

const ServiceSpec *coordinator_spec(void) {
    static ServiceSpec spec = {
        .name = "coordinator",
        .sentence = "Decides what happens next in every execution; owns the truth in PostgreSQL.",
        .config_bytes = sizeof(CoordinatorConfig),
        .start = start,
        .drain = drain,
        .ready = ready,
        .stop = stop,
    };

    spec.keys = coordinator_config_keys(&spec.key_count);
    spec.metrics = coordinator_metric_keys(&spec.metric_count);
    return &spec;
}
