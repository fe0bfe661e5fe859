/* Open addressing with linear probing; deletion shifts the cluster back, so there are no graves. */

#include "common/base/map.h"

#include "common/base/alloc.h"
#include "common/base/check.h"

#define CAPACITY_MIN 16

struct MapSlot {
    char *key; /* NULL: free */
    size_t key_length;
    uint64_t hash;
    void *value;
};

void map_init(Map *map, uint64_t seed) {
    *map = (Map){.seed = seed};
}

void map_done(Map *map) {
    for (size_t i = 0; i < map->capacity; i++)
        alloc_free(map->slots[i].key);
    alloc_free(map->slots);
    map_init(map, map->seed);
}

/* The slot that holds the key, or the free one where it belongs. */
static MapSlot *slot_find(const Map *map, Str key, uint64_t hash) {
    size_t mask = map->capacity - 1;
    size_t i = hash & mask;

    while (map->slots[i].key != NULL) {
        MapSlot *slot = &map->slots[i];

        if (slot->hash == hash && str_equal(str_from(slot->key, slot->key_length), key))
            return slot;
        i = (i + 1) & mask;
    }
    return &map->slots[i];
}

static void map_grow(Map *map) {
    MapSlot *old = map->slots;
    size_t old_capacity = map->capacity;

    map->capacity = old_capacity ? old_capacity * 2 : CAPACITY_MIN;
    map->slots = alloc_array(map->capacity, sizeof *map->slots);
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i].key != NULL)
            *slot_find(map, str_from(old[i].key, old[i].key_length), old[i].hash) = old[i];
    alloc_free(old);
}

void *map_find(const Map *map, Str key) {
    if (map->count == 0)
        return NULL;
    return slot_find(map, key, str_hash(key, map->seed))->value;
}

void *map_set(Map *map, Str key, void *value) {
    uint64_t hash = str_hash(key, map->seed);
    MapSlot *slot;
    void *before;

    CHECK(value != NULL);
    if (map->count + 1 > map->capacity / 4 * 3)
        map_grow(map);
    slot = slot_find(map, key, hash);
    before = slot->value;
    if (slot->key == NULL) {
        slot->key = str_dup(key);
        slot->key_length = key.length;
        slot->hash = hash;
        map->count++;
    }
    slot->value = value;
    return before;
}

/* Moves later members of the cluster into the hole when their home allows it. */
static void close_hole(Map *map, size_t hole) {
    size_t mask = map->capacity - 1;
    size_t i = hole;

    for (;;) {
        i = (i + 1) & mask;
        if (map->slots[i].key == NULL)
            break;
        if (((i - (map->slots[i].hash & mask)) & mask) >= ((i - hole) & mask)) {
            map->slots[hole] = map->slots[i];
            hole = i;
        }
    }
    map->slots[hole] = (MapSlot){0};
}

void *map_drop(Map *map, Str key) {
    MapSlot *slot;
    void *value;

    if (map->count == 0)
        return NULL;
    slot = slot_find(map, key, str_hash(key, map->seed));
    if (slot->key == NULL)
        return NULL;
    value = slot->value;
    alloc_free(slot->key);
    map->count--;
    close_hole(map, (size_t)(slot - map->slots));
    return value;
}

bool map_next(const Map *map, size_t *position, Str *ret_key, void **ret_value) {
    while (*position < map->capacity) {
        const MapSlot *slot = &map->slots[(*position)++];

        if (slot->key != NULL) {
            *ret_key = str_from(slot->key, slot->key_length);
            *ret_value = slot->value;
            return true;
        }
    }
    return false;
}
