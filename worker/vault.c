/*
 * Secrets of one execution: the tenant's data keys are unwrapped, the values opened, the keys
 * forgotten.
 *
 * Runs on: lane.
 */

#include "worker/vault.h"

#include "common/io/log.h"
#include "common/seal/seal.h"

#define DATA_KEYS_MAX 16 /* of one tenant: a new one is made with each rotation */

typedef struct Vault {
    WorkerLane *lane;
    ExecutionId execution;
    Arena *arena;
    DataKey keys[DATA_KEYS_MAX];
    uint32_t key_count;
    JsonObject secrets;
} Vault;

static int ask(Vault *vault, const char *sql, PgResult **ret_result) {
    PgParam param = pg_uuid(&vault->execution.uuid);

    return lane_ask(vault->lane, sql, &param, 1, ret_result);
}

static void unwrap(Vault *vault, PgResult *result, uint32_t row) {
    TenantId tenant = {pg_get_uuid(result, row, 0)};
    Uuid id = pg_get_uuid(result, row, 1);
    int r;

    if (vault->key_count == DATA_KEYS_MAX || vault->lane->keys == NULL)
        return;
    r = seal_unwrap_key(vault->lane->keys, tenant, id, pg_get_bytes(result, row, 2),
                        &vault->keys[vault->key_count]);
    if (r == 0)
        vault->key_count++;
    else
        log_event(LOG_WARN, "data_key.locked", LOG_ID("tenant", tenant.uuid), LOG_INT("r", r));
}

static int unwrap_all(Vault *vault) {
    PgResult *result = NULL;
    int r = ask(vault, "SELECT tenant_id, dek_id, wrapped FROM headrace.worker_keys($1)", &result);

    if (r == LANE_E_NONE)
        return 0;
    if (r)
        return VAULT_E_UNAVAILABLE;
    for (uint32_t row = 0; row < pg_rows(result); row++)
        unwrap(vault, result, row);
    pg_result_free(result);
    return 0;
}

static const DataKey *find_key(const Vault *vault, Str sealed) {
    Uuid id;

    if (seal_key_of(sealed, &id))
        return NULL;
    for (uint32_t i = 0; i < vault->key_count; i++) {
        if (uuid_equal(vault->keys[i].id, id))
            return &vault->keys[i];
    }
    return NULL;
}

/* The value of a row is the JSON that was sealed. */
static int open_value(Vault *vault, PgResult *result, uint32_t row) {
    SealPlace place = {
        .tenant = {pg_get_uuid(result, row, 3)},
        .table = "variable",
        .column = "value",
        .row = pg_get_uuid(result, row, 2),
    };
    Str key = str_copy(vault->arena, pg_str(result, row, 0));
    Str sealed = pg_get_bytes(result, row, 1);
    const DataKey *data_key = find_key(vault, sealed);
    Buf text = {0};
    Json value;
    int r = data_key ? seal_open(data_key, &place, sealed, &text) : SEAL_E_NO_KEY;

    if (r == 0 && json_parse(vault->arena, str_copy(vault->arena, buf_str(&text)),
                             JSON_LIMITS_DEFAULT, &value, NULL))
        r = SEAL_E_FORMAT;
    seal_forget(&text);
    buf_done(&text);
    if (r) {
        log_event(LOG_ERROR, "secret.locked", LOG_ID("tenant", place.tenant.uuid),
                  LOG_TEXT("key", key), LOG_INT("r", r));
        return VAULT_E_LOCKED;
    }
    json_add(&vault->secrets, key, value);
    return 0;
}

static int open_values(Vault *vault) {
    PgResult *result = NULL;
    int r = ask(vault,
                "SELECT key, sealed, variable_id, tenant_id FROM headrace.worker_secrets($1) "
                "WHERE type = 'SECRET'",
                &result);

    if (r == LANE_E_NONE)
        return 0;
    if (r)
        return VAULT_E_UNAVAILABLE;
    for (uint32_t row = 0; r == 0 && row < pg_rows(result); row++)
        r = open_value(vault, result, row);
    pg_result_free(result);
    return r;
}

int vault_open(WorkerLane *lane, ExecutionId execution, Arena *arena, Json *ret_secrets) {
    Vault vault = {
        .lane = lane,
        .execution = execution,
        .arena = arena,
        .secrets = {.arena = arena},
    };
    int r = unwrap_all(&vault);

    if (r == 0)
        r = open_values(&vault);
    for (uint32_t i = 0; i < vault.key_count; i++)
        seal_forget_key(&vault.keys[i]);
    if (r)
        return r;
    *ret_secrets = json_object_done(&vault.secrets);
    return 0;
}
