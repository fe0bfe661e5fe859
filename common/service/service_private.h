#pragma once

/* Service inside: the admin listener and the way out. */

#include "common/service/service.h"

/* ── health.c: a listener that knows three pages ────────────────────────────────────────────────
 */

typedef struct Health Health;

typedef struct HealthSpec {
    const char *listen; /* address:port, port 0: any that is free */
    const Metrics *metrics;
    bool (*ready)(void *context, Buf *ret_reason);
    void *context;
} HealthSpec;

int health_open(Loop *loop, const HealthSpec *spec, Health **ret_health);
void health_close(Health *health); /* freed in its last close callback */

/* ── drain.c: signals, and the end that comes whatever happens ──────────────────────────────────
 */

typedef struct Drain {
    uv_signal_t term;
    uv_signal_t interrupt;
    LoopFn fn;
    void *context;
    bool is_told;
} Drain;

/* fn is called once, on the loop, at the first SIGTERM or SIGINT; a second one ends the process. */
void drain_open(Loop *loop, Drain *drain, LoopFn fn, void *context);
void drain_close(Drain *drain);

/* From now on the process has this long. It ends with the newest exit code told. */
void drain_watchdog(int64_t budget_ms);
void drain_exit_code(int code);
