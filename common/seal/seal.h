#pragma once

/*
 * Seal: values that only their place can open.
 *
 * Key-encryption keys come from a mounted file and never enter the database. Each tenant has data
 * keys of its own, wrapped by one of them. A sealed value is AES-256-GCM under a data key, bound to
 * tenant, table, row and column: moved to another place it does not open.
 *
 *   key file   lines `id:64 hex digits`; the first one wraps, all of them unwrap
 *   wrapped    version 1, id of the key-encryption key, nonce, data key, tag
 *   sealed     version 1, id of the data key, nonce, text, tag
 *
 * Rotation: put a new line in front of the file; data keys are wrapped again, values stay as they
 * are. Pure but for OpenSSL: nonces and new keys come in as random bytes (common/io/clock.h).
 */

#include "common/base/buf.h"
#include "common/base/id.h"
#include "common/base/str.h"

enum {
    SEAL_E_KEY_FILE = 1, /* the key file is not what it should be; the message names the line */
    SEAL_E_FORMAT,       /* these bytes are no sealed value */
    SEAL_E_NO_KEY,       /* sealed by a key that is not here */
    SEAL_E_TAMPERED,     /* changed, or made for another place */
};

#define SEAL_KEY_BYTES 32
#define SEAL_NONCE_BYTES 12
#define SEAL_KEY_ID_BYTES_MAX 32 /* letters, digits, '_' and '-' */

typedef struct SealKeys SealKeys;

int seal_keys_read(Str text, SealKeys **ret_keys, Buf *ret_message);
SealKeys *seal_keys_free(SealKeys *keys); /* forgets the bytes too */
CLEANUP_POINTER(SealKeys, seal_keys_free);

/* Id of the key that wraps; borrowed. */
const char *seal_keys_first(const SealKeys *keys);

typedef struct DataKey {
    Uuid id;
    uint8_t bytes[SEAL_KEY_BYTES];
} DataKey;

/* How a data key (32 random bytes, made by the caller) is stored. */
void seal_wrap_key(const SealKeys *keys, TenantId tenant, const DataKey *key,
                   const uint8_t nonce[SEAL_NONCE_BYTES], Buf *ret_wrapped);
int seal_unwrap_key(const SealKeys *keys, TenantId tenant, Uuid id, Str wrapped, DataKey *ret_key);
void seal_forget_key(DataKey *key);

typedef struct SealPlace {
    TenantId tenant;
    const char *table;  /* "variable" */
    const char *column; /* "value" */
    Uuid row;
} SealPlace;

void seal_close(const DataKey *key, const SealPlace *place, const uint8_t nonce[SEAL_NONCE_BYTES],
                Str text, Buf *ret_sealed);
int seal_open(const DataKey *key, const SealPlace *place, Str sealed, Buf *ret_text);

/* Which data key opens it. */
int seal_key_of(Str sealed, Uuid *ret_id);

/* For buffers that held what was sealed. */
void seal_forget(Buf *buf);
