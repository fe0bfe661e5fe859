#pragma once

/* Config: what can be set about a worker. The table is the documentation. */

#include "common/service/config.h"

typedef struct WorkerConfig {
    char *kafka;
    char *redis;
    char *redis_user;
    char *redis_password;
    char *pg_dsn;
    char *seal_key;
    char *worker_class;
    int64_t jobs;
    int64_t jobs_bytes;
    int64_t lanes;
    int64_t lease_ms;
    int64_t outcomes_ms;
    int64_t started_ms;
    int64_t progress_ms;
    int64_t plans;
    char *egress_allow;
    char *egress_deny;
    char *egress_ports;
    char *egress_proxy;
    char *egress_ca;
} WorkerConfig;

const ConfigKey *worker_config_keys(uint32_t *ret_count);
