#pragma once

/*
 * Keys: the index in front of a large object's members. Private to common/json.
 *
 * An object of more than JSON_KEYS_WALKED members that is built key by key (parser, json_add(),
 * json_copy()) has a hash table of member numbers just below members[0]; Json.is_indexed says so.
 * Looking a key up is then one probe, however many members there are. The table is seeded by its
 * own address, so that foreign keys cannot be chosen to collide; no result depends on the seed.
 */

#include "common/json/json.h"

#define JSON_KEYS_WALKED 16 /* up to here, comparing every key is as fast as hashing one */

/* Room for capacity members (more than JSON_KEYS_WALKED) with an empty index in front. */
JsonMember *json_keys_room(Arena *arena, uint32_t capacity);

/* How many bytes that takes. */
size_t json_keys_bytes(uint32_t capacity);

/* The slot of the key: 0, or one more than the number of its member. */
uint32_t *json_keys_slot(JsonMember *members, Str key);

/* Number of the member with this key among the first count, or -1. */
int64_t json_keys_find(const JsonMember *members, uint32_t count, Str key);
