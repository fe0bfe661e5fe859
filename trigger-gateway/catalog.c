/*
 * What the loop knows about triggers, kept fresh by a lane.
 *
 * Runs on: loop; read() and what it calls on a lane.
 */

#include "trigger-gateway/catalog.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/base/hash.h"
#include "common/io/clock.h"
#include "common/io/log.h"
#include "trigger-gateway/ports/metrics.h"
#include "trigger-gateway/snapshot.h"

#define LISTEN_MS 200    /* how long the lane listens before it looks whether to stop */
#define GATHER_MS 20     /* changes that come together are read together */
#define RETRY_MS 500     /* after a reading that failed */
#define TAKE_EVERY_MS 50 /* how often the loop looks for a new reading */
#define CONNECT_MS 2000
#define STATEMENT_MS 20000

struct Catalog {
    CatalogSettings settings;
    Loop *loop;
    LoopTimer take;
    Snapshot *current;        /* the loop's */
    _Atomic(Snapshot *) next; /* read, and not taken by the loop yet */
    atomic_bool is_stopping;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t stopped;
    int64_t gauged_ms;
};

/* The lane ---------------------------------------------------------------------------------- */

static void pause_lane(Catalog *catalog, int64_t ms) {
    int64_t until_ms = clock_monotonic_ms() + ms;
    struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};

    pthread_mutex_lock(&catalog->mutex);
    while (!atomic_load(&catalog->is_stopping) && clock_monotonic_ms() < until_ms)
        pthread_cond_timedwait(&catalog->stopped, &catalog->mutex, &until);
    pthread_mutex_unlock(&catalog->mutex);
}

static bool read_whole(Catalog *catalog, Pg *pg) {
    Snapshot *snapshot;
    int r = snapshot_read(pg, &catalog->settings, &snapshot);

    if (r) {
        log_event(LOG_WARN, "catalog.unread", LOG_C("sqlstate", pg_failure(pg)->sqlstate),
                  LOG_C("why", pg_failure(pg)->message));
        return false;
    }
    /* One that the loop never took is nobody's but ours. */
    snapshot_free(atomic_exchange(&catalog->next, snapshot));
    return true;
}

/* Not every change of the catalog concerns triggers. */
static bool concerns_us(Str payload) {
    static const char *const kinds[] = {"tenant", "template", "version", "trigger", "variable"};
    Str rest = payload;
    Str kind = str_split(&rest, ':');

    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        if (str_is(kind, kinds[i]))
            return true;
    }
    return false;
}

/* Until something changed, the time is over, or the connection is lost. */
static void hear(Catalog *catalog, Pg *pg) {
    int64_t until_ms = clock_monotonic_ms() + catalog->settings.every_ms;
    Str channel, payload;
    int r = PG_E_NONE;

    while (r == PG_E_NONE && !atomic_load(&catalog->is_stopping)) {
        int64_t left_ms = until_ms - clock_monotonic_ms();

        if (left_ms <= 0)
            return;
        r = pg_wait_notify(pg, (int)MIN(left_ms, (int64_t)LISTEN_MS), &channel, &payload);
        if (r == 0 && !concerns_us(payload))
            r = PG_E_NONE;
    }
    while (r == 0)
        r = pg_wait_notify(pg, GATHER_MS, &channel, &payload);
}

static void *read_on(void *context) {
    static const char *const setup[] = {"LISTEN headrace_catalog", NULL};
    Catalog *catalog = context;
    Pg *pg = pg_new(&(PgSettings){
        .dsn = catalog->settings.pg_dsn,
        .application_name = catalog->settings.instance,
        .connect_timeout_ms = CONNECT_MS,
        .statement_timeout_ms = STATEMENT_MS,
        .setup = setup,
    });

    while (!atomic_load(&catalog->is_stopping)) {
        if (read_whole(catalog, pg))
            hear(catalog, pg);
        else
            pause_lane(catalog, RETRY_MS);
    }
    pg_free(pg);
    return NULL;
}

/* The loop ---------------------------------------------------------------------------------- */

