/*
 * Rows to rules, in one transaction that sees one state.
 *
 * Runs on: lane.
 */

#include "trigger-gateway/snapshot.h"

#include <string.h>

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/base/defs.h"
#include "common/base/hash.h"
#include "common/io/clock.h"
#include "common/io/log.h"
#include "common/model/limits.h"

#define SEAL_TABLE "variable"
#define SEAL_COLUMN "value"

/* A template that may start nothing has no triggers here: its webhooks are unknown. */
static const char sql_triggers[] =
    "SELECT g.tenant_id, g.template_id, g.id, g.type, g.config::text, s.token_hash,"
    " coalesce(s.enabled, true)"
    " FROM headrace.workflow_template t"
    " JOIN headrace.tenant n ON n.id = t.tenant_id AND n.is_active"
    " JOIN headrace.workflow_trigger g ON g.tenant_id = t.tenant_id AND g.template_id = t.id"
    " AND g.version_id = t.active_version_id"
    " LEFT JOIN headrace.trigger_state s ON s.tenant_id = g.tenant_id"
    " AND s.template_id = g.template_id AND s.trigger_id = g.id"
    " WHERE t.is_active AND t.status IN ('PUBLISHED', 'DEPRECATED')"
    " AND g.type IN ('WEBHOOK', 'EVENT')"
    " ORDER BY g.tenant_id, g.template_id, g.id";

static const char sql_secrets[] =
    "SELECT s.tenant_id, s.template_id, s.trigger_id, s.key, s.variable_id, s.sealed"
    " FROM headrace.trigger_secret s"
    " JOIN headrace.workflow_template t ON t.tenant_id = s.tenant_id AND t.id = s.template_id"
    " AND t.active_version_id = s.version_id";

static const char sql_keys[] =
    "SELECT k.tenant_id, k.dek_id, k.wrapped FROM headrace.tenant_key k"
    " WHERE k.tenant_id IN (SELECT s.tenant_id FROM headrace.trigger_secret s)";

static const char sql_tenants[] = "SELECT n.id, n.name FROM headrace.tenant n WHERE n.is_active"
                                  " AND (n.name = ANY($1::text[]) OR n.id::text = ANY($1::text[]))";

enum { BEGIN, TRIGGERS, SECRETS, KEYS, TENANTS, COMMIT, _QUERY_COUNT };

typedef struct Reading {
    const CatalogSettings *settings;
    Snapshot *snapshot;
    PgResult *results[_QUERY_COUNT];
    DataKey *data_keys;
    uint32_t data_key_count;
    Map data_keys_by_id;
    Str *opened;
    Map opened_by_name; /* template, trigger, variable → Str */
    Arena arena;
} Reading;

/* Secrets ----------------------------------------------------------------------------------- */

static void unwrap_keys(Reading *reading) {
    PgResult *rows = reading->results[KEYS];

    reading->data_keys = alloc_array(pg_rows(rows), sizeof *reading->data_keys);
    for (uint32_t row = 0; row < pg_rows(rows); row++) {
        TenantId tenant = {pg_get_uuid(rows, row, 0)};
        DataKey *key;
        int r = seal_unwrap_key(reading->settings->keys, tenant, pg_get_uuid(rows, row, 1),
                                pg_get_bytes(rows, row, 2),
                                &reading->data_keys[reading->data_key_count]);

        if (r) {
            log_event(LOG_WARN, "catalog.key_closed", LOG_ID("tenant", tenant.uuid),
                      LOG_INT("r", r));
            continue;
        }
        key = &reading->data_keys[reading->data_key_count++];
        map_set(&reading->data_keys_by_id, uuid_bytes(&key->id), key);
    }
}

static const DataKey *data_key(const Reading *reading, Str sealed) {
    Uuid id;

    return seal_key_of(sealed, &id) ? NULL : map_find(&reading->data_keys_by_id, uuid_bytes(&id));
}

