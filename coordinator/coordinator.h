#pragma once

/*
 * Coordinator: the daemon's lanes, from start to drain.
 *
 * Runs on: loop.
 */

#include "common/service/service.h"

const ServiceSpec *coordinator_spec(void);
