/* The API keys seen lately. */

#include "trigger-gateway/api/keys.h"

#include <stdio.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/io/log.h"
#include "trigger-gateway/api/call.h"

typedef struct KeyEntry {
    KeyAnswer answer;
    int64_t until_ms;
    Bucket bucket;
} KeyEntry;

void keys_init(Keys *keys, uint64_t seed, const BucketRate *rate) {
    keys->seed = seed;
    keys->rate = *rate;
    map_init(&keys->entries, seed);
}

void keys_done(Keys *keys) {
    size_t position = 0;
    void *entry;
    Str id;

    while (map_next(&keys->entries, &position, &id, &entry))
        alloc_free(entry);
    map_done(&keys->entries);
}

KeyVerdict keys_check(Keys *keys, const ApiKey *key, int64_t now_ms, KeyCheck *ret_check) {
    UuidText id = uuid_text(key->id);
    KeyEntry *entry = map_find(&keys->entries, str_of(id.text));
    bool has_token;

    if (entry == NULL || entry->until_ms <= now_ms)
        return KEY_UNKNOWN_YET;
    if (!entry->answer.is_known || !api_key_proves(key, &entry->answer.digest))
        return KEY_REFUSED;
    has_token = bucket_take(&entry->bucket, &keys->rate, now_ms);
    *ret_check = (KeyCheck){
        .principal = &entry->answer.principal,
        .left = bucket_left(&entry->bucket),
        .wait_ms = bucket_wait_ms(&entry->bucket, &keys->rate),
    };
    return has_token ? KEY_TAKEN : KEY_LIMITED;
}

void keys_learn(Keys *keys, const Uuid *id, const KeyAnswer *answer, int64_t now_ms) {
    UuidText text = uuid_text(*id);
    KeyEntry *entry = map_find(&keys->entries, str_of(text.text));

    if (entry == NULL) {
        /* Starting over costs a look-up for each key in use and gives each a full bucket. */
        if (keys->entries.count >= KEYS_MAX) {
            keys_done(keys);
            map_init(&keys->entries, keys->seed);
        }
        entry = alloc_zero(sizeof *entry);
        map_set(&keys->entries, str_of(text.text), entry);
    }
    entry->answer = *answer;
    entry->until_ms = now_ms + (answer->is_known ? KEYS_KNOWN_MS : KEYS_MISSING_MS);
}

/* Looking up ------------------------------------------------------------------------------- */

static void copy_name(char *target, size_t bytes, Str text) {
    size_t length = text.length < bytes ? text.length : bytes - 1;

    if (length > 0)
        memcpy(target, text.data, length);
    target[length] = '\0';
}

/* A row with a role or names that this version does not know proves nobody. */
static bool read_row(PgResult *result, const Uuid *id, KeyAnswer *answer) {
    Str digest = pg_get_bytes(result, 0, 1), user = pg_str(result, 0, 2);
    Str scopes = pg_str(result, 0, 4);
    Principal *principal = &answer->principal;

    if (digest.length != SHA256_BYTES || user.length >= PRINCIPAL_NAME_BYTES_MAX ||
        scopes.length >= PRINCIPAL_SCOPES_BYTES_MAX ||
        !role_from_word(pg_str(result, 0, 3), &principal->role)) {
        log_event(LOG_WARN, "api.key_unreadable", LOG_ID("key", *id));
        return false;
    }
    memcpy(answer->digest.bytes, digest.data, SHA256_BYTES);
    principal->key = *id;
    principal->tenant = (TenantId){pg_get_uuid(result, 0, 0)};
    copy_name(principal->scopes, sizeof principal->scopes, scopes);
    if (user.length > 0)
        copy_name(principal->user, sizeof principal->user, user);
    else
        snprintf(principal->user, sizeof principal->user, "key:%s", uuid_text(*id).text);
    return true;
}

int keys_look_up(Pg *pg, const Uuid *id, KeyAnswer *ret_answer) {
    static const char sql[] = "SELECT k.tenant_id, k.secret_sha256, k.user_id, k.role,"
                              " array_to_string(k.scopes, ' '), headrace.api_key_used($1)"
                              " FROM headrace.api_key_find($1) k";
    _cleanup_(pg_result_free_p) PgResult *result = NULL;
    PgParam params[] = {pg_uuid(id)};
    KeyAnswer answer = {0};
    int r = pg_query(pg, sql, params, 1, &result);

    if (r == PG_E_UNAVAILABLE)
        r = pg_query(pg, sql, params, 1, &result);
    if (r)
        return r;
    answer.is_known = pg_rows(result) > 0 && read_row(result, id, &answer);
    *ret_answer = answer;
    return 0;
}
