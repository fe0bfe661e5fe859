/*
 * Numbers that only ever change by atomic operations; the text is made when somebody asks.
 *
 * Runs on: any thread.
 */

#include "common/service/metrics.h"

#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/check.h"

#define LABELS_MAX 64u
#define LABEL_BYTES 64

/* Seconds. From a Redis round trip to a call that is given up. */
static const double bounds[] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                0.5,   1,      2.5,   5,    10,    30,   60};

typedef struct Series {
    char label[LABEL_BYTES];
    _Atomic double value; /* of a histogram: the sum */
} Series;

typedef struct Metric {
    Series series[LABELS_MAX + 1]; /* the last one is "other" */
    atomic_uint series_count;      /* those that may be read */
    _Atomic double plain;
    atomic_bool is_plain; /* it has a value without a label */
    _Atomic uint64_t buckets[ARRAY_SIZE(bounds) + 1];
} Metric;

struct Metrics {
    const char *daemon;
    const MetricKey *keys;
    uint32_t count;
    pthread_mutex_t lock; /* of new labels */
    Metric metrics[];
};

Metrics *metrics_new(const char *daemon, const MetricKey *keys, uint32_t count) {
    Metrics *metrics = alloc_zero(sizeof *metrics + count * sizeof(Metric));

    metrics->daemon = daemon;
    metrics->keys = keys;
    metrics->count = count;
    pthread_mutex_init(&metrics->lock, NULL);
    for (uint32_t i = 0; i < count; i++)
        metrics->metrics[i].is_plain = !keys[i].label;
    return metrics;
}

Metrics *metrics_free(Metrics *metrics) {
    if (metrics)
        pthread_mutex_destroy(&metrics->lock);
    return alloc_free(metrics);
}

static Metric *metric_of(Metrics *metrics, uint32_t key, bool is_histogram) {
    CHECK(key < metrics->count);
    CHECK((metrics->keys[key].type == METRIC_HISTOGRAM) == is_histogram);
    return &metrics->metrics[key];
}

static void add(_Atomic double *value, double amount) {
    double old = atomic_load_explicit(value, memory_order_relaxed);

    while (!atomic_compare_exchange_weak_explicit(value, &old, old + amount, memory_order_relaxed,
                                                  memory_order_relaxed))
        continue;
}

void metric_add(Metrics *metrics, uint32_t key, double amount) {
    Metric *metric = metric_of(metrics, key, false);

    atomic_store_explicit(&metric->is_plain, true, memory_order_relaxed);
    add(&metric->plain, amount);
}

void metric_set(Metrics *metrics, uint32_t key, double value) {
    Metric *metric = metric_of(metrics, key, false);

    atomic_store_explicit(&metric->is_plain, true, memory_order_relaxed);
    atomic_store_explicit(&metric->plain, value, memory_order_relaxed);
}

void metric_observe_ms(Metrics *metrics, uint32_t key, double ms) {
    Metric *metric = metric_of(metrics, key, true);
    double seconds = ms / 1000;
    size_t bucket = 0;

    while (bucket < ARRAY_SIZE(bounds) && seconds > bounds[bucket])
        bucket++;
    atomic_fetch_add_explicit(&metric->buckets[bucket], 1, memory_order_relaxed);
    add(&metric->plain, seconds);
}

/* ── labels ─────────────────────────────────────────────────────────────────────────────────── */

static Series *series_find(Metric *metric, const char *label) {
    uint32_t count = atomic_load_explicit(&metric->series_count, memory_order_acquire);

    for (uint32_t i = 0; i < count; i++)
        if (strncmp(metric->series[i].label, label, LABEL_BYTES - 1) == 0)
            return &metric->series[i];
    return NULL;
}

static Series *series_make(Metrics *metrics, Metric *metric, const char *label) {
    Series *series;

    pthread_mutex_lock(&metrics->lock);
    series = series_find(metric, label); /* somebody may have been faster */
    if (!series) {
        uint32_t count = atomic_load_explicit(&metric->series_count, memory_order_relaxed);

        series = &metric->series[MIN(count, LABELS_MAX)];
        if (count <= LABELS_MAX) {
            snprintf(series->label, LABEL_BYTES, "%s", count < LABELS_MAX ? label : "other");
            atomic_store_explicit(&metric->series_count, count + 1, memory_order_release);
        }
    }
    pthread_mutex_unlock(&metrics->lock);
    return series;
}

static Series *series_of(Metrics *metrics, uint32_t key, const char *label) {
    Metric *metric = metric_of(metrics, key, false);
    Series *series = series_find(metric, label);

    return series ? series : series_make(metrics, metric, label);
}

void metric_add_label(Metrics *metrics, uint32_t key, const char *value, double amount) {
    add(&series_of(metrics, key, value)->value, amount);
}

