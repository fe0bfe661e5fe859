#pragma once

/*
 * Clock: the only file that asks what time it is, or for random bytes.
 */

#include <stddef.h>
#include <stdint.h>

#include "common/base/id.h"

int64_t clock_now_ms(void);       /* wall clock, ms since 1970 UTC */
int64_t clock_monotonic_ms(void); /* never goes back; only for waiting and measuring */
int64_t clock_monotonic_us(void);
void clock_random(void *bytes, size_t length); /* from the kernel; fit for secrets */
uint64_t clock_random_u64(void);
Uuid clock_uuid_v7(void); /* increasing within a process */

typedef struct ClockText {
    char text[40];
} ClockText;

/* "2026-03-29T01:30:00.000Z", RFC 3339 in UTC; "?" outside the years 0 to 9999. */
ClockText clock_text(int64_t ms);