/* Ids cannot be shifted into each other: the first part has a fixed length, no id holds a NUL. */
static Str secret_name(Reading *reading, const Uuid *template_id, Str trigger, Str variable) {
    Str id = uuid_bytes(template_id);
    char *name = arena_alloc(&reading->arena, id.length + trigger.length + 1 + variable.length);

    memcpy(name, id.data, id.length);
    memcpy(name + id.length, trigger.data, trigger.length);
    name[id.length + trigger.length] = '\0';
    memcpy(name + id.length + trigger.length + 1, variable.data, variable.length);
    return str_from(name, id.length + trigger.length + 1 + variable.length);
}

/* A value is sealed as JSON: of a text its letters count. */
static Str secret_text(Snapshot *snapshot, Buf *text) {
    JsonLimits limits = JSON_LIMITS_DEFAULT;
    Buf plain = {0};
    Json value;

    if (json_parse(&snapshot->arena, buf_str(text), limits, &value, NULL) == 0 &&
        json_is(&value, JSON_STRING)) {
        buf_add_str(&plain, json_str(&value));
        seal_forget(text);
        *text = plain;
    }
    return buf_str(text);
}

static void open_secrets(Reading *reading) {
    PgResult *rows = reading->results[SECRETS];
    Snapshot *snapshot = reading->snapshot;

    reading->opened = alloc_array(pg_rows(rows), sizeof *reading->opened);
    snapshot->secrets = alloc_array(pg_rows(rows), sizeof *snapshot->secrets);
    for (uint32_t row = 0; row < pg_rows(rows); row++) {
        Str sealed = pg_get_bytes(rows, row, 5);
        const DataKey *key = data_key(reading, sealed);
        SealPlace place = {
            .tenant = {pg_get_uuid(rows, row, 0)},
            .table = SEAL_TABLE,
            .column = SEAL_COLUMN,
            .row = pg_get_uuid(rows, row, 4),
        };
        Buf *text = &snapshot->secrets[snapshot->secret_count];
        Uuid template_id;

        if (key == NULL || seal_open(key, &place, sealed, text)) {
            log_event(LOG_WARN, "catalog.secret_closed", LOG_ID("tenant", place.tenant.uuid),
                      LOG_TEXT("variable", pg_str(rows, row, 3)));
            continue;
        }
        template_id = pg_get_uuid(rows, row, 1);
        reading->opened[snapshot->secret_count] = secret_text(snapshot, text);
        map_set(&reading->opened_by_name,
                secret_name(reading, &template_id, pg_str(rows, row, 2), pg_str(rows, row, 3)),
                &reading->opened[snapshot->secret_count++]);
    }
}

/* While a secret is changed the variable holds both, a line each. */
static void add_secrets(HookSignature *signature, Str value) {
    Str rest = value;

    while (rest.data != NULL && signature->secret_count < HOOK_SECRETS_MAX) {
        Str secret = str_trim(str_split(&rest, '\n'));

        if (secret.length > 0)
            signature->secrets[signature->secret_count++] = secret;
    }
}

/* Webhooks ---------------------------------------------------------------------------------- */

static Str text_of(const Json *config, const char *key) {
    return json_str(json_member(config, str_of(key)));
}

static void read_rule(const Json *config, SignatureRule *rule) {
    rule->header = text_of(config, "header");
    rule->prefix = text_of(config, "prefix");
    rule->template_text = text_of(config, "template");
    rule->timestamp_header = text_of(config, "timestampHeader");
    rule->id_header = text_of(config, "idHeader");
    rule->is_base64 = str_is(text_of(config, "encoding"), "base64");
    if (!signature_algorithm_from_word(text_of(config, "algorithm"), &rule->algorithm))
        rule->algorithm = HMAC_SHA256;
    if (!json_to_int64(json_member(config, STR("toleranceSeconds")), &rule->tolerance_s))
        rule->tolerance_s = 0;
}

