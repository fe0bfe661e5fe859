#pragma once

/*
 * Firings: what a due schedule owes now.
 *
 * An instant of the last FIRINGS_LATE_MS is late and fires in any case: a gateway that was
 * restarted or slow loses none. Older ones were missed, and the schedule's policy says what becomes
 * of them:
 *
 *   SKIP   nothing
 *   ONE    the newest one fires, for all of them
 *   ALL    every one of them fires, up to a limit the newest ones
 */

#include "common/base/arena.h"
#include "trigger-gateway/fire/cron.h"

/* Longer than a dead gateway's claim lasts. */
#define FIRINGS_LATE_MS 60000

#define CATCH_UPS(X) X(CATCH_UP_SKIP, "skip") X(CATCH_UP_ONE, "one") X(CATCH_UP_ALL, "all")

#define CATCH_UP_VALUE(name, word) name,
typedef enum CatchUp { CATCH_UPS(CATCH_UP_VALUE) _CATCH_UP_COUNT } CatchUp;

bool catch_up_from_word(Str word, CatchUp *ret_policy);

typedef struct FiringsOrder {
    const Cron *cron;
    const ZoneRules *zone;
    int64_t first_ms; /* the instant that was to fire next */
    int64_t now_ms;   /* not before first_ms */
    CatchUp policy;
    uint32_t missed_max; /* of ALL */
} FiringsOrder;

typedef struct Firings {
    int64_t *instants_ms; /* in the arena, ascending */
    uint32_t count;
    uint64_t left_out; /* missed and not made up for */
    int64_t next_ms;   /* the first one after now */
    bool has_next;     /* false: it never fires again */
} Firings;

Firings firings_due(const FiringsOrder *order, Arena *arena);
