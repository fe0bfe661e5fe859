/* Secrets of a call's tenant. */

#include "trigger-gateway/api/sealing.h"

#include <errno.h>

#include "common/base/fault.h"
#include "common/io/clock.h"
#include "common/io/log.h"
#include "common/seal/seal.h"

static int store_key(ApiCall *call, const DataKey *key) {
    static const char sql[] = "INSERT INTO headrace.tenant_key (tenant_id, dek_id, kek_id, wrapped)"
                              " VALUES ($1, $2, $3, $4)";
    _cleanup_(buf_done) Buf wrapped = {0};
    uint8_t nonce[SEAL_NONCE_BYTES];
    PgParam params[] = {
        pg_uuid(&call->principal.tenant.uuid),
        pg_uuid(&key->id),
        pg_text(str_of(seal_keys_first(call->seal_keys))),
        pg_null(),
    };

    clock_random(nonce, sizeof nonce);
    seal_wrap_key(call->seal_keys, call->principal.tenant, key, nonce, &wrapped);
    params[3] = pg_bytes(buf_str(&wrapped));
    return call_query(call, sql, params, ARRAY_SIZE(params), NULL);
}

static int make_key(ApiCall *call, DataKey *ret_key) {
    DataKey key = {.id = clock_uuid_v7()};
    int r;

    clock_random(key.bytes, sizeof key.bytes);
    r = store_key(call, &key);
    if (r == 0)
        *ret_key = key;
    seal_forget_key(&key);
    return r;
}

/* The newest data key that is still used for sealing. */
static int find_key(ApiCall *call, DataKey *ret_key) {
    static const char sql[] = "SELECT k.dek_id, k.wrapped FROM headrace.tenant_key k"
                              " WHERE k.retired_at IS NULL ORDER BY k.created_at DESC LIMIT 1";
    _cleanup_(pg_result_free_p) PgResult *result = NULL;
    int r = call_query(call, sql, NULL, 0, &result);

    if (r)
        return r;
    if (pg_rows(result) == 0)
        return make_key(call, ret_key);
    r = seal_unwrap_key(call->seal_keys, call->principal.tenant, pg_get_uuid(result, 0, 0),
                        pg_get_bytes(result, 0, 1), ret_key);
    if (r == 0)
        return 0;
    log_event(LOG_ERROR, "api.data_key_locked", LOG_ID("tenant", call->principal.tenant.uuid),
              LOG_INT("refusal", r));
    return call_refuse(call, API_UNAVAILABLE,
                       STR("The tenant's data key cannot be opened with the keys that are here."));
}

int sealing_seal(ApiCall *call, const Uuid *variable, Str value, Str *ret_sealed) {
    SealPlace place = {
        .tenant = call->principal.tenant,
        .table = "variable",
        .column = "value",
        .row = *variable,
    };
    _cleanup_(buf_done) Buf sealed = {0};
    uint8_t nonce[SEAL_NONCE_BYTES];
    DataKey key;
    int r = find_key(call, &key);

    if (r)
        return r;
    clock_random(nonce, sizeof nonce);
    seal_close(&key, &place, nonce, value, &sealed);
    seal_forget_key(&key);
    *ret_sealed = str_copy(&call->arena, buf_str(&sealed));
    return 0;
}
