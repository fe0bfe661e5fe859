/* Seeded dice: a counter with a good mixer (SplitMix64). */

#include "common/base/rand.h"

#include "common/base/check.h"

void rand_seed(Rand *dice, uint64_t seed) {
    dice->state = seed;
}

uint64_t rand_next(Rand *dice) {
    uint64_t x = dice->state += 0x9e3779b97f4a7c15u;

    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

uint64_t rand_below(Rand *dice, uint64_t bound) {
    CHECK(bound > 0);
    return (uint64_t)(((unsigned __int128)rand_next(dice) * bound) >> 64);
}

double rand_unit(Rand *dice) {
    return (double)(rand_next(dice) >> 11) * 0x1.0p-53;
}
