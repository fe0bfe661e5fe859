/* /v1/templates: workflows and their drafts. */

#include <string.h>

#include "common/base/alloc.h"
#include "common/io/clock.h"
#include "common/model/limits.h"
#include "trigger-gateway/api/body.h"
#include "trigger-gateway/api/library.h"
#include "trigger-gateway/api/route.h"
#include "trigger-gateway/api/template.h"

#define NAME_BYTES_MAX 256
#define DESCRIPTION_BYTES_MAX 8192
#define METADATA_BYTES_MAX (64 * KIB)
#define PERMISSIONS_MAX 100

/* The members of a workflow that its authors write. */
typedef struct TemplateBody {
    const Json *key;
    const Json *owner;
    const Json *name;
    const Json *description;
    const Json *status;
    const Json *is_active;
    const Json *is_public;
    const Json *metadata;
    const Json *users;
    const Json *roles;
    const Json *definition;
    const Json *triggers;
    const Json *steps;
    const Json *library;
} TemplateBody;

#define AT(member) offsetof(TemplateBody, member)

static const BodyField fields[] = {
    {"libraryId",         BODY_TEXT,   AT(library),     false, 36                      },
    {"templateId",        BODY_TEXT,   AT(key),         false, 128                     },
    {"ownerId",           BODY_TEXT,   AT(owner),       false, PRINCIPAL_NAME_BYTES_MAX},
    {"name",              BODY_TEXT,   AT(name),        false, NAME_BYTES_MAX          },
    {"description",       BODY_TEXT,   AT(description), false, DESCRIPTION_BYTES_MAX   },
    {"status",            BODY_TEXT,   AT(status),      false, 32                      },
    {"isActive",          BODY_FLAG,   AT(is_active),   false, 0                       },
    {"isPublic",          BODY_FLAG,   AT(is_public),   false, 0                       },
    {"metadata",          BODY_OBJECT, AT(metadata),    false, 0                       },
    {"permissionUserIds", BODY_ARRAY,  AT(users),       false, PERMISSIONS_MAX         },
    {"permissionRoleIds", BODY_ARRAY,  AT(roles),       false, PERMISSIONS_MAX         },
    {"workflowData",      BODY_OBJECT, AT(definition),  false, 0                       },
    {"triggers",          BODY_ARRAY,  AT(triggers),    false, TRIGGERS_MAX            },
    {"steps",             BODY_ARRAY,  AT(steps),       false, STEPS_MAX               },
};

int templates_list(ApiCall *call) {
    static const char *const known[] = {"cursor", "limit", "status", NULL};
    static const char sql[] =
        "SELECT json_build_object('id', t.id, 'templateId', t.template_id, 'tenantId',"
        " t.tenant_id, 'ownerId', t.owner_id, 'name', t.name, 'description', t.description,"
        " 'status', t.status, 'isActive', t.is_active, 'isPublic', t.is_public,"
        " 'metadata', t.metadata, 'permissionUserIds', t.permission_user_ids,"
        " 'permissionRoleIds', t.permission_role_ids, 'draftRev', t.draft_rev,"
        " 'activeVersionId', t.active_version_id, 'activeVersionNumber', v.version_number,"
        " 'createdAt', t.created_at, 'updatedAt', t.updated_at, 'createdBy', t.created_by), t.id"
        " FROM headrace.workflow_template t"
        " LEFT JOIN headrace.workflow_version v ON v.id = t.active_version_id"
        " WHERE t.id < $1 AND ($3::text IS NULL OR t.status = $3) AND " SQL_SEES(
            "t") " ORDER BY t.id DESC LIMIT $2 + 1";
    _cleanup_(pg_result_free_p) PgResult *result = NULL;
    CallPage page;
    int r = call_check_params(call, known);

    if (r == 0)
        r = call_page(call, &page);
    if (r == 0) {
        PgParam params[] = {pg_uuid(&page.after), pg_number(page.limit),
                            call_text(call_param(call, "status"))};

        r = call_query(call, sql, params, ARRAY_SIZE(params), &result);
    }
    return r ? r : call_answer_page(call, &page, result);
}

int templates_show(ApiCall *call) {
    TemplateRow row;
    int r = template_find(call, call->params[0], TEMPLATE_FOR_READING, &row);

    return r ? r : template_answer(call, 200, &row.id);
}

/* Checking ---------------------------------------------------------------------------------- */