void metric_set_label(Metrics *metrics, uint32_t key, const char *value, double amount) {
    atomic_store_explicit(&series_of(metrics, key, value)->value, amount, memory_order_relaxed);
}

/* ── as text ────────────────────────────────────────────────────────────────────────────────── */

static const char *const type_words[] = {
    [METRIC_COUNTER] = "counter",
    [METRIC_GAUGE] = "gauge",
    [METRIC_HISTOGRAM] = "histogram",
};

static void write_number(Buf *buf, double number) {
    char text[40];

    if (number == floor(number) && fabs(number) < 1e15) {
        buf_printf(buf, "%.0f", number);
        return;
    }
    snprintf(text, sizeof text, "%.15g", number);
    if (strtod(text, NULL) != number)
        snprintf(text, sizeof text, "%.17g", number);
    buf_add_text(buf, text);
}

static void write_escaped(Buf *buf, const char *text, bool is_quoted) {
    for (; *text; text++) {
        if (*text == '\n')
            buf_add_text(buf, "\\n");
        else if (*text == '\\' || (*text == '"' && is_quoted))
            buf_printf(buf, "\\%c", *text);
        else
            buf_add_char(buf, *text);
    }
}

static void write_name(const Metrics *metrics, const MetricKey *key, Buf *buf) {
    buf_printf(buf, "headrace_%s_%s", metrics->daemon, key->name);
}

static void write_histogram(const Metrics *metrics, uint32_t index, Buf *buf) {
    const MetricKey *key = &metrics->keys[index];
    const Metric *metric = &metrics->metrics[index];
    uint64_t sum = 0;

    for (size_t i = 0; i <= ARRAY_SIZE(bounds); i++) {
        sum += atomic_load_explicit(&metric->buckets[i], memory_order_relaxed);
        write_name(metrics, key, buf);
        buf_add_text(buf, "_bucket{le=\"");
        if (i < ARRAY_SIZE(bounds))
            write_number(buf, bounds[i]);
        else
            buf_add_text(buf, "+Inf");
        buf_printf(buf, "\"} %" PRIu64 "\n", sum);
    }
    write_name(metrics, key, buf);
    buf_add_text(buf, "_sum ");
    write_number(buf, atomic_load_explicit(&metric->plain, memory_order_relaxed));
    buf_add_char(buf, '\n');
    write_name(metrics, key, buf);
    buf_printf(buf, "_count %" PRIu64 "\n", sum);
}

static void write_series(const Metrics *metrics, uint32_t index, Buf *buf) {
    const MetricKey *key = &metrics->keys[index];
    const Metric *metric = &metrics->metrics[index];
    uint32_t count = atomic_load_explicit(&metric->series_count, memory_order_acquire);

    if (atomic_load_explicit(&metric->is_plain, memory_order_relaxed)) {
        write_name(metrics, key, buf);
        buf_add_char(buf, ' ');
        write_number(buf, atomic_load_explicit(&metric->plain, memory_order_relaxed));
        buf_add_char(buf, '\n');
    }
    for (uint32_t i = 0; i < count; i++) {
        write_name(metrics, key, buf);
        buf_printf(buf, "{%s=\"", key->label ? key->label : "of");
        write_escaped(buf, metric->series[i].label, true);
        buf_add_text(buf, "\"} ");
        write_number(buf, atomic_load_explicit(&metric->series[i].value, memory_order_relaxed));
        buf_add_char(buf, '\n');
    }
}

void metrics_write(const Metrics *metrics, Buf *buf) {
    for (uint32_t i = 0; i < metrics->count; i++) {
        const MetricKey *key = &metrics->keys[i];

        buf_add_text(buf, "# HELP ");
        write_name(metrics, key, buf);
        buf_add_char(buf, ' ');
        write_escaped(buf, key->help, false);
        buf_add_text(buf, "\n# TYPE ");
        write_name(metrics, key, buf);
        buf_printf(buf, " %s\n", type_words[key->type]);
        if (key->type == METRIC_HISTOGRAM)
            write_histogram(metrics, i, buf);
        else
            write_series(metrics, i, buf);
    }
}

void metrics_document(const char *daemon, const MetricKey *keys, uint32_t count, Buf *markdown) {
    buf_printf(markdown, "## %s\n\n| metric | type | label | meaning |\n", daemon);
    buf_add_text(markdown, "| --- | --- | --- | --- |\n");
    for (uint32_t i = 0; i < count; i++)
        buf_printf(markdown, "| `headrace_%s_%s` | %s | %s%s%s | %s |\n", daemon, keys[i].name,
                   type_words[keys[i].type], keys[i].label ? "`" : "",
                   keys[i].label ? keys[i].label : "", keys[i].label ? "`" : "", keys[i].help);
}
