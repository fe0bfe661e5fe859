/* What can be set about a worker. */

#include "worker/config.h"

#include <stddef.h>

#define AT(field) offsetof(WorkerConfig, field)

static const ConfigKey keys[] = {
    {"kafka",          CONFIG_TEXT,   AT(kafka),          NULL,    1,       4096,
     "Brokers to start from, host:port, comma separated."                                                            },
    {"redis",          CONFIG_TEXT,   AT(redis),          NULL,    1,       256,
     "Redis, host:port: one primary, no cluster; nothing is lost when it is."                                        },
    {"redis.user",     CONFIG_TEXT,   AT(redis_user),     "",      0,       256,       "Redis user; none by default."},
    {"redis.password", CONFIG_SECRET, AT(redis_password), "",      0,       1024,      "Redis password."             },
    {"pg.dsn",         CONFIG_SECRET, AT(pg_dsn),         NULL,    1,       4096,
     "PostgreSQL, as role headrace_worker, directly (no transaction pooler)."                                        },
    {"seal.key",       CONFIG_SECRET, AT(seal_key),       "",      0,       4096,
     "Keys that open stored secrets, NAME:HEX a line; without it steps with secrets fail."                           },
    {"worker.class",   CONFIG_TEXT,   AT(worker_class),   "http",  1,       64,
     "Which tasks are taken: topic headrace.tasks.CLASS.v1, group headrace.workers.CLASS."                           },
    {"jobs.max",       CONFIG_COUNT,  AT(jobs),           "64",    1,       4096,
     "Tasks held at once; beyond it the worker stops reading."                                                       },
    {"jobs.bytes",     CONFIG_BYTES,  AT(jobs_bytes),     "64MiB", 1 << 20, 1LL << 34,
     "Memory of the tasks held at once; beyond it the worker stops reading."                                         },
    {"lanes",          CONFIG_COUNT,  AT(lanes),          "2",     1,       64,
     "Threads that ask PostgreSQL, each with a connection of its own."                                               },
    {"lease",          CONFIG_MS,     AT(lease_ms),       "15s",   3000,    600000,
     "How long a lock on a task lives unless renewed; renewed three times in it."                                    },
    {"outcomes.keep",  CONFIG_MS,     AT(outcomes_ms),    "1m",    1000,    86400000,
     "How long Redis keeps an outcome for a task that is sent once more after its end."                              },
    {"started.after",  CONFIG_MS,     AT(started_ms),     "1s",    50,      60000,
     "A step that runs this long is reported as started."                                                            },
    {"progress.every", CONFIG_MS,     AT(progress_ms),    "5s",    500,     60000,
     "How often a running step is reported as alive."                                                                },
    {"plans.max",      CONFIG_COUNT,  AT(plans),          "1000",  1,       100000,
     "Compiled versions kept though nobody uses them."                                                               },
    {"egress.allow",   CONFIG_TEXT,   AT(egress_allow),   "",      0,       8192,
     "Addresses that steps may call although they are not public: 10.1.0.0/16, fd00::/8."                            },
    {"egress.deny",    CONFIG_TEXT,   AT(egress_deny),    "",      0,       8192,
     "Addresses that steps may never call; goes before egress.allow."                                                },
    {"egress.ports",   CONFIG_TEXT,   AT(egress_ports),   "",      0,       1024,
     "Ports that steps may call: 80, 443, 8000-8999; every port by default."                                         },
    {"egress.proxy",   CONFIG_TEXT,   AT(egress_proxy),   "",      0,       1024,
     "HTTP proxy that every call goes through; none by default."                                                     },
    {"egress.ca",      CONFIG_TEXT,   AT(egress_ca),      "",      0,       1024,
     "File with the certificate authorities that are trusted; the system's by default."                              },
};

const ConfigKey *worker_config_keys(uint32_t *ret_count) {
    *ret_count = sizeof keys / sizeof keys[0];
    return keys;
}