static void check_body(ApiCall *call, const TemplateBody *body) {
    body_check_texts(call, "permissionUserIds", body->users, PRINCIPAL_NAME_BYTES_MAX);
    body_check_texts(call, "permissionRoleIds", body->roles, PRINCIPAL_NAME_BYTES_MAX);
    if (body->key != NULL && !template_key_is_valid(json_str(body->key)))
        call_complain(call, PROBLEM_INVALID_VALUE, STR("/templateId"),
                      STR("1 to 128 letters, digits and . _ ~ - are expected, beginning with a "
                          "letter or digit, and no UUID."));
    if (body->name != NULL && body->name->count == 0)
        call_complain(call, PROBLEM_INVALID_VALUE, STR("/name"), STR("The name is empty."));
    if (body->metadata != NULL &&
        json_text(&call->arena, body->metadata).length > METADATA_BYTES_MAX)
        call_complain(call, PROBLEM_LIMIT_EXCEEDED, STR("/metadata"),
                      STR("metadata is longer than 64 KiB."));
    if ((body->definition != NULL) + (body->triggers != NULL || body->steps != NULL) +
            (body->library != NULL) >
        1)
        call_complain(call, PROBLEM_INVALID_VALUE, STR("/workflowData"),
                      STR("Give either workflowData, or triggers and steps, or libraryId."));
}

/* What the draft will be: NULL when the body says nothing about it. */
static const Json *draft_of(ApiCall *call, const TemplateBody *body, const Json *old, Str name) {
    JsonObject draft = {.arena = &call->arena};
    Json *made;

    if (body->definition != NULL)
        return body->definition;
    if (old != NULL && body->triggers == NULL && body->steps == NULL)
        return NULL;
    for (uint32_t i = 0; json_is(old, JSON_OBJECT) && i < old->count; i++)
        json_add(&draft, old->members[i].key, old->members[i].value);
    if (old == NULL)
        json_add(&draft, STR("name"), json_string(name));
    if (body->triggers != NULL || old == NULL)
        json_add(&draft, STR("triggers"), body->triggers ? *body->triggers : json_array(NULL, 0));
    if (body->steps != NULL || old == NULL)
        json_add(&draft, STR("steps"), body->steps ? *body->steps : json_array(NULL, 0));
    made = arena_alloc(&call->arena, sizeof *made);
    *made = json_object_done(&draft);
    return made;
}

static int check_draft(ApiCall *call, const Json *draft) {
    if (draft != NULL && json_text(&call->arena, draft).length > DEFINITION_BYTES_MAX)
        call_complain(call, PROBLEM_LIMIT_EXCEEDED, STR("/workflowData"),
                      STR("A definition has at most 1 MiB."));
    return call_check_problems(call);
}

static void check_enter_status(ApiCall *call, const TemplateBody *body) {
    if (body->status != NULL && !str_is(json_str(body->status), "DRAFT"))
        call_complain(call, PROBLEM_INVALID_VALUE, STR("/status"),
                      STR("A new workflow is a DRAFT; publishing makes it PUBLISHED."));
}

/* "Order intake, v2" is order-intake-v2. */
static Str key_from_name(ApiCall *call, Str name) {
    char *key = arena_alloc(&call->arena, name.length + 1);
    size_t length = 0;

    for (size_t i = 0; i < name.length && length < 64; i++) {
        char c = name.data[i];

        if (c >= 'A' && c <= 'Z')
            c = (char)(c + ('a' - 'A'));
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            key[length++] = c;
        else if (length > 0 && key[length - 1] != '-')
            key[length++] = '-';
    }
    while (length > 0 && key[length - 1] == '-')
        length--;
    return str_from(key, length);
}

/* Making ------------------------------------------------------------------------------------ */

typedef struct NewTemplate {
    Uuid id;
    Str key;
    Str name;
    const Json *draft;
} NewTemplate;

/* The author's, else the definition's. */
static const Json *description_of(const TemplateBody *body, const Json *draft) {
    const Json *description = json_member(draft, STR("description"));

    if (body->description != NULL)
        return body->description;
    return json_is(description, JSON_STRING) && description->count <= DESCRIPTION_BYTES_MAX
               ? description
               : NULL;
}

