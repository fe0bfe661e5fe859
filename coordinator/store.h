#pragma once

/*
 * Store: executions in PostgreSQL. The port of a lane to its truth.
 *
 * Saving is one pipeline and one transaction: the fence first, then everything that Work holds. The
 * fence raises in SQL when a partition has moved on; nothing is stored then.
 *
 * Runs on: lane.
 */

#include "coordinator/lane.h"

enum {
    STORE_E_FENCED = 1,  /* a partition has another owner now: forget all */
    STORE_E_POISON,      /* the data itself was refused: try a smaller batch */
    STORE_E_UNAVAILABLE, /* no database now: nothing was stored */
};

/*
 * Brings the executions of the lane's messages [first, last) into memory that are not there, and
 * what their starts need. What does not exist stays absent.
 */
int store_load(Lane *lane, uint32_t first, uint32_t last);

/* Of a MESSAGE_START, filled by store_load(). */
typedef enum StartFate {
    START_NEW,
    START_KNOWN,       /* the execution exists */
    START_ALIAS,       /* the event started another execution before */
    START_NO_TEMPLATE, /* not there, another tenant's, or never published */
    START_INACTIVE,    /* archived, or switched off */
    START_NO_PLAN,     /* the version does not compile here */
} StartFate;

typedef struct StartFacts {
    StartFate fate;
    const PlanVersion *version; /* taken; START_NEW */
    int64_t vars_rev;
    Str vars;
    bool has_key; /* an execution_key must be written */
} StartFacts;

/* Gives a taken version to the caller. */
int store_start_facts(Lane *lane, const TriggerEvent *event, StartFacts *ret_facts);

/* Loads executions by id, whatever messages say; for takeovers. */
int store_load_ids(Lane *lane, const Uuid *ids, uint32_t count);

/* Writes the work and moves the fence of its partitions on. On success the partitions in memory
 * have moved on too. An unknown commit is resolved by reading the fence rows. */
int store_save(Lane *lane, const bool *is_touched);

/* Membership and leases -------------------------------------------------------------------- */

int store_beat(Lane *lane, uint32_t *ret_live);
int store_claim(Lane *lane, uint32_t wanted); /* new partitions enter lane->partitions */
int store_renew(Lane *lane);
int store_release(Lane *lane, int32_t number);
int store_leave(Lane *lane);

/* After a claim: executions with work in flight (turn_log and old rows of open_step). */
typedef struct StoreOpened {
    Uuid *ids;     /* in the arena, newest first, each once */
    int64_t *txns; /* of the newest log row that names it; 0: only in open_step */
    int64_t *turn_ms;
    uint32_t count;
} StoreOpened;

int store_read_opened(Lane *lane, const Partition *partition, Arena *arena,
                      StoreOpened *ret_opened);

/* Timers due in (from, to] of one partition (-1: all owned) into lane->timers. */
int store_read_timers(Lane *lane, int32_t part, int64_t from_ms, int64_t to_ms);

/* Drops log rows that nobody will need: per owned partition, up to lows[number]. */
int store_trim_log(Lane *lane, const int64_t *lows);

/* Partitions ahead and retention; *ret_text tells what was done. */
int store_upkeep(Lane *lane, Buf *ret_text);

/* Forgets what the store keeps in the lane's memory. */
void store_forget(Lane *lane);