static void gauge(Catalog *catalog) {
    const Snapshot *snapshot = catalog->current;
    int64_t now_ms = loop_now_ms(catalog->loop);

    if (snapshot == NULL || now_ms - catalog->gauged_ms < 1000)
        return;
    catalog->gauged_ms = now_ms;
    metric_set(catalog->settings.metrics, METRIC_CATALOG_AGE,
               (double)(clock_monotonic_ms() - snapshot->read_ms) / 1000);
    metric_set_label(catalog->settings.metrics, METRIC_TRIGGERS, "WEBHOOK", snapshot->hook_count);
    metric_set_label(catalog->settings.metrics, METRIC_TRIGGERS, "EVENT", snapshot->topic_count);
}

/* Between two callbacks nobody holds a rule. */
static void take(void *context) {
    Catalog *catalog = context;
    Snapshot *next = atomic_exchange(&catalog->next, NULL);

    if (next != NULL) {
        snapshot_free(catalog->current);
        catalog->current = next;
    }
    gauge(catalog);
}

Catalog *catalog_start(Loop *loop, const CatalogSettings *settings) {
    Catalog *catalog = alloc_zero(sizeof *catalog);
    pthread_condattr_t attributes;

    catalog->settings = *settings;
    catalog->loop = loop;
    pthread_mutex_init(&catalog->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&catalog->stopped, &attributes);
    pthread_condattr_destroy(&attributes);
    CHECK(pthread_create(&catalog->thread, NULL, read_on, catalog) == 0);
    loop_timer_open(loop, &catalog->take, take, catalog);
    loop_timer_start(&catalog->take, TAKE_EVERY_MS, TAKE_EVERY_MS);
    return catalog;
}

static void catalog_free(void *context) {
    Catalog *catalog = context;

    snapshot_free(catalog->current);
    snapshot_free(atomic_load(&catalog->next));
    pthread_mutex_destroy(&catalog->mutex);
    pthread_cond_destroy(&catalog->stopped);
    alloc_free(catalog);
}

Catalog *catalog_stop(Catalog *catalog) {
    if (catalog == NULL)
        return NULL;
    pthread_mutex_lock(&catalog->mutex);
    atomic_store(&catalog->is_stopping, true);
    pthread_cond_broadcast(&catalog->stopped);
    pthread_mutex_unlock(&catalog->mutex);
    pthread_join(catalog->thread, NULL);
    loop_timer_close(&catalog->take, catalog_free);
    return NULL;
}

/* Looking ----------------------------------------------------------------------------------- */

bool catalog_is_usable(const Catalog *catalog) {
    return catalog->current != NULL &&
           clock_monotonic_ms() - catalog->current->read_ms <= catalog->settings.stale_ms;
}

const HookRule *catalog_hook(const Catalog *catalog, Str token) {
    Sha256 hash = sha256_of(token);

    if (!catalog_is_usable(catalog))
        return NULL;
    /* What a stranger can learn from the time of a look-up is about the hash, not the token. */
    return map_find(&catalog->current->hooks, str_from((const char *)hash.bytes, SHA256_BYTES));
}

const TopicRule *catalog_topic_rules(const Catalog *catalog, TenantId tenant, uint32_t *ret_count) {
    const Snapshot *snapshot = catalog->current;
    uint32_t first = 0, last;

    *ret_count = 0;
    if (!catalog_is_usable(catalog))
        return NULL;
    for (uint32_t end = snapshot->topic_count; first < end;) {
        uint32_t middle = first + (end - first) / 2;

        if (uuid_compare(snapshot->topics[middle].tenant.uuid, tenant.uuid) < 0)
            first = middle + 1;
        else
            end = middle;
    }
    last = first;
    while (last < snapshot->topic_count &&
           uuid_equal(snapshot->topics[last].tenant.uuid, tenant.uuid))
        last++;
    *ret_count = last - first;
    return snapshot->topics + first;
}

bool catalog_tenant(const Catalog *catalog, uint32_t number, TenantId *ret_tenant) {
    const Snapshot *snapshot = catalog->current;

    if (!catalog_is_usable(catalog) || number >= snapshot->tenant_count ||
        uuid_is_zero(snapshot->tenants[number].uuid))
        return false;
    *ret_tenant = snapshot->tenants[number];
    return true;
}
