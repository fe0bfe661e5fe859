/*
 * Versions on their way, and those that are here.
 *
 * Runs on: loop; load_work() in a lane.
 */

#include "worker/versions.h"

#include "common/base/alloc.h"
#include "common/io/log.h"
#include "worker/lane.h"
#include "worker/metrics.h"

typedef struct Waiter {
    ListNode node;
    VersionsFn fn;
    void *context;
} Waiter;

/* One version on its way. The lane writes the second half, the loop reads it afterwards. */
typedef struct Load {
    ListNode node;
    Versions *versions;
    VersionId id;
    uint64_t hash;
    ListNode waiters;

    int r; /* of lane_ask() */
    PlanVersion origin;
    char *definition;
    size_t definition_bytes;
} Load;

struct Versions {
    Worker *worker;
    Plans *plans;
    ListNode loads;
};

Versions *versions_new(Worker *worker) {
    Versions *versions = alloc_zero(sizeof *versions);

    versions->worker = worker;
    versions->plans = plans_new((uint32_t)worker->config->plans);
    list_init(&versions->loads);
    return versions;
}

static void load_free(Load *load) {
    LIST_FOR_EACH(node, &load->waiters)
    alloc_free(CONTAINER_OF(node, Waiter, node));
    list_drop(&load->node);
    alloc_free(load->definition);
    alloc_free(load);
}

Versions *versions_free(Versions *versions) {
    if (versions == NULL)
        return NULL;
    LIST_FOR_EACH(node, &versions->loads)
    load_free(CONTAINER_OF(node, Load, node));
    plans_free(versions->plans);
    return alloc_free(versions);
}

const PlanVersion *versions_take(Versions *versions, const StepTask *task) {
    const PlanVersion *version = plans_take(versions->plans, task->version);

    if (version == NULL || version->plan->hash == task->plan_hash)
        return version;
    plans_give(versions->plans, version);
    return NULL;
}

void versions_give(Versions *versions, const PlanVersion *version) {
    plans_give(versions->plans, version);
}

/* In a lane ---------------------------------------------------------------------------------- */

static void load_work(void *lane, void *context) {
    Load *load = context;
    PgParam params[] = {pg_uuid(&load->id.uuid), pg_number((int64_t)load->hash)};
    PgResult *result = NULL;
    Str text;

    load->r = lane_ask(lane,
                       "SELECT workflow_data, tenant_id, template_id, version_number "
                       "FROM headrace.worker_plan($1, $2)",
                       params, ARRAY_SIZE(params), &result);
    if (load->r)
        return;
    text = pg_str(result, 0, 0);
    load->definition = alloc_copy(text.data, text.length);
    load->definition_bytes = text.length;
    load->origin = (PlanVersion){
        .id = load->id,
        .tenant = {pg_get_uuid(result, 0, 1)},
        .template_id = {pg_get_uuid(result, 0, 2)},
        .number = pg_int(result, 0, 3),
    };
    pg_result_free(result);
}

/* Back on the loop --------------------------------------------------------------------------- */

static const PlanVersion *keep(Load *load) {
    Versions *versions = load->versions;
    const PlanVersion *version = NULL;
    int r = load->r;

    versions->worker->is_pg_up = r != LANE_E_UNAVAILABLE;
    if (r == 0)
        version = plans_take(versions->plans, load->id);
    if (r == 0 && version == NULL)
        r = plans_add(versions->plans, &load->origin,
                      str_from(load->definition, load->definition_bytes), load->hash, &version);
    if (r)
        log_event(LOG_WARN, "version.missing", LOG_ID("version", load->id.uuid), LOG_INT("r", r));
    metric_set(versions->worker->metrics, METRIC_PLANS, plans_count(versions->plans));
    return version;
}

static void load_done(void *context) {
    Load *load = context;
    Versions *versions = load->versions;
    const PlanVersion *version = keep(load);
    ListNode waiters;

    list_init(&waiters);
    LIST_FOR_EACH(node, &load->waiters) {
        list_drop(node);
        list_push_last(&waiters, node);
    }
    load_free(load);
    LIST_FOR_EACH(node, &waiters) {
        Waiter *waiter = CONTAINER_OF(node, Waiter, node);
        VersionsFn fn = waiter->fn;
        void *waiter_context = waiter->context;

        alloc_free(waiter);
        fn(waiter_context, version ? plans_take(versions->plans, version->id) : NULL);
    }
    if (version != NULL)
        plans_give(versions->plans, version);
}

static void load_wait(Load *load, VersionsFn fn, void *context) {
    Waiter *waiter = alloc_zero(sizeof *waiter);

    waiter->fn = fn;
    waiter->context = context;
    list_push_last(&load->waiters, &waiter->node);
}

static void load_refused(void *context) {
    Load *load = context;

    load->r = LANE_E_UNAVAILABLE;
    load_done(load);
}

void versions_load(Versions *versions, const StepTask *task, VersionsFn fn, void *context) {
    Load *load;

    LIST_FOR_EACH(node, &versions->loads) {
        load = CONTAINER_OF(node, Load, node);
        if (uuid_equal(load->id.uuid, task->version.uuid) && load->hash == task->plan_hash) {
            load_wait(load, fn, context);
            return;
        }
    }
    load = alloc_zero(sizeof *load);
    load->versions = versions;
    load->id = task->version;
    load->hash = task->plan_hash;
    list_init(&load->waiters);
    load_wait(load, fn, context);
    list_push_last(&versions->loads, &load->node);
    if (lane_pool_run(versions->worker->lanes, load_work, load_done, load))
        loop_post(versions->worker->loop, load_refused, load);
}
