/* Compiled versions by id. */

#include "common/catalog/plans.h"

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/base/list.h"
#include "common/base/map.h"

typedef struct Entry {
    PlanVersion version;
    Plan *plan;
    uint32_t users;
    ListNode unused; /* linked while users == 0 */
} Entry;

struct Plans {
    Map entries;     /* version id → Entry */
    ListNode unused; /* longest unused first */
    uint32_t unused_count;
    uint32_t kept_max;
};

Plans *plans_new(uint32_t kept_max) {
    Plans *plans = alloc_zero(sizeof *plans);

    map_init(&plans->entries, 0);
    list_init(&plans->unused);
    plans->kept_max = kept_max;
    return plans;
}

static void entry_free(Entry *entry) {
    plan_free(entry->plan);
    alloc_free(entry);
}

Plans *plans_free(Plans *plans) {
    size_t position = 0;
    Str key;
    void *entry;

    if (plans == NULL)
        return NULL;
    while (map_next(&plans->entries, &position, &key, &entry))
        entry_free(entry);
    map_done(&plans->entries);
    return alloc_free(plans);
}

static void entry_use(Plans *plans, Entry *entry) {
    if (entry->users++ == 0 && list_is_linked(&entry->unused)) {
        list_drop(&entry->unused);
        plans->unused_count--;
    }
}

const PlanVersion *plans_take(Plans *plans, VersionId id) {
    Entry *entry = map_find(&plans->entries, uuid_bytes(&id.uuid));

    if (entry == NULL)
        return NULL;
    entry_use(plans, entry);
    return &entry->version;
}

static void drop_longest_unused(Plans *plans) {
    ListNode *node = list_first(&plans->unused);
    Entry *entry = CONTAINER_OF(node, Entry, unused);

    list_drop(node);
    plans->unused_count--;
    map_drop(&plans->entries, uuid_bytes(&entry->version.id.uuid));
    entry_free(entry);
}

void plans_give(Plans *plans, const PlanVersion *version) {
    Entry *entry = CONTAINER_OF((PlanVersion *)version, Entry, version);

    CHECK(entry->users > 0);
    if (--entry->users > 0)
        return;
    list_push_last(&plans->unused, &entry->unused);
    plans->unused_count++;
    while (plans->unused_count > plans->kept_max)
        drop_longest_unused(plans);
}

int plans_add(Plans *plans, const PlanVersion *origin, Str definition, uint64_t hash,
              const PlanVersion **ret_version) {
    PlanProblems problems = {0};
    Plan *plan = NULL;
    Entry *entry;
    Arena arena;
    int r;

    CHECK(map_find(&plans->entries, uuid_bytes(&origin->id.uuid)) == NULL);
    arena_init(&arena, 0);
    r = plan_compile(definition, NULL, &arena, &problems, &plan);
    arena_done(&arena);
    if (r)
        return PLANS_E_INVALID;
    if (plan->hash != hash) {
        plan_free(plan);
        return PLANS_E_HASH;
    }
    entry = alloc_zero(sizeof *entry);
    entry->version = *origin;
    entry->version.plan = plan;
    entry->plan = plan;
    map_set(&plans->entries, uuid_bytes(&origin->id.uuid), entry);
    entry_use(plans, entry);
    *ret_version = &entry->version;
    return 0;
}

uint32_t plans_count(const Plans *plans) {
    return (uint32_t)plans->entries.count;
}
