#pragma once

/*
 * Map: bytes → pointer. Keys are copied; values belong to the caller. The hash is seeded by the
 * caller, so that keys chosen by an attacker do not collide on purpose.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/str.h"

typedef struct MapSlot MapSlot;

typedef struct Map {
    MapSlot *slots;
    size_t capacity; /* a power of two, or 0 */
    size_t count;
    uint64_t seed;
} Map;

void map_init(Map *map, uint64_t seed);
void map_done(Map *map); /* frees keys, not values */

/* The value, or NULL. */
void *map_find(const Map *map, Str key);

/* Sets key to value (not NULL) and returns the value it had before, or NULL. */
void *map_set(Map *map, Str key, void *value);

/* Removes the key and returns its value, or NULL. */
void *map_drop(Map *map, Str key);

/* Walks in no order: start with *position = 0; false at the end. No changes while walking. */
bool map_next(const Map *map, size_t *position, Str *ret_key, void **ret_value);
