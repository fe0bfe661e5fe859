#pragma once

/*
 * The first law: every event below the committed offset of the events topic is an execution, or a
 * dead letter that names its place.
 */

#include <stdint.h>

#include "common/io/pg.h"

/* Prints what is lost; 0, or a refusal of a neighbour. */
int verify_events(Pg *pg, const char *brokers, uint32_t *ret_lost);
