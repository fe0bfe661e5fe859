#pragma once

/*
 * Catalog: the triggers of all active versions, as the loop looks them up. A lane of its own reads
 * them: whole, at the start, when it hears that something changed, and every now and then. What it
 * read is immutable and replaced whole.
 *
 * While PostgreSQL is away the last reading serves on, until it is too old; then nothing is found
 * any more, and callers are told to come again (catalog_is_usable()).
 *
 * Secrets of webhooks are opened when they are read and are only kept here.
 *
 * Runs on: loop; the reading on a lane of its own.
 */

#include "common/base/id.h"
#include "common/io/loop.h"
#include "common/model/kinds.h"
#include "common/seal/seal.h"
#include "common/seal/signature.h"
#include "common/service/metrics.h"
#include "trigger-gateway/fire/match.h"

#define HOOK_SECRETS_MAX 4 /* the old and the new one while they are changed, and to spare */

/* How a webhook's requests are signed. */
typedef struct HookSignature {
    Str scheme; /* the word, "none" when there is no signature */
    SignatureRule rule;
    Str secrets[HOOK_SECRETS_MAX]; /* newest first */
    uint32_t secret_count;         /* 0 where one is needed: nothing gets in */
} HookSignature;

typedef struct HookResponse {
    uint32_t status; /* 0: 202 and the execution's id */
    Str content_type;
    Str body;
} HookResponse;

/* One WEBHOOK trigger. */
typedef struct HookRule {
    TenantId tenant;
    TemplateId template_id;
    Str trigger;
    Str path;
    bool is_enabled;
    HookSignature signature;
    HookResponse response;
} HookRule;

/* One EVENT trigger. */
typedef struct TopicRule {
    TenantId tenant;
    TemplateId template_id;
    Str trigger;
    EventRule event;
} TopicRule;

typedef struct Catalog Catalog;

typedef struct CatalogSettings {
    const char *pg_dsn;
    const char *instance;
    const SealKeys *keys;
    Metrics *metrics;
    int64_t every_ms;
    int64_t stale_ms;
    const Str *tenants; /* names or ids of tenants that event topics belong to; borrowed */
    uint32_t tenant_count;
} CatalogSettings;

Catalog *catalog_start(Loop *loop, const CatalogSettings *settings);
Catalog *catalog_stop(Catalog *catalog); /* waits for the lane; NULL */

/* False before the first reading and when the last one is too old. */
bool catalog_is_usable(const Catalog *catalog);

/* The rules are borrowed until the next turn of the loop. */

/* The trigger with this token, or NULL. Takes as long whatever the token is. */
const HookRule *catalog_hook(const Catalog *catalog, Str token);

/* The triggers of a tenant that events may concern. */
const TopicRule *catalog_topic_rules(const Catalog *catalog, TenantId tenant, uint32_t *ret_count);

/* The tenant of that number in the settings; false: there is no such active tenant. */
bool catalog_tenant(const Catalog *catalog, uint32_t number, TenantId *ret_tenant);
