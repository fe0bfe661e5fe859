#pragma once

/*
 * Zone: the rules of a time zone as a pure room sees them. Who has the zone's data fills the
 * functions (common/io/zone.h from the system's tzdata; tests from a table).
 *
 * Words
 *   instant   seconds since 1970 UTC
 *   local     what a clock on the wall shows, as the seconds since 1970 of a UTC clock showing it
 *   change    an instant at which the offset changes: wall clocks are moved
 */

#include <stdbool.h>
#include <stdint.h>

typedef enum ZoneKind {
    ZONE_UNIQUE,   /* the wall shows it once */
    ZONE_SKIPPED,  /* never: clocks were moved forward over it */
    ZONE_REPEATED, /* twice: clocks were moved back over it */
} ZoneKind;

typedef struct ZoneMoment {
    ZoneKind kind;
    int64_t first_s;  /* the instant; of REPEATED the earlier one; of SKIPPED change_s */
    int64_t second_s; /* of REPEATED the later one; else first_s */
    int64_t change_s; /* of SKIPPED and REPEATED: when clocks were moved; else first_s */
} ZoneMoment;

typedef struct ZoneRules {
    const void *zone; /* belongs to whoever made the rules, and outlives them */
    int64_t (*offset_s)(const void *zone, int64_t instant_s); /* local minus instant */
    ZoneMoment (*moment)(const void *zone, int64_t local_s);
    /* The first change after the instant; false: there is none. */
    bool (*next_change)(const void *zone, int64_t after_s, int64_t *ret_s);
} ZoneRules;
