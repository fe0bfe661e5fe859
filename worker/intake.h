#pragma once

/*
 * Intake: tasks from the topic of the worker's class. Stops reading when the hands are full.
 *
 * What was read together is claimed together; its offsets are stored once the claim is answered and
 * what could not be read lies in the dead letters. From then on a task is this worker's: if it
 * dies, the coordinator hears nothing and sends the task again.
 *
 * Runs on: loop.
 */

#include "worker/worker.h"

int intake_open(Worker *worker, Intake **ret_intake);
Intake *intake_close(Intake *intake);

/* A job has ended: there may be room. */
void intake_look(Intake *intake);

/* Takes nothing more and leaves the group; what was not claimed goes to somebody else. */
void intake_drain(Intake *intake);
bool intake_is_gone(const Intake *intake);
