/* A binary heap, the earliest on top. */

#include "coordinator/timers.h"

#include "common/base/alloc.h"
#include "common/base/defs.h"

#define CAPACITY_MIN 64

void timers_done(Timers *timers) {
    alloc_free(timers->items);
    *timers = (Timers){0};
}

static void swap(Timer *a, Timer *b) {
    Timer kept = *a;

    *a = *b;
    *b = kept;
}

void timers_add(Timers *timers, Timer timer) {
    uint32_t i = timers->count;

    if (timers->count == timers->capacity) {
        timers->capacity = MAX(timers->capacity * 2, (uint32_t)CAPACITY_MIN);
        timers->items = alloc_again(timers->items, timers->capacity * sizeof(Timer));
    }
    timers->items[timers->count++] = timer;
    while (i > 0 && timers->items[(i - 1) / 2].due_ms > timers->items[i].due_ms) {
        swap(&timers->items[(i - 1) / 2], &timers->items[i]);
        i = (i - 1) / 2;
    }
}

static void sink(Timers *timers) {
    uint32_t i = 0;

    for (;;) {
        uint32_t earliest = i;

        for (uint32_t child = 2 * i + 1; child <= 2 * i + 2 && child < timers->count; child++)
            if (timers->items[child].due_ms < timers->items[earliest].due_ms)
                earliest = child;
        if (earliest == i)
            return;
        swap(&timers->items[i], &timers->items[earliest]);
        i = earliest;
    }
}

bool timers_take(Timers *timers, int64_t now_ms, Timer *ret_timer) {
    if (timers->count == 0 || timers->items[0].due_ms > now_ms)
        return false;
    *ret_timer = timers->items[0];
    timers->items[0] = timers->items[--timers->count];
    sink(timers);
    return true;
}

int64_t timers_next_ms(const Timers *timers) {
    return timers->count ? timers->items[0].due_ms : INT64_MAX;
}
