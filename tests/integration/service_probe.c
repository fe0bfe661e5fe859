/*
 * A daemon that does nothing, for test_service.py: how it starts, drains and ends is said by its
 * configuration.
 */

#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/alloc.h"
#include "common/base/fault.h"
#include "common/io/log.h"
#include "common/service/service.h"

typedef struct ProbeConfig {
    char *name;
    char *password;
    int64_t jobs_max;
    int64_t lease_ms;
    int64_t cache_bytes;
    bool is_fast;
    char *ending;
} ProbeConfig;

typedef struct Probe {
    Service *service;
    const ProbeConfig *config;
    LoopTimer timer;
    bool is_ready;
} Probe;

#define AT(field) offsetof(ProbeConfig, field)

static const ConfigKey keys[] = {
    {"name",     CONFIG_TEXT,   AT(name),        NULL,   2,    20,      "What the probe is called."},
    {"password", CONFIG_SECRET, AT(password),    "",     8,    100,     "What nobody may see."     },
    {"jobs.max", CONFIG_COUNT,  AT(jobs_max),    "64",   1,    4096,    "Jobs held at once."       },
    {"lease",    CONFIG_MS,     AT(lease_ms),    "30s",  1000, 600000,  "How long a lock lives."   },
    {"cache",    CONFIG_BYTES,  AT(cache_bytes), "1MiB", 0,    1 << 30, "Memory to keep things in."},
    {"fast",     CONFIG_FLAG,   AT(is_fast),     "off",  0,    0,       "Be quick about it."       },
    {"ending",   CONFIG_TEXT,   AT(ending),      "good", 1,    20,
     "good, late (never drained), stuck (the loop hangs), failed (by itself) or unstarted."        },
};

enum { METRIC_TURNS, METRIC_OPEN, METRIC_TIME };

static const MetricKey metrics[] = {
    {"turns_total",  METRIC_COUNTER,   "Turns taken, by \"how\".", "how"},
    {"open_count",   METRIC_GAUGE,     "Things in hand.",          NULL },
    {"turn_seconds", METRIC_HISTOGRAM, "How long turns take.",     NULL },
};

static bool ends(const Probe *probe, const char *how) {
    return strcmp(probe->config->ending, how) == 0;
}

static void rang(void *context) {
    Probe *probe = context;

    probe->is_ready = true;
    metric_add_label(service_metrics(probe->service), METRIC_TURNS, "the \"odd\"\nway", 1);
    metric_set(service_metrics(probe->service), METRIC_OPEN, 2.5);
    metric_observe_ms(service_metrics(probe->service), METRIC_TIME, 20);
    if (ends(probe, "failed"))
        service_fail(probe->service, "the probe was told to");
}

static int probe_start(Service *service, void *config, void **ret_daemon) {
    Probe *probe = alloc_zero(sizeof *probe);

    probe->service = service;
    probe->config = config;
    if (ends(probe, "unstarted"))
        return fault_raise(-112);
    log_event(LOG_INFO, "probe.started", LOG_C("name", probe->config->name),
              LOG_INT("jobs_max", probe->config->jobs_max),
              LOG_INT("lease_ms", probe->config->lease_ms),
              LOG_INT("cache_bytes", probe->config->cache_bytes),
              LOG_INT("is_fast", probe->config->is_fast),
              LOG_INT("password_bytes", (int64_t)strlen(probe->config->password)),
              LOG_C("instance", service_instance(service)));
    loop_timer_open(service_loop(service), &probe->timer, rang, probe);
    loop_timer_start(&probe->timer, 300, 0);
    *ret_daemon = probe;
    return 0;
}

static void drained(void *context) {
    Probe *probe = context;

    service_drained(probe->service);
}

static void probe_drain(void *daemon) {
    Probe *probe = daemon;

    if (ends(probe, "late"))
        return;
    while (ends(probe, "stuck"))
        pause();
    loop_timer_close(&probe->timer, drained);
}

static bool probe_ready(void *daemon, Buf *ret_reason) {
    Probe *probe = daemon;

    if (!probe->is_ready)
        buf_add_text(ret_reason, "not warm yet");
    return probe->is_ready;
}

static void probe_stop(void *daemon) {
    alloc_free(daemon);
}

int main(int argc, char **argv) {
    static const ServiceSpec spec = {
        .name = "probe",
        .sentence = "a daemon that does nothing",
        .keys = keys,
        .key_count = ARRAY_SIZE(keys),
        .config_bytes = sizeof(ProbeConfig),
        .metrics = metrics,
        .metric_count = ARRAY_SIZE(metrics),
        .start = probe_start,
        .drain = probe_drain,
        .ready = probe_ready,
        .stop = probe_stop,
    };

    return service_main(&spec, argc, argv);
}