static void read_signature(Reading *reading, HookRule *rule, const Json *config) {
    HookSignature *signature = &rule->signature;
    Str variable = text_of(config, "secretVariable");
    const Str *opened = NULL;

    if (variable.length > 0)
        opened = map_find(&reading->opened_by_name,
                          secret_name(reading, &rule->template_id.uuid, rule->trigger, variable));
    signature->scheme = text_of(config, "scheme");
    /* A scheme that this gateway does not know must not open the door: no secret fits. */
    if (!signature_scheme_from_word(signature->scheme, &signature->rule.scheme)) {
        signature->rule.scheme = SIGNATURE_HMAC;
        return;
    }
    read_rule(config, &signature->rule);
    if (opened != NULL)
        add_secrets(signature, *opened);
    if (signature->secret_count == 0 && signature->rule.scheme != SIGNATURE_NONE)
        log_event(LOG_WARN, "catalog.hook_closed", LOG_ID("tenant", rule->tenant.uuid),
                  LOG_ID("template", rule->template_id.uuid), LOG_TEXT("trigger", rule->trigger),
                  LOG_TEXT("variable", variable));
}

static void read_response(Snapshot *snapshot, HookRule *rule, const Json *config) {
    const Json *body = json_member(config, STR("body"));
    int64_t status = 0;

    if (config == NULL)
        return;
    if (!json_to_int64(json_member(config, STR("status")), &status) || status < 200 || status > 299)
        status = 200;
    rule->response.status = (uint32_t)status;
    if (json_is(body, JSON_STRING)) {
        rule->response.content_type = STR("text/plain; charset=utf-8");
        rule->response.body = json_str(body);
    } else if (body != NULL) {
        rule->response.content_type = STR("application/json");
        rule->response.body = json_text(&snapshot->arena, body);
    }
}

static void add_hook(Reading *reading, HookRule *rule, const Json *config, Str token_hash) {
    const Json *signature = json_member(config, STR("signature"));

    rule->path = text_of(config, "path");
    rule->signature.scheme = STR("none");
    if (signature != NULL)
        read_signature(reading, rule, signature);
    read_response(reading->snapshot, rule, json_member(config, STR("response")));
    map_set(&reading->snapshot->hooks, token_hash, rule);
    reading->snapshot->hook_count++;
}

/* Events ------------------------------------------------------------------------------------ */

static void add_topic(Snapshot *snapshot, const HookRule *rule, const Json *config) {
    TopicRule *topic = &snapshot->topics[snapshot->topic_count];
    Str filter = text_of(config, "filter");
    Expr *program = NULL;
    ExprMistake mistake;

    if (!rule->is_enabled)
        return;
    if (filter.length > 0 && expr_compile(filter, NULL, 0, &program, &mistake)) {
        log_event(LOG_WARN, "catalog.filter_broken", LOG_ID("tenant", rule->tenant.uuid),
                  LOG_ID("template", rule->template_id.uuid), LOG_TEXT("trigger", rule->trigger));
        return;
    }
    *topic = (TopicRule){
        .tenant = rule->tenant,
        .template_id = rule->template_id,
        .trigger = rule->trigger,
        .event = {.type = text_of(config, "eventType"),
                  .topic = text_of(config, "topic"),
                  .source = text_of(config, "source"),
                  .subject = text_of(config, "subject"),
                  .filter = program},
    };
    snapshot->topic_count++;
}

static void read_triggers(Reading *reading) {
    PgResult *rows = reading->results[TRIGGERS];
    Snapshot *snapshot = reading->snapshot;
    JsonLimits limits = JSON_LIMITS_DEFAULT;

    snapshot->topics = alloc_array(pg_rows(rows), sizeof *snapshot->topics);
    for (uint32_t row = 0; row < pg_rows(rows); row++) {
        HookRule *rule = arena_zero(&snapshot->arena, sizeof *rule);
        Json *config = arena_zero(&snapshot->arena, sizeof *config);
        Str text = str_copy(&snapshot->arena, pg_str(rows, row, 4));

        rule->tenant = (TenantId){pg_get_uuid(rows, row, 0)};
        rule->template_id = (TemplateId){pg_get_uuid(rows, row, 1)};
        rule->trigger = str_copy(&snapshot->arena, pg_str(rows, row, 2));
        rule->is_enabled = pg_bool(rows, row, 6);
        if (json_parse(&snapshot->arena, text, limits, config, NULL))
            continue;
        if (str_is(pg_str(rows, row, 3), "EVENT"))
            add_topic(snapshot, rule, config);
        else if (!pg_is_null(rows, row, 5))
            add_hook(reading, rule, config, pg_get_bytes(rows, row, 5));
    }
}

