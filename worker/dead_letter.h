#pragma once

/*
 * Dead letter: a message that nobody can use, kept for a person with the reason why. It is
 * acknowledged before the offset moves past the message.
 *
 * Runs on: loop.
 */

#include "common/io/bus.h"
#include "worker/worker.h"

/* done comes when a broker has it (or will never take it: then that is in the log). */
void dead_letter_send(Worker *worker, const BusMessage *message, const char *reason,
                      OutboxDoneFn done, void *context);
