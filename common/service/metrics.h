#pragma once

/*
 * Metrics: counters, gauges and histograms from tables, shown as Prometheus text. Names are
 * headrace_<daemon>_<name>. Updates are atomic and cheap; any thread may make them. No tenant in
 * labels: their number has no limit.
 */

#include <stdint.h>

#include "common/base/buf.h"

typedef enum MetricType { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM } MetricType;

typedef struct MetricKey {
    const char *name; /* "tasks_taken_total", "batch_seconds" */
    MetricType type;
    const char *help;
    const char *label; /* name of the one label, or NULL */
} MetricKey;

typedef struct Metrics Metrics;

/* The table is borrowed for ever. */
Metrics *metrics_new(const char *daemon, const MetricKey *keys, uint32_t count);
Metrics *metrics_free(Metrics *metrics);

void metric_add(Metrics *metrics, uint32_t key, double amount);    /* counter, gauge */
void metric_set(Metrics *metrics, uint32_t key, double value);     /* gauge */
void metric_observe_ms(Metrics *metrics, uint32_t key, double ms); /* histogram in seconds */
/* With a label value: at most 64 different ones per metric, then "other". Copied. */
void metric_add_label(Metrics *metrics, uint32_t key, const char *value, double amount);
void metric_set_label(Metrics *metrics, uint32_t key, const char *value, double amount);

void metrics_write(const Metrics *metrics, Buf *buf); /* exposition format 0.0.4 */
void metrics_document(const char *daemon, const MetricKey *keys, uint32_t count, Buf *markdown);
