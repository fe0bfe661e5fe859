#pragma once

/*
 * Record: one record of a tenant's topic, and what it starts.
 *
 * Runs on: loop.
 */

#include "trigger-gateway/catalog.h"
#include "trigger-gateway/ports/publish.h"
#include "trigger-gateway/topics.h"

#define RECORD_FATES(X)                                                                            \
    X(RECORD_STARTED, "started")     /* at least one execution */                                  \
    X(RECORD_UNMATCHED, "unmatched") /* no trigger wants it */                                     \
    X(RECORD_DEAD, "dead")           /* nobody can use it: it is a dead letter now */              \
    X(RECORD_AGAIN, "again")         /* not acknowledged: take it again */

#define RECORD_FATE_VALUE(name, word) name,
typedef enum RecordFate { RECORD_FATES(RECORD_FATE_VALUE) _RECORD_FATE_COUNT } RecordFate;

const char *record_fate_word(RecordFate fate);

typedef struct Record Record;

typedef struct RecordPorts {
    Metrics *metrics;
    const char *instance;
    const Catalog *catalog;
    Publisher *publisher;
    const Topics *topics;
} RecordPorts;

Record *record_new(BusMessage *message); /* takes the message over */
Record *record_free(Record *record);
int64_t record_offset(const Record *record);

/*
 * Sends what the record starts. done_fn comes once, later from the loop, or at once from inside the
 * call when nothing has to be waited for; it may free the record.
 */
typedef void (*RecordDoneFn)(void *context, RecordFate fate);
void record_take(Record *record, const RecordPorts *ports, RecordDoneFn done_fn, void *context);
