#pragma once

/*
 * Dead letter: a message that nobody can use, kept for a person with the reason why. It is sent,
 * and acknowledged, before the offset moves past the message.
 *
 * Runs on: lane.
 */

#include "coordinator/lane.h"

/* Sends the message's bytes with headers: reason, source topic, partition, offset, time. */
void dead_letter_add(Lane *lane, const Message *message, const char *reason);

/* 0 when everything is acknowledged; BUS_E_UNAVAILABLE: the batch must wait. */
int dead_letter_flush(Lane *lane);
