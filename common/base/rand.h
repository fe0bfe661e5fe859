#pragma once

/*
 * Rand: seeded dice. The same seed gives the same throws on every machine. Not for secrets.
 */

#include <stdint.h>

typedef struct Rand {
    uint64_t state;
} Rand;

void rand_seed(Rand *dice, uint64_t seed);
uint64_t rand_next(Rand *dice);
uint64_t rand_below(Rand *dice, uint64_t bound); /* uniform in [0, bound), bound > 0 */
double rand_unit(Rand *dice);                    /* uniform in [0, 1) */
