#pragma once

/*
 * Ledger: which execution a delivery stands for, in headrace.execution_key. What is asked while a
 * question is under way is gathered and asked in one: the busier, the larger the batches.
 *
 * Runs on: loop; SQL in lanes.
 */

#include "common/base/id.h"
#include "common/base/list.h"
#include "common/io/loop.h"

typedef struct Ledger Ledger;

/* Embedded in whoever asks; in one question at a time. */
typedef struct LedgerEntry {
    ListNode node;
    Uuid key;
    Uuid tenant;
    Uuid
        execution; /* of a look-up: the answer, zero when there is none; of a note: what is noted */
    LoopFn done_fn;
    void *context;
} LedgerEntry;

Ledger *ledger_new(LanePool *lanes); /* of Pg *, as headrace_gateway */
Ledger *ledger_free(Ledger *ledger); /* no done_fn is called any more */

/*
 * True: done_fn comes once, later, from the loop. False: it cannot be asked now, and it never
 * comes. Best effort: without PostgreSQL nothing is found and nothing is noted.
 */
bool ledger_look_up(Ledger *ledger, LedgerEntry *entry);
bool ledger_note(Ledger *ledger, LedgerEntry *entry);
