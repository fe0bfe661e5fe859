#pragma once

/*
 * Lease: a lock on a chain of steps, so that two workers do not run the same task at once. Only an
 * optimisation: what decides is the attempt that a result names. Without Redis there are no locks.
 *
 * The holder is who has the greater claim (attempt, epoch, dispatch_no): a task that was sent again
 * takes over from a holder that is believed dead, an equal or smaller one finds the lock taken.
 * With the end of a step its outcome is kept for a while: a task that is delivered once more in it
 * gets the outcome instead of a second run. What a longer visit did is not kept, only that it has
 * told all of it: whoever is given the same task once more, or an older one of the chain, finds
 * that told. (A second run would make the calls behind the first one with other bodies.) A task
 * that was sent again is greater and runs.
 *
 * Keys: headrace:lock:{execution}:{chain} and headrace:told:…, headrace:done:… and
 * headrace:starts:… of the attempt.
 *
 * Runs on: loop.
 */

#include "common/io/redis.h"
#include "common/model/message.h"

#define LEASE_KEY_BYTES 160
#define LEASE_BATCH_MAX 256          /* one script's work stays below a few milliseconds */
#define LEASE_OUTCOME_BYTES_MAX 1024 /* larger ones are run again rather than kept */

typedef struct Lease {
    char lock[LEASE_KEY_BYTES];
    char told[LEASE_KEY_BYTES];
    char done[LEASE_KEY_BYTES];
    char starts[LEASE_KEY_BYTES];
    char holder[LEASE_KEY_BYTES]; /* "attempt:epoch:dispatch:worker:nonce" */
    uint32_t attempt, epoch, dispatch_no, node;
    int64_t opened_ms;
} Lease;

typedef enum LeaseAnswer {
    LEASE_HELD,    /* ours now */
    LEASE_TAKEN,   /* somebody with an equal or greater claim holds it */
    LEASE_ENDED,   /* this attempt has ended; its outcome is there */
    LEASE_TOLD,    /* a visit with an equal or greater claim has told all that it did */
    LEASE_UNKNOWN, /* Redis does not answer */
} LeaseAnswer;

typedef struct LeaseGrant {
    LeaseAnswer answer;
    Str outcome; /* of LEASE_ENDED: the bytes given to leases_release(); borrowed */
} LeaseGrant;

typedef struct Leases Leases;

typedef struct LeaseSettings {
    Loop *loop;
    const char *worker;  /* must outlive the leases */
    int64_t life_ms;     /* of a lock that is not renewed */
    int64_t outcomes_ms; /* of an outcome, and of the counter of starts */
} LeaseSettings;

Leases *leases_new(Redis *redis, const LeaseSettings *settings);
Leases *leases_free(Leases *leases); /* what was let go in this turn of the loop is not told */

/* The nonce tells two visits of one worker apart. */
void lease_name(const Leases *leases, const StepTask *task, uint64_t nonce, Lease *ret_lease);

/* Whether a's claim is greater than b's. */
bool lease_beats(const Lease *a, const Lease *b);

/* All in one script; done comes once, later, with as many grants. The leases are read at once. */
typedef void (*LeasesClaimedFn)(void *context, const LeaseGrant *grants, uint32_t count);
void leases_claim(Leases *leases, const Lease *const *wanted, uint32_t count, LeasesClaimedFn done,
                  void *context);

/*
 * Makes them live on; one that is missing (Redis was flushed) is set again. kept[i] is false where
 * somebody else holds it. Nothing is told when Redis does not answer.
 */
typedef void (*LeasesRenewedFn)(void *context, const bool *kept, uint32_t count);
void leases_renew(Leases *leases, const Lease *const *held, uint32_t count, LeasesRenewedFn done,
                  void *context);

/* What is remembered of a visit that is over. */
typedef enum LeaseMemory {
    LEASE_NOTHING,      /* it did nothing, or nobody may have heard of it */
    LEASE_THAT_IT_TOLD, /* several outcomes, or one and what followed */
    LEASE_OUTCOME,      /* one outcome: kept, if it is not too long */
} LeaseMemory;

/*
 * Lets go, if it is still ours, with all others that are let go in this turn of the loop.
 * Everything is copied.
 */
void leases_release(Leases *leases, const Lease *lease, LeaseMemory memory, Str outcome);
