#pragma once

/*
 * Keys: the API keys seen lately, for half a minute: so a request costs no look-up, and a revoked
 * key works at most that long. A key that does not exist is remembered for a shorter time. Each key
 * has a bucket of requests.
 *
 * Runs on: loop, but for keys_look_up(), which runs in a lane.
 */

#include "common/base/map.h"
#include "common/io/pg.h"
#include "trigger-gateway/api/bucket.h"
#include "trigger-gateway/api/principal.h"

/* A revoked or changed key is noticed after this. */
#define KEYS_KNOWN_MS 30000
#define KEYS_MISSING_MS 5000

/* A caller who makes ids up must not fill the memory. */
#define KEYS_MAX 20000

typedef struct Keys {
    Map entries; /* key id in text form → KeyEntry */
    uint64_t seed;
    BucketRate rate;
} Keys;

/* What the database says about a key. */
typedef struct KeyAnswer {
    bool is_known;
    Sha256 digest;
    Principal principal;
} KeyAnswer;

typedef enum KeyVerdict {
    KEY_UNKNOWN_YET, /* look it up, then ask again */
    KEY_REFUSED,     /* no such key, or another secret */
    KEY_LIMITED,     /* too many requests */
    KEY_TAKEN,       /* the principal may act */
} KeyVerdict;

typedef struct KeyCheck {
    const Principal *principal; /* with KEY_TAKEN and KEY_LIMITED; until the next call */
    int64_t left;               /* requests in the bucket */
    int64_t wait_ms;            /* until it has one more */
} KeyCheck;

void keys_init(Keys *keys, uint64_t seed, const BucketRate *rate);
void keys_done(Keys *keys);

/* Takes one request out of the key's bucket when it proves itself. */
KeyVerdict keys_check(Keys *keys, const ApiKey *key, int64_t now_ms, KeyCheck *ret_check);

void keys_learn(Keys *keys, const Uuid *id, const KeyAnswer *answer, int64_t now_ms);

/* In a lane. 0, or a refusal of pg.h. */
int keys_look_up(Pg *pg, const Uuid *id, KeyAnswer *ret_answer);
