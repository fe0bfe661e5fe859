#pragma once

/*
 * Publish: sends the tasks of a committed batch, and learns from the delivery reports where they
 * lie. Nothing is sent that is not committed.
 *
 * Runs on: lane.
 */

#include "coordinator/lane.h"

/* Never fails: what Kafka cannot take now stays queued in the producer, or is sent by a next owner.
 */
void publish_tasks(Lane *lane);

/* For bus_producer_on_report(); owner is the lane. */
void publish_report(void *owner, const BusReport *report);
