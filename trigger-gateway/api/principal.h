#pragma once

/*
 * Principal: whom a request acts for. It comes from the API key alone; no header, path or body can
 * name another tenant.
 *
 * A key is written `hr_<id>_<secret>` and sent as `Authorization: Bearer …`. The id finds the row,
 * the secret proves it: only its SHA-256 is stored, and the two digests are compared in constant
 * time.
 */

#include <stdbool.h>

#include "common/base/hash.h"
#include "common/base/id.h"
#include "trigger-gateway/api/access.h"

/* A user's or key's name in permissions, rows and the audit. */
#define PRINCIPAL_NAME_BYTES_MAX 256
#define PRINCIPAL_SCOPES_BYTES_MAX 512

/* Ids have 36 characters, secrets 32 bytes as hexadecimal or base64; beyond this it is no key. */
#define API_KEY_BYTES_MAX 256

typedef struct ApiKey {
    Uuid id;
    Sha256 digest; /* of the secret that was sent */
} ApiKey;

typedef struct Principal {
    Uuid key;
    TenantId tenant;
    Role role;
    char user[PRINCIPAL_NAME_BYTES_MAX];     /* the key's user, or "key:<id>" where it has none */
    char scopes[PRINCIPAL_SCOPES_BYTES_MAX]; /* separated by spaces */
} Principal;

/* Of the Authorization header's value; false: it is no bearer key of ours. */
bool api_key_read(Str authorization, ApiKey *ret_key);

/* Takes the same time wherever they differ. */
bool api_key_proves(const ApiKey *key, const Sha256 *stored);
