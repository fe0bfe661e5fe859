#pragma once

/* Config: what can be set about a gateway. The table is the documentation. */

#include <stdbool.h>

#include "common/service/config.h"

typedef struct GatewayConfig {
    char *kafka;
    char *redis;
    char *redis_user;
    char *redis_password;
    char *pg_dsn;
    char *seal_key;
    int64_t lanes;
    int64_t publish_ms;
    int64_t notice_ms;

    char *hooks_listen;
    char *hooks_url;
    int64_t hooks_body_bytes;
    int64_t hooks_connections;
    int64_t hooks_rate;
    int64_t hooks_burst;

    char *api_listen;
    char *api_pg_dsn;
    int64_t api_lanes;
    int64_t api_queue;
    int64_t api_body_bytes;
    int64_t api_rate;
    int64_t api_burst;

    int64_t catalog_ms;
    int64_t catalog_stale_ms;

    int64_t schedules_ms;
    int64_t schedules_claim_ms;
    int64_t schedules_batch;
    int64_t schedules_catch_up;

    char *events_topics;
    char *events_group;
    int64_t events_in_flight;
} GatewayConfig;

const ConfigKey *gateway_config_keys(uint32_t *ret_count);
