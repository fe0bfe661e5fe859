/* /v1/templates/…/triggers: addresses, and the switch of each. */

#include "common/model/limits.h"
#include "trigger-gateway/api/body.h"
#include "trigger-gateway/api/route.h"
#include "trigger-gateway/api/timetable.h"

/* The token in a webhook's URL is all that a caller needs; only authors are shown it. */
#define SQL_TRIGGERS                                                                               \
    "SELECT json_build_object('id', g.id, 'templateId', g.template_id, 'versionId', g.version_id," \
    " 'name', g.name, 'type', g.type, 'integrationId', g.integration_id,"                          \
    " 'integrationEventId', g.integration_event_id, 'config', g.config,"                           \
    " 'cronExpression', g.cron_expression, 'enabled', coalesce(s.enabled, true),"                  \
    " 'webhookUrl', CASE WHEN g.type = 'WEBHOOK'"                                                  \
    "   AND current_setting('app.role') IN ('editor', 'admin')"                                    \
    "   THEN $2 || '/h/' || s.token || CASE s.path WHEN '' THEN '' ELSE '/' || s.path END END,"    \
    " 'timezone', c.timezone, 'nextFireAt', CASE WHEN c.enabled THEN c.next_fire_at END,"          \
    " 'lastFiredAt', c.last_fired_at, 'createdAt', g.created_at, 'updatedAt',"                     \
    " coalesce(s.updated_at, g.updated_at), 'createdBy', g.created_by)"                            \
    " FROM headrace.workflow_trigger g"                                                            \
    " LEFT JOIN headrace.trigger_state s ON s.tenant_id = g.tenant_id"                             \
    "  AND s.template_id = g.template_id AND s.trigger_id = g.id"                                  \
    " LEFT JOIN headrace.schedule c ON c.tenant_id = g.tenant_id"                                  \
    "  AND c.template_id = g.template_id AND c.trigger_id = g.id"                                  \
    " WHERE g.version_id = $1"

/* A workflow without a version has no triggers yet: an empty list. */
int triggers_list(ApiCall *call) {
    static const char sql[] = SQL_TRIGGERS " ORDER BY g.id";
    _cleanup_(pg_result_free_p) PgResult *result = NULL;
    CallPage page = {.limit = TRIGGERS_MAX};
    TemplateRow row;
    int r = template_find(call, call->params[0], TEMPLATE_FOR_READING, &row);

    if (r == 0 && !row.is_published)
        return call_answer(call, 200, STR("{\"items\":[],\"nextCursor\":null}"));
    if (r == 0) {
        PgParam params[] = {pg_uuid(&row.active_version), pg_text(str_of(call->ports->hooks_url))};

        r = call_query(call, sql, params, 2, &result);
    }
    return r ? r : call_answer_page(call, &page, result);
}

static int answer_trigger(ApiCall *call, const TemplateRow *row, Str trigger) {
    static const char sql[] = SQL_TRIGGERS " AND g.id = $3";
    _cleanup_(pg_result_free_p) PgResult *result = NULL;
    PgParam params[] = {pg_uuid(&row->active_version), pg_text(str_of(call->ports->hooks_url)),
                        pg_text(trigger)};
    int r = call_query(call, sql, params, 3, &result);

    return r ? r : call_answer_row(call, 200, result, STR("There is no such trigger."));
}

static int set_enabled(ApiCall *call, bool is_enabled) {
    static const char sql[] = "UPDATE headrace.trigger_state SET enabled = $3"
                              " WHERE template_id = $1 AND trigger_id = $2";
    _cleanup_(pg_result_free_p) PgResult *result = NULL;
    Str trigger = call->params[1];
    TemplateRow row;
    int r = template_find(call, call->params[0], TEMPLATE_FOR_CHANGE, &row);

    if (r == 0)
        r = body_read(call, NULL, 0, NULL);
    if (r == 0)
        r = call_check_problems(call);
    if (r == 0) {
        PgParam params[] = {pg_uuid(&row.id), pg_text(trigger), pg_flag(is_enabled)};

        r = call_query(call, sql, params, 3, &result);
    }
    if (r)
        return r;
    if (pg_affected(result) == 0)
        return call_refuse(call, API_NOT_FOUND, STR("There is no such trigger."));
    r = timetable_switch(call, &row, trigger, is_enabled);
    if (r == 0)
        r = call_audit(call, &(CallAudit){is_enabled ? "enable" : "disable", "trigger",
                                          str_printf(&call->arena, "%s/%.*s", row.id_text.text,
                                                     STR_ARGS(trigger)),
                                          STR_NONE});
    return r ? r : answer_trigger(call, &row, trigger);
}

int triggers_enable(ApiCall *call) {
    return set_enabled(call, true);
}

int triggers_disable(ApiCall *call) {
    return set_enabled(call, false);
}
