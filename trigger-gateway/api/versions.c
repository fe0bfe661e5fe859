/* /v1/templates/…/versions, validate, publish, rollback: definitions that never change again. */

#include <string.h>

#include "trigger-gateway/api/body.h"
#include "trigger-gateway/api/publication.h"
#include "trigger-gateway/api/route.h"

#define DESCRIPTION_BYTES_MAX 4096

#define VERSION_HEAD                                                                               \
    "json_build_object('id', v.id, 'tenantId', v.tenant_id, 'templateId', v.template_id,"          \
    " 'versionNumber', v.version_number, 'isActive', v.is_active,"                                 \
    " 'changeDescription', v.change_description, 'isRollbackVersion', v.is_rollback_version,"      \
    " 'integrations', v.integrations, 'createdAt', v.created_at, 'updatedAt', v.updated_at,"       \
    " 'createdBy', v.created_by"

static const char sql_by_id[] = "SELECT " VERSION_HEAD ", 'workflowData', v.workflow_data)"
                                " FROM headrace.workflow_version v WHERE v.id = $1";

int versions_list(ApiCall *call) {
    static const char *const known[] = {"cursor", "limit", NULL};
    static const char sql[] = "SELECT " VERSION_HEAD "), v.id FROM headrace.workflow_version v"
                              " WHERE v.template_id = $1 AND v.id < $2"
                              " ORDER BY v.id DESC LIMIT $3 + 1";
    _cleanup_(pg_result_free_p) PgResult *result = NULL;
    TemplateRow row;
    CallPage page;
    int r = call_check_params(call, known);

    if (r == 0)
        r = call_page(call, &page);
    if (r == 0)
        r = template_find(call, call->params[0], TEMPLATE_FOR_READING, &row);
    if (r == 0) {
        PgParam params[] = {pg_uuid(&row.id), pg_uuid(&page.after), pg_number(page.limit)};

        r = call_query(call, sql, params, ARRAY_SIZE(params), &result);
    }
    return r ? r : call_answer_page(call, &page, result);
}

/* By its number or its id. */
int versions_show(ApiCall *call) {
    static const char sql[] = "SELECT " VERSION_HEAD ", 'workflowData', v.workflow_data)"
                              " FROM headrace.workflow_version v WHERE v.template_id = $1"
                              " AND (v.version_number = $2 OR v.id = $3)";
    _cleanup_(pg_result_free_p) PgResult *result = NULL;
    int64_t number = 0;
    TemplateRow row;
    Uuid id;
    int r = template_find(call, call->params[0], TEMPLATE_FOR_READING, &row);

    if (r == 0) {
        PgParam params[] = {pg_uuid(&row.id), pg_null(), call_uuid(call->params[1], &id)};

        if (str_to_int64(call->params[1], 1, INT32_MAX, &number))
            params[1] = pg_number(number);
        r = call_query(call, sql, params, ARRAY_SIZE(params), &result);
    }
    return r ? r : call_answer_row(call, 200, result, STR("There is no such version."));
}

/* Publishing -------------------------------------------------------------------------------- */

static int answer_version(ApiCall *call, const TemplateRow *row, const Uuid *version,
                          const char *verb) {
    _cleanup_(pg_result_free_p) PgResult *result = NULL;
    PgParam params[] = {pg_uuid(version)};
    UuidText id = uuid_text(*version);
    int r =
        call_audit(call, &(CallAudit){verb, "template", str_of(row->id_text.text),
                                      str_printf(&call->arena, "{\"versionId\":\"%s\"}", id.text)});

    if (r == 0)
        r = call_query(call, sql_by_id, params, 1, &result);
    if (r == 0)
        r = call_answer_row(call, 201, result, STR("The version is gone."));
    if (r == 0)
        call->location =
            str_printf(&call->arena, "/v1/templates/%s/versions/%s", row->id_text.text, id.text);
    return r;
}

