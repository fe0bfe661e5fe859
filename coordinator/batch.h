#pragma once

/*
 * Batch: the lane's messages, decided and written as one transaction. The file to read first.
 *
 * A batch whose data the database refuses is cut in halves until the one message is found that
 * cannot be written; it goes to the dead letters and its offset moves on.
 *
 * Runs on: lane.
 */

#include "coordinator/lane.h"

/* Takes all messages of the lane. 0: committed and sent; STORE_E_FENCED, STORE_E_UNAVAILABLE:
 * nothing of what was left is stored, and everything it touched is forgotten; it will be read
 * again. */
int batch_take(Lane *lane);
