#pragma once

/*
 * Turn: one message told to one execution. Reads the message, lets the engine decide, and puts what
 * the engine wants done into the work of the batch. Changes only memory: when the batch is not
 * committed, everything that it touched is forgotten.
 *
 * Runs on: lane.
 */

#include "coordinator/lane.h"

/* 0 or a fault of the store. A message that nobody can use changes nothing and is counted. */
int turn_take(Lane *lane, const Message *message);
