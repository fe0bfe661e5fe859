#pragma once

/* Metrics of a coordinator, once. */

#include "common/service/metrics.h"

#define COORDINATOR_METRICS(X)                                                                     \
    X(EVENTS, METRIC_COUNTER, "events_total", "Messages of the events topic, by fate.", "fate")    \
    X(OUTCOMES, METRIC_COUNTER, "outcomes_total", "Outcomes of workers, by fate.", "fate")         \
    X(TURNS, METRIC_COUNTER, "turns_total", "Events told to executions.", NULL)                    \
    X(BATCHES, METRIC_COUNTER, "batches_total", "Transactions, by how they ended.", "end")         \
    X(BATCH_SECONDS, METRIC_HISTOGRAM, "batch_seconds", "From first message to commit.", NULL)     \
    X(ROWS, METRIC_COUNTER, "step_rows_total", "Ended attempts recorded.", NULL)                   \
    X(STARTED, METRIC_COUNTER, "executions_started_total", "Executions begun.", NULL)              \
    X(FINISHED, METRIC_COUNTER, "executions_finished_total", "Executions ended, by status.",       \
      "status")                                                                                    \
    X(TASKS, METRIC_COUNTER, "tasks_sent_total", "Tasks sent, by why.", "why")                     \
    X(LOST, METRIC_COUNTER, "tasks_lost_total", "Tasks whose holder fell silent.", NULL)           \
    X(PARTITIONS, METRIC_GAUGE, "partitions_owned_count", "Partitions owned now.", NULL)           \
    X(TAKEOVERS, METRIC_COUNTER, "takeovers_total", "Partitions taken over.", NULL)                \
    X(TAKEOVER_SECONDS, METRIC_HISTOGRAM, "takeover_seconds",                                      \
      "From the claim of a partition to its first new step.", NULL)                                \
    X(FENCED, METRIC_COUNTER, "fenced_total", "Batches that found their partition moved on.",      \
      NULL)                                                                                        \
    X(CACHED, METRIC_GAUGE, "executions_cached_count", "Executions in memory.", "lane")            \
    X(CACHED_BYTES, METRIC_GAUGE, "executions_cached_bytes", "Memory they hold.", "lane")          \
    X(IN_FLIGHT, METRIC_GAUGE, "steps_in_flight_count", "Tasks sent and not ended.", "lane")       \
    X(TIMERS, METRIC_GAUGE, "timers_armed_count", "Timers within the horizon.", "lane")            \
    X(DEAD_LETTERS, METRIC_COUNTER, "dead_letters_total", "Messages nobody can use, by reason.",   \
      "reason")                                                                                    \
    X(UPKEEP, METRIC_COUNTER, "upkeep_total", "Partition and retention runs, by end.", "end")

#define METRIC_NUMBER(name, type, text, help, label) METRIC_##name,
enum { COORDINATOR_METRICS(METRIC_NUMBER) _METRIC_COUNT };

const MetricKey *coordinator_metric_keys(uint32_t *ret_count);
