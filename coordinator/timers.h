#pragma once

/*
 * Timers: moments at which an execution's step (or the execution itself) must be looked at again. A
 * heap in memory; what must survive lies in open_step. A timer that is no longer needed is not
 * removed: it rings, and the engine finds that nothing is due.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/base/id.h"

typedef struct Timer {
    int64_t due_ms; /* wall clock */
    ExecutionId execution;
    uint32_t node; /* PLAN_NONE: the execution's own deadline */
    uint32_t visit;
} Timer;

typedef struct Timers {
    Timer *items;
    uint32_t count;
    uint32_t capacity;
} Timers;

void timers_done(Timers *timers);
void timers_add(Timers *timers, Timer timer);
bool timers_take(Timers *timers, int64_t now_ms, Timer *ret_timer); /* the earliest one due */
int64_t timers_next_ms(const Timers *timers);                       /* INT64_MAX: none */
