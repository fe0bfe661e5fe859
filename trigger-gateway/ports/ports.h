#pragma once

/*
 * Ports: what the gateway lends its API. Everything lives as long as the daemon; the API frees
 * nothing of it.
 */

#include "common/io/loop.h"
#include "common/io/pg.h"
#include "common/service/metrics.h"
#include "trigger-gateway/ports/config.h"
#include "trigger-gateway/ports/publish.h"

typedef struct GatewayPorts {
    Loop *loop;
    Metrics *metrics;            /* numbers of ports/metrics.h */
    const GatewayConfig *config; /* api.*, seal.key, … */
    const char *instance;        /* name of this process, for audit rows */
    const char *hooks_url;       /* webhook URLs are {hooks_url}/h/{token}/{path}; no slash at its
                                    end */
    Publisher *publisher;        /* publish_start(), publish_command() */
    LanePool *api_lanes;         /* each lane is a Pg * of its own, as role headrace_api */
} GatewayPorts;
