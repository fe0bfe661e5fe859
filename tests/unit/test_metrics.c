#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "common/service/metrics.h"

enum { TAKEN, OPEN, TIME, FATES };

static const MetricKey keys[] = {
    {"taken_total",  METRIC_COUNTER,   "Taken, back\\slash and\nline.", NULL  },
    {"open_count",   METRIC_GAUGE,     "Open.",                         NULL  },
    {"turn_seconds", METRIC_HISTOGRAM, "Turns.",                        NULL  },
    {"fates_total",  METRIC_COUNTER,   "Fates.",                        "fate"},
};

static const char *text_of(Metrics *metrics) {
    static Buf buf;

    buf_clear(&buf);
    metrics_write(metrics, &buf);
    return buf.data;
}

#define EXPECT_LINE(metrics, line)                                                                 \
    cr_expect_not_null(strstr(text_of(metrics), line "\n"), "%s", text_of(metrics))

Test(metrics, everything_is_there_from_the_start_but_labels) {
    Metrics *metrics = metrics_new("worker", keys, 4);

    EXPECT_LINE(metrics, "# HELP headrace_worker_taken_total Taken, back\\\\slash and\\nline.");
    EXPECT_LINE(metrics, "# TYPE headrace_worker_taken_total counter");
    EXPECT_LINE(metrics, "headrace_worker_taken_total 0");
    EXPECT_LINE(metrics, "headrace_worker_turn_seconds_count 0");
    cr_expect_null(strstr(text_of(metrics), "headrace_worker_fates_total{"));
    cr_expect_null(strstr(text_of(metrics), "headrace_worker_fates_total 0"));
    cr_expect_null(metrics_free(metrics));
}

Test(metrics, counters_add_and_gauges_go_both_ways) {
    Metrics *metrics = metrics_new("worker", keys, 4);

    metric_add(metrics, TAKEN, 2);
    metric_add(metrics, TAKEN, 0.5);
    metric_set(metrics, OPEN, 10);
    metric_add(metrics, OPEN, -3);
    EXPECT_LINE(metrics, "headrace_worker_taken_total 2.5");
    EXPECT_LINE(metrics, "headrace_worker_open_count 7");
    metric_set(metrics, OPEN, 1e-9);
    EXPECT_LINE(metrics, "headrace_worker_open_count 1e-09");
    metrics_free(metrics);
}

Test(metrics, a_histogram_counts_upwards_through_its_bounds) {
    Metrics *metrics = metrics_new("worker", keys, 4);

    metric_observe_ms(metrics, TIME, 1);
    metric_observe_ms(metrics, TIME, 1.5);
    metric_observe_ms(metrics, TIME, 700);
    metric_observe_ms(metrics, TIME, 100000);
    EXPECT_LINE(metrics, "headrace_worker_turn_seconds_bucket{le=\"0.001\"} 1");
    EXPECT_LINE(metrics, "headrace_worker_turn_seconds_bucket{le=\"0.0025\"} 2");
    EXPECT_LINE(metrics, "headrace_worker_turn_seconds_bucket{le=\"0.5\"} 2");
    EXPECT_LINE(metrics, "headrace_worker_turn_seconds_bucket{le=\"1\"} 3");
    EXPECT_LINE(metrics, "headrace_worker_turn_seconds_bucket{le=\"60\"} 3");
    EXPECT_LINE(metrics, "headrace_worker_turn_seconds_bucket{le=\"+Inf\"} 4");
    EXPECT_LINE(metrics, "headrace_worker_turn_seconds_count 4");
    EXPECT_LINE(metrics, "headrace_worker_turn_seconds_sum 100.7025");
    metrics_free(metrics);
}

Test(metrics, labels_are_kept_apart_and_escaped) {
    Metrics *metrics = metrics_new("worker", keys, 4);
    char value[16] = "started";

    metric_add_label(metrics, FATES, value, 1);
    strcpy(value, "re\"fu\nsed\\");
    metric_add_label(metrics, FATES, value, 2);
    metric_add_label(metrics, FATES, "started", 3);
    metric_set_label(metrics, FATES, "set", 9);
    EXPECT_LINE(metrics, "headrace_worker_fates_total{fate=\"started\"} 4");
    EXPECT_LINE(metrics, "headrace_worker_fates_total{fate=\"re\\\"fu\\nsed\\\\\"} 2");
    EXPECT_LINE(metrics, "headrace_worker_fates_total{fate=\"set\"} 9");
    metrics_free(metrics);
}

Test(metrics, the_sixty_fifth_label_and_all_further_ones_are_other) {
    Metrics *metrics = metrics_new("worker", keys, 4);
    char value[16];

    for (int i = 0; i < 1000; i++) {
        snprintf(value, sizeof value, "v%d", i);
        metric_add_label(metrics, FATES, value, 1);
    }
    EXPECT_LINE(metrics, "headrace_worker_fates_total{fate=\"v63\"} 1");
    EXPECT_LINE(metrics, "headrace_worker_fates_total{fate=\"other\"} 936");
    cr_expect_null(strstr(text_of(metrics), "v64"));
    metrics_free(metrics);
}

Test(metrics, a_label_that_is_too_long_is_cut_and_still_one) {
    Metrics *metrics = metrics_new("worker", keys, 4);
    char value[201];

    memset(value, 'x', 200);
    value[200] = '\0';
    for (int i = 0; i < 3; i++)
        metric_add_label(metrics, FATES, value, 1);
    cr_expect_not_null(strstr(text_of(metrics), "xxx\"} 3\n"));
    metrics_free(metrics);
}

static void *add_much(void *context) {
    char value[16];

    for (int i = 0; i < 20000; i++) {
        snprintf(value, sizeof value, "v%d", i % 10);
        metric_add(context, TAKEN, 1);
        metric_add_label(context, FATES, value, 1);
        metric_observe_ms(context, TIME, i % 50);
    }
    return NULL;
}

Test(metrics, several_threads_lose_nothing) {
    Metrics *metrics = metrics_new("worker", keys, 4);
    pthread_t threads[4];

    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, add_much, metrics);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    EXPECT_LINE(metrics, "headrace_worker_taken_total 80000");
    EXPECT_LINE(metrics, "headrace_worker_turn_seconds_count 80000");
    EXPECT_LINE(metrics, "headrace_worker_fates_total{fate=\"v0\"} 8000");
    EXPECT_LINE(metrics, "headrace_worker_fates_total{fate=\"v9\"} 8000");
    metrics_free(metrics);
}

Test(metrics, observing_what_is_no_histogram_is_a_bug_of_ours, .signal = SIGABRT) {
    metric_observe_ms(metrics_new("worker", keys, 4), OPEN, 1);
}

Test(metrics, the_table_documents_itself) {
    Buf text = {0};

    metrics_document("worker", keys, 4, &text);
    cr_expect_not_null(
        strstr(text.data, "| `headrace_worker_fates_total` | counter | `fate` | Fates. |\n"));
    buf_done(&text);
}
