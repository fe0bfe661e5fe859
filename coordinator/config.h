#pragma once

/* Config: what can be set about a coordinator. The table is the documentation. */

#include "common/service/config.h"

typedef struct CoordinatorConfig {
    char *kafka;
    char *pg_dsn;
    int64_t lanes;
    bool is_fused;
    bool is_journaled;
    int64_t lease_ms;
    int64_t cache_bytes;
    int64_t silence_ms;
    int64_t heartbeat_ms;
    int64_t dispatch_ms;
    int64_t start_by_ms;
    int64_t upkeep_ms;
} CoordinatorConfig;

const ConfigKey *coordinator_config_keys(uint32_t *ret_count);
