/*
 * What time it is, and random bytes.
 *
 * Runs on: lane, loop, any thread.
 */

#include "common/io/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "common/base/check.h"

#define DAY_MS 86400000LL

/* The newest UUID of the process: the next one is greater, whatever the clock says. */
static struct {
    pthread_mutex_t lock;
    int64_t now_ms;
    uint8_t random[UUID_RANDOM_BYTES];
} newest = {.lock = PTHREAD_MUTEX_INITIALIZER};

static int64_t read_us(clockid_t which) {
    struct timespec now;

    CHECK(clock_gettime(which, &now) == 0);
    return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

int64_t clock_now_ms(void) {
    return read_us(CLOCK_REALTIME) / 1000;
}

int64_t clock_monotonic_ms(void) {
    return read_us(CLOCK_MONOTONIC) / 1000;
}

int64_t clock_monotonic_us(void) {
    return read_us(CLOCK_MONOTONIC);
}

void clock_random(void *bytes, size_t length) {
    uint8_t *to = bytes;

    while (length > 0) {
        ssize_t got = getrandom(to, length, 0);

        CHECK(got > 0 || errno == EINTR);
        if (got > 0) {
            to += got;
            length -= (size_t)got;
        }
    }
}

uint64_t clock_random_u64(void) {
    uint64_t number;

    clock_random(&number, sizeof number);
    return number;
}

/* The last eight bytes are a counter that starts low enough never to reach the variant bits. */
static void newest_count_up(void) {
    for (size_t i = UUID_RANDOM_BYTES; i-- > 2;)
        if (++newest.random[i] != 0)
            return;
}

Uuid clock_uuid_v7(void) {
    int64_t now_ms = clock_now_ms();
    Uuid uuid;

    pthread_mutex_lock(&newest.lock);
    if (now_ms > newest.now_ms) {
        newest.now_ms = now_ms;
        clock_random(newest.random, sizeof newest.random);
        newest.random[2] &= 0x1f;
    } else {
        newest_count_up();
    }
    uuid = uuid_v7(newest.now_ms, newest.random);
    pthread_mutex_unlock(&newest.lock);
    return uuid;
}

/* Days since 1970-01-01 → year, month, day; the year is counted from March, so that the leap day
 * comes last. */
static void civil_of_days(int64_t days, int64_t *ret_year, int *ret_month, int *ret_day) {
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;

    *ret_day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    *ret_month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    *ret_year = year_of_era + era * 400 + (*ret_month <= 2);
}

ClockText clock_text(int64_t ms) {
    int64_t rest = (ms % DAY_MS + DAY_MS) % DAY_MS;
    int64_t days = ms / DAY_MS - (ms % DAY_MS < 0);
    int64_t year;
    int month, day;
    ClockText result;

    civil_of_days(days, &year, &month, &day);
    if (year < 0 || year > 9999)
        return (ClockText){.text = "?"};
    snprintf(result.text, sizeof result.text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", (int)year,
             month, day, (int)(rest / 3600000), (int)(rest / 60000 % 60), (int)(rest / 1000 % 60),
             (int)(rest % 1000));
    return result;
}