static int insert(ApiCall *call, const TemplateBody *body, const NewTemplate *made) {
    static const char sql[] =
        "INSERT INTO headrace.workflow_template (id, tenant_id, template_id, owner_id, name,"
        " description, is_active, is_public, metadata, permission_user_ids, permission_role_ids,"
        " draft, created_by)"
        " VALUES ($1, $2, $3, coalesce($4, $12), $5, coalesce($6, ''), coalesce($7, true),"
        " coalesce($8, false), coalesce($9::jsonb, '{}'), coalesce($10::text[], '{}'),"
        " coalesce($11::text[], '{}'), $13::json, $12)";
    _cleanup_(pg_array_free_p) PgArray *users = pg_array_new(PG_ARRAY_TEXT);
    _cleanup_(pg_array_free_p) PgArray *roles = pg_array_new(PG_ARRAY_TEXT);
    PgParam params[] = {
        pg_uuid(&made->id),
        pg_uuid(&call->principal.tenant.uuid),
        pg_text(made->key),
        body_text(body->owner),
        pg_text(made->name),
        body_text(description_of(body, made->draft)),
        body_flag(body->is_active),
        body_flag(body->is_public),
        body_json(call, body->metadata),
        body_texts(body->users, users),
        body_texts(body->roles, roles),
        pg_text(str_of(call->principal.user)),
        body_json(call, made->draft),
    };

    return call_query(call, sql, params, ARRAY_SIZE(params), NULL);
}

/* The author's, else the definition's, else the key. */
static Str name_of(const TemplateBody *body, Str key) {
    const Json *name = body->name ? body->name : json_member(body->definition, STR("name"));

    if (!json_is(name, JSON_STRING) || name->count == 0)
        return key;
    return name->count > NAME_BYTES_MAX ? key : json_str(name);
}

static int create(ApiCall *call, const TemplateBody *body, Str key) {
    NewTemplate made = {.id = clock_uuid_v7(), .key = key};
    UuidText id = uuid_text(made.id);
    int r;

    made.name = name_of(body, key);
    if (made.name.length == 0 && body->name == NULL)
        call_complain(call, PROBLEM_MISSING_KEY, STR_NONE, STR("name is missing."));
    if (made.key.length == 0)
        made.key = key_from_name(call, made.name);
    if (made.key.length == 0)
        made.key = str_of(id.text + 24);
    check_enter_status(call, body);
    made.draft = draft_of(call, body, NULL, made.name);
    r = check_draft(call, made.draft);
    if (r == 0)
        r = insert(call, body, &made);
    if (r == 0)
        r = call_audit(call, &(CallAudit){"create", "template", str_of(id.text), STR_NONE});
    if (r == 0)
        r = template_answer(call, 201, &made.id);
    if (r == 0)
        call->location = str_printf(&call->arena, "/v1/templates/%s", id.text);
    return r;
}

int templates_create(ApiCall *call) {
    TemplateBody body = {0};
    int r = body_read(call, fields, ARRAY_SIZE(fields), &body);

    if (r)
        return r;
    check_body(call, &body);
    if (body.library != NULL)
        r = library_definition(call, json_str(body.library), &body.definition);
    return r ? r : create(call, &body, json_str(body.key));
}

/* Changing ---------------------------------------------------------------------------------- */

/* Whether a workflow may become that, and why not. */
static const char *refused_status(const TemplateRow *row, Str status) {
    if (str_equal(row->status, status) || str_is(status, "ARCHIVED"))
        return NULL;
    if (str_is(status, "DRAFT"))
        return row->is_published ? "It has been published; archive it instead." : NULL;
    if (str_is(status, "PUBLISHED") || str_is(status, "DEPRECATED"))
        return row->is_published ? NULL : "It has no version yet; publish it.";
    return "DRAFT, PUBLISHED, DEPRECATED or ARCHIVED is expected.";
}

static int check_status(ApiCall *call, const TemplateRow *row, const Json *status) {
    const char *why = status ? refused_status(row, json_str(status)) : NULL;

    return why ? call_refuse(call, API_CONFLICT, str_of(why)) : 0;
}

static int update(ApiCall *call, const TemplateBody *body, const TemplateRow *row,
                  const Json *draft) {
    static const char sql[] =
        "UPDATE headrace.workflow_template SET draft_rev = draft_rev + 1,"
        " template_id = coalesce($2, template_id), owner_id = coalesce($3, owner_id),"
        " name = coalesce($4, name), description = coalesce($5, description),"
        " status = coalesce($6, status), is_active = coalesce($7, is_active),"
        " is_public = coalesce($8, is_public), metadata = coalesce($9::jsonb, metadata),"
        " permission_user_ids = coalesce($10::text[], permission_user_ids),"
        " permission_role_ids = coalesce($11::text[], permission_role_ids),"
        " draft = coalesce($12::json, draft) WHERE id = $1";
    _cleanup_(pg_array_free_p) PgArray *users = pg_array_new(PG_ARRAY_TEXT);
    _cleanup_(pg_array_free_p) PgArray *roles = pg_array_new(PG_ARRAY_TEXT);
    PgParam params[] = {
        pg_uuid(&row->id),
        body_text(body->key),
        body_text(body->owner),
        body_text(body->name),
        body_text(body->description),
        body_text(body->status),
        body_flag(body->is_active),
        body_flag(body->is_public),
        body_json(call, body->metadata),
        body_texts(body->users, users),
        body_texts(body->roles, roles),
        body_json(call, draft),
    };

    return call_query(call, sql, params, ARRAY_SIZE(params), NULL);
}

