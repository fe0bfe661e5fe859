#pragma once

/*
 * Service: what a daemon is. A daemon's main() is tables, callbacks and one call.
 *
 *   --help --version --print-config --check-config --config FILE
 *
 * service_main() reads the configuration, opens the admin listener (/livez /readyz /metrics), calls
 * start, runs the loop until SIGTERM or SIGINT, flips /readyz, calls drain, and ends the process
 * when the daemon says service_drained() or when the drain budget is over: nothing durable is in
 * the process, so the watchdog may always end it.
 */

#include "common/io/loop.h"
#include "common/service/config.h"
#include "common/service/metrics.h"

typedef struct Service Service;

typedef struct ServiceSpec {
    const char *name;     /* "worker" */
    const char *sentence; /* for --help */
    const ConfigKey
        *keys; /* without the common ones (admin.listen, instance, log.level, drain.ms) */
    uint32_t key_count;
    size_t config_bytes;
    const MetricKey *metrics;
    uint32_t metric_count;
    int (*start)(Service *service, void *config, void **ret_daemon); /* 0 or a fault */
    void (*drain)(void *daemon);                  /* stop taking, finish, then service_drained() */
    bool (*ready)(void *daemon, Buf *ret_reason); /* for /readyz, called on the loop */
    void (*stop)(void *daemon);                   /* free everything */
} ServiceSpec;

int service_main(const ServiceSpec *spec, int argc, char **argv);

Loop *service_loop(Service *service);
Metrics *service_metrics(Service *service);
const char *service_instance(const Service *service);
void service_drained(Service *service);               /* from the loop */
void service_fail(Service *service, const char *why); /* log, exit code 1; from any thread */
