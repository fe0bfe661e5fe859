/* Timers ring in the order of their time, and not before it. */

#include <criterion/criterion.h>

#include "common/base/rand.h"
#include "coordinator/timers.h"

static Timers timers;

static void close_timers(void) {
    timers_done(&timers);
}

TestSuite(timers, .fini = close_timers);

Test(timers, an_empty_heap_rings_nothing) {
    Timer timer;

    cr_expect_eq(timers_next_ms(&timers), INT64_MAX);
    cr_expect_not(timers_take(&timers, INT64_MAX, &timer));
}

Test(timers, nothing_rings_before_its_time) {
    Timer timer;

    timers_add(&timers, (Timer){.due_ms = 100, .node = 7});
    cr_expect_not(timers_take(&timers, 99, &timer));
    cr_assert(timers_take(&timers, 100, &timer));
    cr_expect_eq(timer.node, 7);
    cr_expect_not(timers_take(&timers, 100, &timer));
}

Test(timers, ten_thousand_timers_ring_in_order) {
    int64_t last = INT64_MIN;
    Timer timer;
    Rand dice;

    rand_seed(&dice, 1);
    for (uint32_t i = 0; i < 10000; i++)
        timers_add(&timers, (Timer){.due_ms = (int64_t)rand_below(&dice, 5000), .node = i});
    for (uint32_t i = 0; i < 10000; i++) {
        cr_assert_eq(timers_next_ms(&timers) >= last, true);
        cr_assert(timers_take(&timers, 5000, &timer));
        cr_assert_geq(timer.due_ms, last);
        last = timer.due_ms;
    }
    cr_expect_eq(timers.count, 0);
}