static void refuse_library(ApiCall *call, const TemplateBody *body) {
    if (body->library != NULL)
        call_complain(call, PROBLEM_INVALID_VALUE, STR("/libraryId"),
                      STR("Only POST /v1/templates starts from the library."));
}

static int change(ApiCall *call, const TemplateBody *body, const TemplateRow *row) {
    JsonLimits limits = {
        .bytes_max = row->draft.length, .depth_max = JSON_DEPTH_MAX, .nodes_max = JSON_NODES_MAX};
    const Json *draft;
    Json old;
    int r = template_check_match(call, row);

    if (r == 0)
        r = check_status(call, row, body->status);
    if (r)
        return r;
    if (json_parse(&call->arena, row->draft, limits, &old, NULL))
        old = json_object(NULL, 0);
    draft = draft_of(call, body, &old, row->name);
    r = check_draft(call, draft);
    if (r == 0)
        r = update(call, body, row, draft);
    if (r == 0)
        r = call_audit(call,
                       &(CallAudit){"update", "template", str_of(row->id_text.text), STR_NONE});
    return r ? r : template_answer(call, 200, &row->id);
}

int templates_patch(ApiCall *call) {
    TemplateBody body = {0};
    TemplateRow row;
    int r = template_find(call, call->params[0], TEMPLATE_FOR_CHANGE, &row);

    if (r == 0)
        r = body_read(call, fields, ARRAY_SIZE(fields), &body);
    if (r)
        return r;
    check_body(call, &body);
    refuse_library(call, &body);
    return change(call, &body, &row);
}

/* Creates it under the key of the path, or changes it: the same request twice is fine. */
int templates_put(ApiCall *call) {
    TemplateBody body = {0};
    TemplateRow row;
    Str key = call->params[0];
    int r = body_read(call, fields, ARRAY_SIZE(fields), &body);

    if (r)
        return r;
    check_body(call, &body);
    refuse_library(call, &body);
    r = call_check_problems(call);
    if (r)
        return r;
    r = template_find(call, key, TEMPLATE_FOR_CHANGE, &row);
    if (r == 0 && str_is(call->if_none_match, "*"))
        return call_refuse(call, API_PRECONDITION_FAILED, STR("The workflow is there already."));
    if (r == 0)
        return change(call, &body, &row);
    if (r != CALL_REFUSED || call->status != 404 || !template_key_is_valid(key))
        return r;
    if (call->if_match.length > 0)
        return call_refuse(call, API_PRECONDITION_FAILED, STR("There is no such workflow."));
    if (body.key != NULL && !str_equal(json_str(body.key), key))
        return call_refuse(call, API_CONFLICT,
                           STR("templateId and the key in the path are different."));
    return create(call, &body, key);
}

int templates_delete(ApiCall *call) {
    static const char sql[] =
        "DELETE FROM headrace.workflow_template t WHERE t.id = $1 AND NOT EXISTS"
        " (SELECT 1 FROM headrace.workflow_version v WHERE v.template_id = t.id)";
    _cleanup_(pg_result_free_p) PgResult *result = NULL;
    TemplateRow row;
    int r = template_find(call, call->params[0], TEMPLATE_FOR_CHANGE, &row);

    if (r == 0)
        r = template_check_match(call, &row);
    if (r == 0) {
        PgParam params[] = {pg_uuid(&row.id)};

        r = call_query(call, sql, params, 1, &result);
    }
    if (r)
        return r;
    if (pg_affected(result) == 0)
        return call_refuse(call, API_CONFLICT,
                           STR("It has been published, and its executions refer to it; set its "
                               "status to ARCHIVED instead."));
    r = call_audit(call, &(CallAudit){"delete", "template", str_of(row.id_text.text), STR_NONE});
    return r ? r : call_answer(call, 204, STR_NONE);
}
