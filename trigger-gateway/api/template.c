/* One workflow, found for a call. */

#include "trigger-gateway/api/template.h"

#include <string.h>

#define MISSING STR("There is no such workflow, or it is not shown to this key.")
#define KEY_BYTES_MAX 128

#define SQL_ROW                                                                                    \
    "SELECT t.id, t.template_id, t.name, t.status, t.draft, t.is_active, t.draft_rev,"             \
    " t.active_version_id, " SQL_ALLOWS("t") " FROM headrace.workflow_template t"                  \
                                             " WHERE (t.id = $1 OR t.template_id = $2)"            \
                                             " AND " SQL_SEES("t")

static const char sql_read[] = SQL_ROW;
static const char sql_lock[] = SQL_ROW " FOR UPDATE OF t";

int template_find(ApiCall *call, Str id_or_key, TemplateUse use, TemplateRow *ret_row) {
    _cleanup_(pg_result_free_p) PgResult *result = NULL;
    Uuid id;
    PgParam params[] = {call_uuid(id_or_key, &id), pg_text(id_or_key)};
    TemplateRow row = {0};
    int r = call_query(call, use == TEMPLATE_FOR_CHANGE ? sql_lock : sql_read, params, 2, &result);

    if (r)
        return r;
    if (pg_rows(result) == 0)
        return call_refuse(call, API_NOT_FOUND, MISSING);
    if (!pg_bool(result, 0, 8))
        return call_refuse(call, API_FORBIDDEN,
                           STR("The workflow lets this key see it, but not do that."));
    row.id = pg_get_uuid(result, 0, 0);
    row.id_text = uuid_text(row.id);
    row.key = str_copy(&call->arena, pg_str(result, 0, 1));
    row.name = str_copy(&call->arena, pg_str(result, 0, 2));
    row.status = str_copy(&call->arena, pg_str(result, 0, 3));
    row.draft = str_copy(&call->arena, pg_str(result, 0, 4));
    row.is_active = pg_bool(result, 0, 5);
    row.draft_rev = pg_int(result, 0, 6);
    row.is_published = !pg_is_null(result, 0, 7);
    if (row.is_published)
        row.active_version = pg_get_uuid(result, 0, 7);
    *ret_row = row;
    return 0;
}

static bool is_key_character(char c, size_t place) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
        return true;
    return place > 0 && c != '\0' && strchr("._~-", c) != NULL;
}

bool template_key_is_valid(Str key) {
    Uuid id;

    if (key.length == 0 || key.length > KEY_BYTES_MAX || uuid_from_text(key, &id))
        return false;
    for (size_t i = 0; i < key.length; i++)
        if (!is_key_character(key.data[i], i))
            return false;
    return true;
}

Str template_etag(ApiCall *call, int64_t draft_rev) {
    return str_printf(&call->arena, "\"%lld\"", (long long)draft_rev);
}

int template_check_match(ApiCall *call, const TemplateRow *row) {
    Str rest = call->if_match, etag = template_etag(call, row->draft_rev);

    if (rest.length == 0)
        return 0;
    while (rest.data != NULL) {
        Str wanted = str_trim(str_split(&rest, ','));

        if (str_is(wanted, "*") || str_equal(wanted, etag))
            return 0;
    }
    return call_refuse(call, API_PRECONDITION_FAILED,
                       str_printf(&call->arena, "The draft is at revision %lld now; read it again.",
                                  (long long)row->draft_rev));
}

int template_answer(ApiCall *call, uint32_t status, const Uuid *id) {
    static const char sql[] =
        "SELECT json_build_object('id', t.id, 'templateId', t.template_id, 'tenantId',"
        " t.tenant_id, 'ownerId', t.owner_id, 'name', t.name, 'description', t.description,"
        " 'triggers', coalesce(v.workflow_data, t.draft) -> 'triggers',"
        " 'steps', coalesce(v.workflow_data, t.draft) -> 'steps',"
        " 'status', t.status, 'isActive', t.is_active, 'isPublic', t.is_public,"
        " 'metadata', t.metadata, 'permissionUserIds', t.permission_user_ids,"
        " 'permissionRoleIds', t.permission_role_ids, 'workflowData', t.draft,"
        " 'draftRev', t.draft_rev, 'activeVersionId', t.active_version_id,"
        " 'activeVersionNumber', v.version_number, 'canaryVersionId', t.canary_version_id,"
        " 'canaryPercent', t.canary_percent, 'createdAt', t.created_at,"
        " 'updatedAt', t.updated_at, 'createdBy', t.created_by), t.draft_rev"
        " FROM headrace.workflow_template t"
        " LEFT JOIN headrace.workflow_version v ON v.id = t.active_version_id"
        " WHERE t.id = $1";
    _cleanup_(pg_result_free_p) PgResult *result = NULL;
    PgParam params[] = {pg_uuid(id)};
    int r = call_query(call, sql, params, 1, &result);

    if (r == 0)
        r = call_answer_row(call, status, result, MISSING);
    if (r == 0)
        call->etag = template_etag(call, pg_int(result, 0, 1));
    return r;
}
