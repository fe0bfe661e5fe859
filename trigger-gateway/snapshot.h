#pragma once

/*
 * Snapshot: one whole reading of the triggers. Immutable once it is made.
 *
 * Runs on: lane (made), loop (read).
 */

#include "common/base/map.h"
#include "common/io/pg.h"
#include "trigger-gateway/catalog.h"

typedef struct Snapshot {
    Arena arena;
    int64_t read_ms;   /* monotonic */
    Map hooks;         /* SHA-256 of the token → HookRule */
    TopicRule *topics; /* in the order of their tenants */
    uint32_t topic_count;
    uint32_t hook_count;
    TenantId *tenants; /* by their number in the settings; zero: not found */
    uint32_t tenant_count;
    Buf *secrets; /* opened; forgotten with the snapshot */
    uint32_t secret_count;
} Snapshot;

/* 0 and a snapshot; PG_E_UNAVAILABLE or PG_E_SQL: PostgreSQL did not tell. */
int snapshot_read(Pg *pg, const CatalogSettings *settings, Snapshot **ret_snapshot);
Snapshot *snapshot_free(Snapshot *snapshot); /* forgets the secrets too */
