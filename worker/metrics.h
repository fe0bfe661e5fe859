#pragma once

/* Metrics of a worker, once. */

#include "common/service/metrics.h"

#define WORKER_METRICS(X)                                                                          \
    X(TASKS, METRIC_COUNTER, "tasks_taken_total", "Tasks read, by what became of them.", "fate")   \
    X(CLAIMS, METRIC_COUNTER, "claims_total", "Locks asked for, by answer.", "answer")             \
    X(LEASES_LOST, METRIC_COUNTER, "leases_lost_total", "Locks that went to somebody else.", NULL) \
    X(JOBS, METRIC_GAUGE, "jobs_open_count", "Tasks in hand now.", NULL)                           \
    X(JOBS_BYTES, METRIC_GAUGE, "jobs_open_bytes", "Bytes of the tasks in hand.", NULL)            \
    X(PARTITIONS, METRIC_GAUGE, "partitions_assigned_count", "Partitions read now.", NULL)         \
    X(FULL, METRIC_COUNTER, "window_full_total", "Times that reading stopped: hands full.", NULL)  \
    X(OUTCOMES, METRIC_COUNTER, "outcomes_total", "Outcomes reported, by kind.", "kind")           \
    X(ENDED, METRIC_COUNTER, "steps_ended_total", "Attempts ended, by status.", "status")          \
    X(RELEASED, METRIC_COUNTER, "tasks_released_total", "Tasks given back, by why.", "why")        \
    X(CALLS, METRIC_COUNTER, "calls_total", "HTTP calls, by what came of them.", "result")         \
    X(CALL_SECONDS, METRIC_HISTOGRAM, "call_seconds", "Duration of HTTP calls.", NULL)             \
    X(STEP_SECONDS, METRIC_HISTOGRAM, "step_seconds", "From taking a task to its report.", NULL)   \
    X(REPORT_SECONDS, METRIC_HISTOGRAM, "report_seconds", "From outcome to delivery.", NULL)       \
    X(UNREPORTED, METRIC_GAUGE, "outcomes_queued_count", "Outcomes on their way.", NULL)           \
    X(PLANS, METRIC_GAUGE, "plans_cached_count", "Compiled versions in memory.", NULL)             \
    X(SECRETS, METRIC_COUNTER, "secrets_opened_total", "Steps whose secrets were opened, by end.", \
      "end")                                                                                       \
    X(DEAD_LETTERS, METRIC_COUNTER, "dead_letters_total", "Messages nobody can use, by reason.",   \
      "reason")                                                                                    \
    X(REDIS_UP, METRIC_GAUGE, "redis_up_count", "1 while Redis answers.", NULL)                    \
    X(PG_UP, METRIC_GAUGE, "pg_up_count", "1 while PostgreSQL answered last.", NULL)               \
    X(KAFKA_UP, METRIC_GAUGE, "kafka_up_count", "1 while a broker answers.", NULL)

#define METRIC_NUMBER(name, type, text, help, label) METRIC_##name,
enum { WORKER_METRICS(METRIC_NUMBER) _METRIC_COUNT };

const MetricKey *worker_metric_keys(uint32_t *ret_count);
