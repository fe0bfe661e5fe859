/* What can be set about a gateway. */

#include "trigger-gateway/ports/config.h"

#include <stddef.h>

#define AT(field) offsetof(GatewayConfig, field)

static const ConfigKey keys[] = {
    {"kafka",             CONFIG_TEXT,   AT(kafka),              NULL,               1,    4096,
     "Brokers to start from, host:port, comma separated."                                                                 },
    {"redis",             CONFIG_TEXT,   AT(redis),              "127.0.0.1:6379",   1,    256,
     "Redis, host:port. It only saves look-ups; nothing depends on it."                                                   },
    {"redis.user",        CONFIG_TEXT,   AT(redis_user),         "",                 0,    256,
     "User in Redis, where it has access lists."                                                                          },
    {"redis.password",    CONFIG_SECRET, AT(redis_password),     "",                 0,    1024,     "Password for Redis."},
    {"pg.dsn",            CONFIG_SECRET, AT(pg_dsn),             NULL,               1,    4096,
     "PostgreSQL, as role headrace_gateway, directly (no transaction pooler)."                                            },
    {"seal.key",          CONFIG_SECRET, AT(seal_key),           NULL,               1,    4096,
     "Keys that open stored secrets, lines `name:64 hex digits`; the first one seals."                                    },
    {"lanes",             CONFIG_COUNT,  AT(lanes),              "2",                1,    64,
     "Threads with a connection of their own, for what hooks look up."                                                    },
    {"publish.timeout",   CONFIG_MS,     AT(publish_ms),         "5s",               500,  60000,
     "How long Kafka may take to acknowledge before the caller is told to try again."                                     },
    {"drain.notice",      CONFIG_MS,     AT(notice_ms),          "0ms",              0,    60000,
     "How long requests are still taken after SIGTERM, while /readyz says no already."                                    },
    {"hooks.listen",      CONFIG_TEXT,   AT(hooks_listen),       "127.0.0.1:8080",   1,    256,
     "Where webhooks come in: address:port."                                                                              },
    {"hooks.url",         CONFIG_TEXT,   AT(hooks_url),          "",                 0,    1024,
     "What webhook URLs begin with, as the world sees it; empty: http:// and hooks.listen."                               },
    {"hooks.body",        CONFIG_BYTES,  AT(hooks_body_bytes),   "1MiB",             1024, 10 << 20,
     "Longest body of a webhook."                                                                                         },
    {"hooks.connections", CONFIG_COUNT,  AT(hooks_connections),  "2048",             1,    65536,
     "Connections of webhooks at once; each may hold one body in memory."                                                 },
    {"hooks.rate",        CONFIG_COUNT,  AT(hooks_rate),         "1000",             1,    1000000,
     "Requests a second that one webhook URL may take on average."                                                        },
    {"hooks.burst",       CONFIG_COUNT,  AT(hooks_burst),        "2000",             1,    1000000,
     "Requests that one webhook URL may take at once."                                                                    },
    {"api.listen",        CONFIG_TEXT,   AT(api_listen),         "127.0.0.1:8081",   1,    256,
     "Where the API is served: address:port."                                                                             },
    {"api.pg_dsn",        CONFIG_SECRET, AT(api_pg_dsn),         NULL,               1,    4096,
     "PostgreSQL, as role headrace_api."                                                                                  },
    {"api.lanes",         CONFIG_COUNT,  AT(api_lanes),          "4",                1,    64,
     "Threads with a connection of their own, for API requests."                                                          },
    {"api.queue",         CONFIG_COUNT,  AT(api_queue),          "256",              1,    65536,
     "API requests that may wait for a thread; more are answered 503."                                                    },
    {"api.body",          CONFIG_BYTES,  AT(api_body_bytes),     "2MiB",             1024, 10 << 20,
     "Longest body of an API request."                                                                                    },
    {"api.rate",          CONFIG_COUNT,  AT(api_rate),           "1000",             1,    1000000,
     "Requests a second that one API key may make on average."                                                            },
    {"api.burst",         CONFIG_COUNT,  AT(api_burst),          "2000",             1,    1000000,
     "Requests that one API key may make at once."                                                                        },
    {"catalog.every",     CONFIG_MS,     AT(catalog_ms),         "30s",              100,  600000,
     "How often all triggers are read again; changes are heard of at once."                                               },
    {"catalog.stale",     CONFIG_MS,     AT(catalog_stale_ms),   "5m",               1000, 86400000,
     "How long triggers serve that could not be read again."                                                              },
    {"schedules.every",   CONFIG_MS,     AT(schedules_ms),       "250ms",            20,   60000,
     "How often due schedules are looked for."                                                                            },
    {"schedules.claim",   CONFIG_MS,     AT(schedules_claim_ms), "30s",              1000, 600000,
     "How long a claimed schedule stays with a gateway that says nothing."                                                },
    {"schedules.batch",   CONFIG_COUNT,  AT(schedules_batch),    "200",              1,    10000,
     "Schedules claimed at once."                                                                                         },
    {"schedules.catchup", CONFIG_COUNT,  AT(schedules_catch_up), "100",              1,    10000,
     "Most missed firings that a schedule with catchUp all makes up for."                                                 },
    {"events.topics",     CONFIG_TEXT,   AT(events_topics),      "",                 0,    65536,
     "Topics that carry tenants' events: topic=tenant, comma separated; tenant: name or id."                              },
    {"events.group",      CONFIG_TEXT,   AT(events_group),       "headrace.gateway", 1,    255,
     "Consumer group that reads them."                                                                                    },
    {"events.in_flight",  CONFIG_COUNT,  AT(events_in_flight),   "1000",             1,    100000,
     "Events of these topics read and not yet acknowledged."                                                              },
};

const ConfigKey *gateway_config_keys(uint32_t *ret_count) {
    *ret_count = sizeof keys / sizeof keys[0];
    return keys;
}
