/* /v1/integrations: what steps can call and what can start them. */

#include "trigger-gateway/api/route.h"

#define INTEGRATION                                                                                \
    "json_build_object('id', d.id, 'tenantId', d.tenant_id, 'name', d.name, 'displayName',"        \
    " d.display_name, 'description', d.description, 'logoUrl', d.logo_url, 'authType',"            \
    " d.auth_type, 'authConfig', d.auth_config, 'revision', d.revision, 'actions',"                \
    " (SELECT coalesce(json_agg(json_build_object('id', a.id, 'name', a.name, 'displayName',"      \
    "   a.display_name, 'endpoint', a.endpoint, 'method', a.method, 'inputSchema',"                \
    "   a.input_schema, 'outputSchema', a.output_schema, 'defaultConfig', a.default_config,"       \
    "   'createdAt', a.created_at, 'updatedAt', a.updated_at, 'createdBy', a.created_by)"          \
    "   ORDER BY a.name), '[]') FROM headrace.integration_action a"                                \
    "   WHERE a.integration_id = d.id), 'triggers',"                                               \
    " (SELECT coalesce(json_agg(json_build_object('id', g.id, 'name', g.name, 'displayName',"      \
    "   g.display_name, 'type', g.type, 'inputSchema', g.input_schema, 'webhookUrl',"              \
    "   g.webhook_url, 'config', g.config, 'createdAt', g.created_at, 'updatedAt',"                \
    "   g.updated_at, 'createdBy', g.created_by) ORDER BY g.name), '[]')"                          \
    "   FROM headrace.integration_trigger g WHERE g.integration_id = d.id),"                       \
    " 'createdAt', d.created_at, 'updatedAt', d.updated_at, 'createdBy', d.created_by)"

int integrations_list(ApiCall *call) {
    static const char *const known[] = {"cursor", "limit", NULL};
    static const char sql[] = "SELECT " INTEGRATION ", d.id FROM headrace.integration_definition d"
                              " WHERE d.id < $1 ORDER BY d.id DESC LIMIT $2 + 1";
    _cleanup_(pg_result_free_p) PgResult *result = NULL;
    CallPage page;
    int r = call_check_params(call, known);

    if (r == 0)
        r = call_page(call, &page);
    if (r == 0) {
        PgParam params[] = {pg_uuid(&page.after), pg_number(page.limit)};

        r = call_query(call, sql, params, 2, &result);
    }
    return r ? r : call_answer_page(call, &page, result);
}

/* By id or name; the tenant's own goes before a system-wide one of the same name. */
int integrations_show(ApiCall *call) {
    static const char sql[] = "SELECT " INTEGRATION " FROM headrace.integration_definition d"
                              " WHERE d.id = $1 OR d.name = $2"
                              " ORDER BY d.id = $1 DESC NULLS LAST, d.tenant_id NULLS LAST LIMIT 1";
    _cleanup_(pg_result_free_p) PgResult *result = NULL;
    Uuid id;
    PgParam params[] = {call_uuid(call->params[0], &id), pg_text(call->params[0])};
    int r = call_query(call, sql, params, 2, &result);

    return r ? r : call_answer_row(call, 200, result, STR("There is no such integration."));
}
