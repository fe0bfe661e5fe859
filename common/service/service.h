#pragma once

/*
 * Service: what a daemon is. A daemon's main() is tables, callbacks and one call.
 *
 *   --help --version --print-config --check-config --config FILE
 *
 * service_main() reads the configuration, opens the admin listener (/livez /readyz /metrics), calls
 * start, runs the loop until SIGTERM or SIGINT, flips /readyz, calls drain, and ends the process
 * when the daemon says service_drained() or when the drain budget is over: nothing durable is in
 * the process, so the watchdog may always end it. A second signal ends it at once.
 */

#include <stdbool.h>
#include <stddef.h>

#include "common/io/loop.h"
#include "common/service/config.h"
#include "common/service/metrics.h"

typedef struct Service Service;

typedef struct ServiceSpec {
    const char *name;     /* "worker" */
    const char *sentence; /* for --help */
    /* Without the common ones: admin.listen, instance, log.level, drain. */
    const ConfigKey *keys;
    uint32_t key_count;
    size_t config_bytes;
    const MetricKey *metrics;
    uint32_t metric_count;

    /* 0 or a fault: the process ends then, with what is open. */
    int (*start)(Service *service, void *config, void **ret_daemon);
    void (*drain)(void *daemon);                  /* stop taking, finish, then service_drained() */
    bool (*ready)(void *daemon, Buf *ret_reason); /* for /readyz, called on the loop */
    /* After the loop has ended: close and free everything. What is closed on the loop gets its
     * turns by loop_settle(). */
    void (*stop)(void *daemon);
} ServiceSpec;

/* The keys that every daemon has. */
const ConfigKey *service_config_keys(uint32_t *ret_count);

/* 0 ended as told, 1 failed, 2 the arguments or the configuration are wrong. */
int service_main(const ServiceSpec *spec, int argc, char **argv);

Loop *service_loop(Service *service);
Metrics *service_metrics(Service *service);
const char *service_instance(const Service *service);
void service_drained(Service *service); /* from the loop */
/* Log, drain, exit code 1; from any thread, any number of times. */
void service_fail(Service *service, const char *why);
