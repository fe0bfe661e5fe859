#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>

#include "common/io/clock.h"

Test(clock, monotonic_time_never_goes_back) {
    int64_t last_us = clock_monotonic_us();

    for (int i = 0; i < 10000; i++) {
        int64_t now_us = clock_monotonic_us();

        cr_assert_geq(now_us, last_us);
        last_us = now_us;
    }
    cr_expect_leq(last_us / 1000 - clock_monotonic_ms(), 0);
}

Test(clock, times_are_told_as_rfc_3339_in_utc) {
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {
        {0,               "1970-01-01T00:00:00.000Z"},
        {-1,              "1969-12-31T23:59:59.999Z"},
        {951782400000,    "2000-02-29T00:00:00.000Z"},
        {1774747800123,   "2026-03-29T01:30:00.123Z"},
        {4107542399999,   "2100-02-28T23:59:59.999Z"},
        {4107542400000,   "2100-03-01T00:00:00.000Z"},
        {253402300799999, "9999-12-31T23:59:59.999Z"},
        {253402300800000, "?"                       },
        {INT64_MAX,       "?"                       },
        {INT64_MIN,       "?"                       },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_expect_str_eq(clock_text(cases[i].ms).text, cases[i].text);
}

Test(clock, random_bytes_fill_every_place) {
    unsigned char bytes[1000] = {0}, seen[1000] = {0};

    for (int round = 0; round < 20; round++) {
        clock_random(bytes, sizeof bytes);
        for (size_t i = 0; i < sizeof bytes; i++)
            seen[i] |= bytes[i];
    }
    for (size_t i = 0; i < sizeof seen; i++)
        cr_assert_neq(seen[i], 0, "byte %zu", i);
    cr_expect_neq(clock_random_u64(), clock_random_u64());
}

#define IDS 50000

static void *draw(void *context) {
    Uuid *ids = context;

    for (int i = 0; i < IDS; i++)
        ids[i] = clock_uuid_v7();
    return NULL;
}

Test(clock, ids_of_one_thread_increase_and_carry_version_and_time) {
    static Uuid ids[IDS];
    int64_t now_ms = clock_now_ms();

    draw(ids);
    for (int i = 1; i < IDS; i++)
        cr_assert_lt(uuid_compare(ids[i - 1], ids[i]), 0, "id %d", i);
    cr_expect_eq(ids[0].bytes[6] >> 4, 7);
    cr_expect_eq(ids[IDS - 1].bytes[8] >> 6, 2);
    cr_expect_leq(uuid_time_ms(ids[0]) - now_ms, 1000);
}

Test(clock, ids_of_several_threads_differ) {
    static Uuid ids[2][IDS];
    pthread_t threads[2];
    size_t other = 0;

    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, draw, ids[i]);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    /* Both lists increase, so equal ids would meet in a merge. */
    for (size_t i = 0; i < IDS; i++) {
        while (other < IDS && uuid_compare(ids[1][other], ids[0][i]) < 0)
            other++;
        cr_assert(other == IDS || !uuid_equal(ids[1][other], ids[0][i]));
    }
}