/* Tenants of topics ------------------------------------------------------------------------- */

static void read_tenants(Reading *reading) {
    const CatalogSettings *settings = reading->settings;
    const PgResult *rows = reading->results[TENANTS];
    Snapshot *snapshot = reading->snapshot;

    snapshot->tenant_count = settings->tenant_count;
    snapshot->tenants =
        arena_zero(&snapshot->arena, (settings->tenant_count + 1) * sizeof *snapshot->tenants);
    for (uint32_t i = 0; i < settings->tenant_count; i++) {
        for (uint32_t row = 0; row < pg_rows(rows); row++) {
            Uuid id = pg_get_uuid(rows, row, 0);

            if (str_equal(settings->tenants[i], pg_str(rows, row, 1)) ||
                str_equal_nocase(settings->tenants[i], str_of(uuid_text(id).text)))
                snapshot->tenants[i].uuid = id;
        }
    }
}

/* The whole --------------------------------------------------------------------------------- */

static int ask(Pg *pg, Reading *reading) {
    PgArray *tenants = pg_array_new(PG_ARRAY_TEXT);
    PgParam param;
    int r;

    for (uint32_t i = 0; i < reading->settings->tenant_count; i++)
        pg_array_add_bytes(tenants, reading->settings->tenants[i]);
    param = pg_array_param(tenants);
    pg_begin(pg);
    pg_send(pg, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", NULL, 0);
    pg_send(pg, sql_triggers, NULL, 0);
    pg_send(pg, sql_secrets, NULL, 0);
    pg_send(pg, sql_keys, NULL, 0);
    pg_send(pg, sql_tenants, &param, 1);
    pg_send(pg, "COMMIT", NULL, 0);
    r = pg_finish(pg, false, reading->results, _QUERY_COUNT);
    pg_array_free(tenants);
    return r;
}

static void reading_done(Reading *reading) {
    for (uint32_t i = 0; i < reading->data_key_count; i++)
        seal_forget_key(&reading->data_keys[i]);
    alloc_free(reading->data_keys);
    alloc_free(reading->opened);
    map_done(&reading->data_keys_by_id);
    map_done(&reading->opened_by_name);
    arena_done(&reading->arena);
    for (int i = 0; i < _QUERY_COUNT; i++)
        pg_result_free(reading->results[i]);
}

int snapshot_read(Pg *pg, const CatalogSettings *settings, Snapshot **ret_snapshot) {
    _cleanup_(reading_done) Reading reading = {.settings = settings};
    int64_t now_ms = clock_monotonic_ms();
    int r = ask(pg, &reading);

    if (r)
        return r;
    reading.snapshot = alloc_zero(sizeof *reading.snapshot);
    reading.snapshot->read_ms = now_ms;
    map_init(&reading.snapshot->hooks, clock_random_u64());
    map_init(&reading.data_keys_by_id, clock_random_u64());
    map_init(&reading.opened_by_name, clock_random_u64());
    unwrap_keys(&reading);
    open_secrets(&reading);
    read_triggers(&reading);
    read_tenants(&reading);
    *ret_snapshot = reading.snapshot;
    return 0;
}

Snapshot *snapshot_free(Snapshot *snapshot) {
    if (snapshot == NULL)
        return NULL;
    for (uint32_t i = 0; i < snapshot->topic_count; i++)
        expr_free((Expr *)snapshot->topics[i].event.filter);
    for (uint32_t i = 0; i < snapshot->secret_count; i++)
        seal_forget(&snapshot->secrets[i]);
    alloc_free(snapshot->topics);
    alloc_free(snapshot->secrets);
    map_done(&snapshot->hooks);
    arena_done(&snapshot->arena);
    return alloc_free(snapshot);
}
