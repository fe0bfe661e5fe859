#pragma once

/*
 * Gateway: the daemon that listens to the world: webhooks, the clock, topics of events, and the
 * API, on one loop.
 *
 * Runs on: loop.
 */

#include "common/service/service.h"

const ServiceSpec *gateway_spec(void);
