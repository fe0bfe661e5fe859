#pragma once

/* Metrics of a gateway, once. */

#include "common/service/metrics.h"

#define GATEWAY_METRICS(X)                                                                         \
    X(HOOKS, METRIC_COUNTER, "hooks_total", "Requests to webhook URLs, by answer.", "status")      \
    X(HOOK_SECONDS, METRIC_HISTOGRAM, "hook_seconds", "From a webhook's body to its answer.",      \
      NULL)                                                                                        \
    X(HOOK_CONNECTIONS, METRIC_GAUGE, "hook_connections_count", "Connections of webhooks now.",    \
      NULL)                                                                                        \
    X(HOOK_CONNECTIONS_REFUSED, METRIC_COUNTER, "hook_connections_refused_total",                  \
      "Requests and connections cut for their form, their size or their slowness.", NULL)          \
    X(HOOK_DUPLICATES, METRIC_COUNTER, "hook_duplicates_total",                                    \
      "Deliveries that were known already.", NULL)                                                 \
    X(SIGNATURES, METRIC_COUNTER, "signatures_total", "Signatures checked, by verdict.",           \
      "verdict")                                                                                   \
    X(EVENTS, METRIC_COUNTER, "events_total", "Records of event topics, by fate.", "fate")         \
    X(TICKS, METRIC_COUNTER, "ticks_total", "Schedules that fired, by fate.", "fate")              \
    X(TICK_LATE_SECONDS, METRIC_HISTOGRAM, "tick_late_seconds",                                    \
      "From the scheduled instant to the acknowledged event.", NULL)                               \
    X(PUBLISHED, METRIC_COUNTER, "published_total", "Messages to the engine, by end.", "end")      \
    X(PUBLISH_SECONDS, METRIC_HISTOGRAM, "publish_seconds",                                        \
      "From a message's sending to its acknowledgement.", NULL)                                    \
    X(PUBLISHING, METRIC_GAUGE, "publishing_count", "Messages not acknowledged yet.", NULL)        \
    X(DEAD_LETTERS, METRIC_COUNTER, "dead_letters_total", "Messages nobody can use, by reason.",   \
      "reason")                                                                                    \
    X(TRIGGERS, METRIC_GAUGE, "triggers_count", "Triggers of active versions, by type.", "type")   \
    X(CATALOG_AGE, METRIC_GAUGE, "catalog_age_seconds", "Since all triggers were last read.",      \
      NULL)                                                                                        \
    X(REDIS_UP, METRIC_GAUGE, "redis_up", "1 when Redis answers.", NULL)                           \
    X(KAFKA_UP, METRIC_GAUGE, "kafka_up", "1 when Kafka answers.", NULL)                           \
    X(API_REQUESTS, METRIC_COUNTER, "api_requests_total", "API requests, by status.", "status")    \
    X(API_SECONDS, METRIC_HISTOGRAM, "api_seconds", "From an API request to its answer.", NULL)

#define METRIC_NUMBER(name, type, text, help, label) METRIC_##name,
enum { GATEWAY_METRICS(METRIC_NUMBER) _METRIC_COUNT };

const MetricKey *gateway_metric_keys(uint32_t *ret_count);
