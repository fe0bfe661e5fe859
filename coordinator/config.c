/* What can be set about a coordinator. */

#include "coordinator/config.h"

#include <stddef.h>

#define AT(field) offsetof(CoordinatorConfig, field)

static const ConfigKey keys[] = {
    {"kafka",          CONFIG_TEXT,   AT(kafka),        NULL,     1,       4096,
     "Brokers to start from, host:port, comma separated."                                  },
    {"pg.dsn",         CONFIG_SECRET, AT(pg_dsn),       NULL,     1,       4096,
     "PostgreSQL, as role headrace_engine, directly (no transaction pooler)."              },
    {"lanes",          CONFIG_COUNT,  AT(lanes),        "1",      1,       64,
     "Threads that own partitions, each with a connection of its own; about one a core."   },
    {"engine.fuse",    CONFIG_FLAG,   AT(is_fused),     "on",     0,       0,
     "Let workers run straight chains of steps in one visit. Changes speed, never results."},
    {"engine.journal", CONFIG_FLAG,   AT(is_journaled), "off",    0,       0,
     "Write down what each batch decides (headrace.journal grows for ever): for tests."    },
    {"lease",          CONFIG_MS,     AT(lease_ms),     "8s",     3000,    120000,
     "How long partitions stay with a coordinator that says nothing."                      },
    {"cache.bytes",    CONFIG_BYTES,  AT(cache_bytes),  "256MiB", 1 << 20, 1LL << 40,
     "Memory for executions at rest, over all lanes."                                      },
    {"silence.max",    CONFIG_MS,     AT(silence_ms),   "5s",     1000,    600000,
     "A taken task without a word for this long is sent again."                            },
    {"heartbeat.max",  CONFIG_MS,     AT(heartbeat_ms), "15s",    2000,    600000,
     "A started step without a word for this long is lost."                                },
    {"dispatch.max",   CONFIG_MS,     AT(dispatch_ms),  "15s",    5000,    3600000,
     "After a takeover, how long a task of unknown place may stay silent."                 },
    {"start_by.max",   CONFIG_MS,     AT(start_by_ms),  "10m",    10000,   86400000,
     "A worker gives back a task that is older than this."                                 },
    {"upkeep.every",   CONFIG_MS,     AT(upkeep_ms),    "10m",    1000,    86400000,
     "How often partitions are made ahead and retention is applied."                       },
};

const ConfigKey *coordinator_config_keys(uint32_t *ret_count) {
    *ret_count = sizeof keys / sizeof keys[0];
    return keys;
}
