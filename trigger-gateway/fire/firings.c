/* Late and missed instants of a schedule. */

#include "trigger-gateway/fire/firings.h"

#include "common/base/check.h"
#include "common/base/defs.h"

#define LATE_MAX (FIRINGS_LATE_MS / 1000 + 1)

static const char *const catch_up_words[] = {
#define CATCH_UP_WORD(name, word) [name] = word,
    CATCH_UPS(CATCH_UP_WORD)};

bool catch_up_from_word(Str word, CatchUp *ret_policy) {
    for (int i = 0; i < _CATCH_UP_COUNT; i++) {
        if (!str_is(word, catch_up_words[i]))
            continue;
        *ret_policy = (CatchUp)i;
        return true;
    }
    return false;
}

static uint32_t missed_room(const FiringsOrder *order) {
    switch (order->policy) {
    case CATCH_UP_SKIP:
        return 0;
    case CATCH_UP_ONE:
        return 1;
    case CATCH_UP_ALL:
        return order->missed_max;
    case _CATCH_UP_COUNT:
        break;
    }
    CHECK_UNREACHABLE();
}

/* The newest missed ones, of a number that has no limit. */
typedef struct Ring {
    int64_t *instants_ms;
    uint32_t room;
    uint64_t seen;
} Ring;

static void ring_add(Ring *ring, int64_t instant_ms) {
    if (ring->room > 0)
        ring->instants_ms[ring->seen % ring->room] = instant_ms;
    ring->seen++;
}

static void take_missed(const Ring *ring, Firings *firings) {
    uint64_t kept = MIN(ring->seen, (uint64_t)ring->room);

    for (uint64_t i = ring->seen - kept; i < ring->seen; i++)
        firings->instants_ms[firings->count++] = ring->instants_ms[i % ring->room];
    firings->left_out = ring->seen - kept;
}

Firings firings_due(const FiringsOrder *order, Arena *arena) {
    Ring missed = {.room = missed_room(order)};
    Firings firings = {.has_next = true, .next_ms = order->first_ms};

    CHECK(order->first_ms <= order->now_ms);
    missed.instants_ms = arena_alloc(arena, (missed.room + 1) * sizeof(int64_t));
    firings.instants_ms = arena_alloc(arena, (missed.room + LATE_MAX) * sizeof(int64_t));
    while (firings.has_next && firings.next_ms < order->now_ms - FIRINGS_LATE_MS) {
        ring_add(&missed, firings.next_ms);
        firings.has_next = cron_next(order->cron, order->zone, firings.next_ms, &firings.next_ms);
    }
    take_missed(&missed, &firings);
    while (firings.has_next && firings.next_ms <= order->now_ms) {
        firings.instants_ms[firings.count++] = firings.next_ms;
        firings.has_next = cron_next(order->cron, order->zone, firings.next_ms, &firings.next_ms);
    }
    return firings;
}
