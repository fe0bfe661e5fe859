/* A definition becomes a version. */

#include "trigger-gateway/api/publication.h"

#include "common/base/fault.h"
#include "common/io/clock.h"
#include "trigger-gateway/api/projection.h"
#include "trigger-gateway/api/timetable.h"

/*
 * What can be called is what workers can call: the built-in actions, which the plan knows. An
 * integration that only has rows in the catalog would fail at run time; it is refused here.
 */
static bool find_nothing(void *context, Str integration, Str action, PlanAction *ret_action) {
    (void)context;
    (void)integration;
    (void)action;
    (void)ret_action;
    return false;
}

int publication_compile(ApiCall *call, Str definition, Plan **ret_plan) {
    static const PlanCatalog catalog = {
        .find = find_nothing,
        .parses_cron = timetable_parses_cron,
        .has_timezone = timetable_has_timezone,
    };
    _cleanup_(plan_free_p) Plan *plan = NULL;
    int r = plan_compile(definition, &catalog, &call->arena, &call->problems, &plan);

    if (r < 0)
        return fault_pass(r);
    r = call_check_problems(call);
    if (r)
        return r;
    *ret_plan = plan;
    plan = NULL;
    return 0;
}

/* The definitions of the integrations as they are now. */
static const char sql_version[] =
    "INSERT INTO headrace.workflow_version (id, tenant_id, template_id, version_number,"
    " plan_hash, workflow_data, integrations, is_active, change_description,"
    " is_rollback_version, created_by)"
    " SELECT $1, $2, $3, coalesce((SELECT max(v.version_number)"
    "  FROM headrace.workflow_version v WHERE v.template_id = $3), 0) + 1, $4, $5::json,"
    " (SELECT coalesce(json_agg(json_build_object('reference', d.name, 'id', d.id, 'revision',"
    "   d.revision) ORDER BY d.name), '[]') FROM headrace.integration_definition d"
    "   WHERE d.tenant_id IS NULL AND d.name = ANY ($6::text[])),"
    " true, $7, $8, $9 RETURNING version_number";

static bool is_listed(const Plan *plan, uint32_t node) {
    for (uint32_t i = 0; i < node; i++)
        if (str_equal(plan->nodes[i].integration, plan->nodes[node].integration))
            return true;
    return plan->nodes[node].integration.length == 0;
}

static void list_integrations(const Plan *plan, PgArray *names) {
    for (uint32_t i = 0; i < plan->node_count; i++)
        if (!is_listed(plan, i))
            pg_array_add_bytes(names, plan->nodes[i].integration);
}

static int insert_version(ApiCall *call, const Publication *publication, const Plan *plan,
                          const Uuid *version) {
    _cleanup_(pg_array_free_p) PgArray *names = pg_array_new(PG_ARRAY_TEXT);
    PgParam params[] = {
        pg_uuid(version),
        pg_uuid(&call->principal.tenant.uuid),
        pg_uuid(&publication->row->id),
        pg_number((int64_t)plan->hash),
        pg_text(publication->definition),
        pg_null(),
        pg_text(publication->description.length > 0 ? publication->description : STR("")),
        pg_flag(publication->is_rollback),
        pg_text(str_of(call->principal.user)),
    };

    list_integrations(plan, names);
    params[5] = pg_array_param(names);
    return call_query(call, sql_version, params, ARRAY_SIZE(params), NULL);
}

static int retire_active(ApiCall *call, const Publication *publication) {
    static const char sql[] = "UPDATE headrace.workflow_version SET is_active = false"
                              " WHERE template_id = $1 AND is_active";
    PgParam params[] = {pg_uuid(&publication->row->id)};

    return call_query(call, sql, params, 1, NULL);
}

static int activate(ApiCall *call, const Publication *publication, const Uuid *version) {
    static const char sql[] =
        "UPDATE headrace.workflow_template SET active_version_id = $2, canary_version_id = NULL,"
        " canary_percent = 0,"
        " status = CASE status WHEN 'DRAFT' THEN 'PUBLISHED' ELSE status END WHERE id = $1";
    PgParam params[] = {pg_uuid(&publication->row->id), pg_uuid(version)};

    return call_query(call, sql, params, 2, NULL);
}

int publication_make(ApiCall *call, const Publication *publication, Uuid *ret_version) {
    _cleanup_(plan_free_p) Plan *plan = NULL;
    Uuid version = clock_uuid_v7();
    Projection projection;
    int r;

    if (str_is(publication->row->status, "ARCHIVED"))
        return call_refuse(call, API_CONFLICT, STR("The workflow is archived."));
    r = publication_compile(call, publication->definition, &plan);
    if (r == 0)
        r = retire_active(call, publication);
    if (r == 0)
        r = insert_version(call, publication, plan, &version);
    if (r)
        return r;
    projection = (Projection){.row = publication->row, .plan = plan, .version = version};
    r = projection_store(call, &projection);
    if (r == 0)
        r = timetable_store(call, &projection);
    if (r == 0)
        r = activate(call, publication, &version);
    if (r == 0)
        *ret_version = version;
    return r;
}
