/* Open addressing with linear probing, at most half full; nothing is ever removed. */

#include "common/json/json_keys.h"

#include <string.h>

#include "common/base/check.h"

typedef struct KeysHead {
    uint32_t slot_count; /* a power of two */
    uint32_t unused[3];  /* keeps the members aligned like everything from an arena */
} KeysHead;

static uint32_t slots_for(uint32_t capacity) {
    uint32_t slot_count = 64;

    CHECK(capacity <= UINT32_MAX / 4);
    while (slot_count < capacity * 2)
        slot_count *= 2;
    return slot_count;
}

size_t json_keys_bytes(uint32_t capacity) {
    return sizeof(uint32_t) * slots_for(capacity) + sizeof(KeysHead) +
           sizeof(JsonMember) * capacity;
}

JsonMember *json_keys_room(Arena *arena, uint32_t capacity) {
    uint32_t slot_count = slots_for(capacity);
    uint32_t *slots = arena_alloc(arena, json_keys_bytes(capacity));
    KeysHead *head = (KeysHead *)(void *)(slots + slot_count);

    memset(slots, 0, sizeof *slots * slot_count);
    *head = (KeysHead){.slot_count = slot_count};
    return (JsonMember *)(void *)(head + 1);
}

static const KeysHead *head_of(const JsonMember *members) {
    return (const KeysHead *)(const void *)members - 1;
}

/* Number of the slot that holds the key, or of the free one where it belongs. */
static size_t probe(const JsonMember *members, Str key) {
    const KeysHead *head = head_of(members);
    const uint32_t *slots = (const uint32_t *)(const void *)head - head->slot_count;
    size_t mask = head->slot_count - 1;
    size_t i = str_hash(key, (uintptr_t)members) & mask;

    while (slots[i] != 0 && !str_equal(members[slots[i] - 1].key, key))
        i = (i + 1) & mask;
    return i;
}

uint32_t *json_keys_slot(JsonMember *members, Str key) {
    const KeysHead *head = head_of(members);
    uint32_t *slots = (uint32_t *)(void *)((char *)members - sizeof *head) - head->slot_count;

    return &slots[probe(members, key)];
}

int64_t json_keys_find(const JsonMember *members, uint32_t count, Str key) {
    const KeysHead *head = head_of(members);
    const uint32_t *slots = (const uint32_t *)(const void *)head - head->slot_count;
    uint32_t number = slots[probe(members, key)];

    /* The object may have been taken before later members came. */
    return number <= count ? (int64_t)number - 1 : -1;
}