/* Says what publishing the draft would say; 200 with an empty list when it would work. */
int versions_validate(ApiCall *call) {
    _cleanup_(plan_free_p) Plan *plan = NULL;
    TemplateRow row;
    int r = template_find(call, call->params[0], TEMPLATE_FOR_READING, &row);

    if (r == 0)
        r = body_read(call, NULL, 0, NULL);
    if (r == 0)
        r = call_check_problems(call);
    if (r)
        return r;
    r = publication_compile(call, row.draft, &plan);
    if (r == CALL_REFUSED && call->problems.count > 0) {
        buf_clear(&call->answer);
        buf_add_text(&call->answer, "{\"isValid\":false,\"problems\":");
        api_problem_write_errors(&call->answer, &call->problems);
        buf_add_char(&call->answer, '}');
        call->status = 200;
        call->is_problem = false;
        return 0;
    }
    return r ? r : call_answer(call, 200, STR("{\"isValid\":true,\"problems\":[]}"));
}

typedef struct PublishBody {
    const Json *description;
    const Json *number;
} PublishBody;

#define AT(member) offsetof(PublishBody, member)

int versions_publish(ApiCall *call) {
    static const BodyField fields[] = {
        {"changeDescription", BODY_TEXT, AT(description), false, DESCRIPTION_BYTES_MAX},
    };
    PublishBody body = {0};
    TemplateRow row;
    Uuid version;
    int r = template_find(call, call->params[0], TEMPLATE_FOR_CHANGE, &row);

    if (r == 0)
        r = body_read(call, fields, ARRAY_SIZE(fields), &body);
    if (r == 0)
        r = call_check_problems(call);
    if (r == 0)
        r = template_check_match(call, &row);
    if (r == 0)
        r = publication_make(call,
                             &(Publication){
                                 .row = &row,
                                 .definition = row.draft,
                                 .description = json_str(body.description),
                             },
                             &version);
    return r ? r : answer_version(call, &row, &version, "publish");
}

static int read_definition(ApiCall *call, const TemplateRow *row, int64_t number,
                           Str *ret_definition) {
    static const char sql[] = "SELECT v.workflow_data FROM headrace.workflow_version v"
                              " WHERE v.template_id = $1 AND v.version_number = $2";
    _cleanup_(pg_result_free_p) PgResult *result = NULL;
    PgParam params[] = {pg_uuid(&row->id), pg_number(number)};
    int r = call_query(call, sql, params, 2, &result);

    if (r)
        return r;
    if (pg_rows(result) == 0)
        return call_refuse(call, API_NOT_FOUND, STR("There is no version of that number."));
    *ret_definition = str_copy(&call->arena, pg_str(result, 0, 0));
    return 0;
}

int versions_rollback(ApiCall *call) {
    static const BodyField fields[] = {
        {"versionNumber",     BODY_NUMBER, AT(number),      true,  0                    },
        {"changeDescription", BODY_TEXT,   AT(description), false, DESCRIPTION_BYTES_MAX},
    };
    Publication publication = {.is_rollback = true};
    PublishBody body = {0};
    TemplateRow row;
    int64_t number = 0;
    Uuid version;
    int r = template_find(call, call->params[0], TEMPLATE_FOR_CHANGE, &row);

    if (r == 0)
        r = body_read(call, fields, ARRAY_SIZE(fields), &body);
    if (r)
        return r;
    if (body.number != NULL &&
        (!json_to_int64(body.number, &number) || number < 1 || number > INT32_MAX))
        call_complain(call, PROBLEM_INVALID_VALUE, STR("/versionNumber"),
                      STR("The number of a version is expected."));
    r = call_check_problems(call);
    if (r == 0)
        r = read_definition(call, &row, number, &publication.definition);
    if (r)
        return r;
    publication.row = &row;
    publication.description =
        body.description ? json_str(body.description)
                         : str_printf(&call->arena, "Back to version %lld.", (long long)number);
    r = publication_make(call, &publication, &version);
    return r ? r : answer_version(call, &row, &version, "rollback");
}
