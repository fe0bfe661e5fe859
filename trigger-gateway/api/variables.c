/* /v1/variables: what `.vars` and `.secrets` show. */

#include <string.h>

#include "common/io/clock.h"
#include "common/model/kinds.h"
#include "trigger-gateway/api/body.h"
#include "trigger-gateway/api/route.h"
#include "trigger-gateway/api/sealing.h"
#include "trigger-gateway/api/template.h"

#define KEY_BYTES_MAX 128
#define VALUE_BYTES_MAX (64 * KIB)
#define MISSING STR("There is no such variable.")

/* A SECRET has no value here, not even a null one. */
#define VARIABLE                                                                                   \
    "CASE v.type WHEN 'SECRET' THEN json_build_object('id', v.id, 'tenantId', v.tenant_id,"        \
    " 'templateId', v.template_id, 'key', v.key, 'type', v.type, 'isEncrypted', v.is_encrypted,"   \
    " 'isSystem', v.is_system, 'rev', v.rev, 'createdAt', v.created_at, 'updatedAt',"              \
    " v.updated_at, 'createdBy', v.created_by)"                                                    \
    " ELSE json_build_object('id', v.id, 'tenantId', v.tenant_id, 'templateId', v.template_id,"    \
    " 'key', v.key, 'type', v.type, 'value', v.value, 'isEncrypted', v.is_encrypted, 'isSystem',"  \
    " v.is_system, 'rev', v.rev, 'createdAt', v.created_at, 'updatedAt', v.updated_at,"            \
    " 'createdBy', v.created_by) END"

/* A workflow's own variables are seen by who may see the workflow. */
#define SQL_OWN                                                                                    \
    "(v.template_id IS NULL OR EXISTS (SELECT 1 FROM headrace.workflow_template t"                 \
    " WHERE t.id = v.template_id AND " SQL_ALLOWS("t") "))"

typedef struct VariableBody {
    const Json *key;
    const Json *type;
    const Json *value;
    const Json *is_encrypted;
    const Json *template_id;
} VariableBody;

#define AT(member) offsetof(VariableBody, member)

static const BodyField fields[] = {
    {"key",         BODY_TEXT,             AT(key),          false, KEY_BYTES_MAX},
    {"type",        BODY_TEXT,             AT(type),         false, 16           },
    {"value",       BODY_ANY,              AT(value),        true,  0            },
    {"isEncrypted", BODY_FLAG,             AT(is_encrypted), false, 0            },
    {"templateId",  BODY_TEXT | BODY_NULL, AT(template_id),  false, 128          },
};

/* What is going to be stored. */
typedef struct Variable {
    Uuid id;
    Str key;
    VariableType type;
    bool has_template;
    Uuid template_id;
    const Json *value;
} Variable;

int variables_list(ApiCall *call) {
    static const char *const known[] = {"cursor", "limit", "templateId", NULL};
    static const char sql[] = "SELECT " VARIABLE ", v.id FROM headrace.workflow_variable v"
                              " WHERE v.id < $1 AND ($3::uuid IS NULL OR v.template_id = $3)"
                              " AND " SQL_OWN " ORDER BY v.id DESC LIMIT $2 + 1";
    _cleanup_(pg_result_free_p) PgResult *result = NULL;
    Str key = call_param(call, "templateId");
    TemplateRow row = {0};
    CallPage page;
    int r = call_check_params(call, known);

    if (r == 0)
        r = call_page(call, &page);
    if (r == 0 && key.data != NULL)
        r = template_find(call, key, TEMPLATE_FOR_READING, &row);
    if (r == 0) {
        PgParam params[] = {pg_uuid(&page.after), pg_number(page.limit),
                            key.data ? pg_uuid(&row.id) : pg_null()};

        r = call_query(call, sql, params, ARRAY_SIZE(params), &result);
    }
    return r ? r : call_answer_page(call, &page, result);
}

/* Finding ----------------------------------------------------------------------------------- */

/* The workflow that the query or the body names; none: the tenant's own variables. */
static int read_scope(ApiCall *call, const Json *in_body, Variable *variable) {
    Str key = call_param(call, "templateId");
    TemplateRow row;
    int r;

    if (key.length == 0)
        key = json_str(in_body);
    if (key.length == 0)
        return 0;
    r = template_find(call, key, TEMPLATE_FOR_READING, &row);
    if (r)
        return r;
    variable->has_template = true;
    variable->template_id = row.id;
    return 0;
}

/* By its id, or by its key in the scope. Rows: the answer's JSON, id, key, type, is_system. */
static int find(ApiCall *call, Str id_or_key, const Variable *scope, PgResult **ret_result) {
    static const char sql[] =
        "SELECT " VARIABLE ", v.id, v.key, v.type, v.is_system, v.template_id"
        " FROM headrace.workflow_variable v"
        " WHERE (v.id = $1 OR (v.key = $2 AND v.template_id IS NOT DISTINCT FROM $3::uuid))"
        " AND " SQL_OWN " ORDER BY v.id = $1 DESC NULLS LAST LIMIT 1";
    Uuid id;
    PgParam params[] = {call_uuid(id_or_key, &id), pg_text(id_or_key),
                        scope->has_template ? pg_uuid(&scope->template_id) : pg_null()};

    return call_query(call, sql, params, ARRAY_SIZE(params), ret_result);
}

int variables_show(ApiCall *call) {
    static const char *const known[] = {"templateId", NULL};
    _cleanup_(pg_result_free_p) PgResult *result = NULL;
    Variable scope = {0};
    int r = call_check_params(call, known);

    if (r == 0)
        r = read_scope(call, NULL, &scope);
    if (r == 0)
        r = find(call, call->params[0], &scope, &result);
    return r ? r : call_answer_row(call, 200, result, MISSING);
}

/* Checking ---------------------------------------------------------------------------------- */

static bool is_key_character(char c, size_t place) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_')
        return true;
    return place > 0 && ((c >= '0' && c <= '9') || c == '.' || c == '-');
}

static void check_key(ApiCall *call, Str key) {
    bool is_valid = key.length > 0 && key.length <= KEY_BYTES_MAX;

    for (size_t i = 0; i < key.length && is_valid; i++)
        is_valid = is_key_character(key.data[i], i);
    if (!is_valid)
        call_complain(call, PROBLEM_INVALID_VALUE, STR("/key"),
                      STR("1 to 128 letters, digits and _ . - are expected, beginning with a "
                          "letter or _."));
}

/* The JSON types that a variable's type allows. */
static const uint32_t value_types[_VARIABLE_TYPE_COUNT] = {
    [VARIABLE_STRING] = BODY_TEXT, [VARIABLE_NUMBER] = BODY_NUMBER, [VARIABLE_BOOLEAN] = BODY_FLAG,
    [VARIABLE_JSON] = BODY_ANY,    [VARIABLE_SECRET] = BODY_TEXT,
};

static void check_value(ApiCall *call, const VariableBody *body, const Variable *variable) {
    bool is_secret = variable->type == VARIABLE_SECRET;

    if (body->value == NULL)
        return;
    if ((value_types[variable->type] & BODY_IS(body->value->type)) == 0)
        call_complain(call, PROBLEM_TYPE_MISMATCH, STR("/value"),
                      str_printf(&call->arena, "A %s cannot be of type %s.",
                                 variable_type_word(variable->type), json_type_name(body->value)));
    if (json_text(&call->arena, body->value).length > VALUE_BYTES_MAX)
        call_complain(call, PROBLEM_LIMIT_EXCEEDED, STR("/value"),
                      STR("A value has at most 64 KiB."));
    if (body->is_encrypted != NULL && json_is(body->is_encrypted, JSON_TRUE) != is_secret)
        call_complain(call, PROBLEM_INVALID_VALUE, STR("/isEncrypted"),
                      STR("A SECRET is encrypted, and variables of the other types are not: make "
                          "it a SECRET."));
}

/* The body's type, else the one it had; complains about none. */
static void read_type(ApiCall *call, const VariableBody *body, Str old, Variable *variable) {
    Str word = body->type ? json_str(body->type) : old;

    if (word.length == 0)
        call_complain(call, PROBLEM_MISSING_KEY, STR_NONE, STR("type is missing."));
    else if (!variable_type_from_word(word, &variable->type))
        call_complain(call, PROBLEM_INVALID_VALUE, STR("/type"),
                      STR("STRING, NUMBER, BOOLEAN, JSON or SECRET is expected."));
}

/* Storing ----------------------------------------------------------------------------------- */

static const char sql_insert[] =
    "INSERT INTO headrace.variable_revision (tenant_id, rev, id, template_id, key, type, value,"
    " sealed, is_encrypted, deleted, created_by)"
    " VALUES ($1, 0, $2, $3, $4, $5, $6::json, $7, $8, $9, $10)";

typedef struct Revision {
    PgParam value;
    PgParam sealed;
    bool is_deleted;
} Revision;

static int insert(ApiCall *call, const Variable *variable, const Revision *revision) {
    PgParam params[] = {
        pg_uuid(&call->principal.tenant.uuid),
        pg_uuid(&variable->id),
        variable->has_template ? pg_uuid(&variable->template_id) : pg_null(),
        pg_text(variable->key),
        pg_text(str_of(variable_type_word(variable->type))),
        revision->value,
        revision->sealed,
        pg_flag(variable->type == VARIABLE_SECRET),
        pg_flag(revision->is_deleted),
        pg_text(str_of(call->principal.user)),
    };

    return call_query(call, sql_insert, params, ARRAY_SIZE(params), NULL);
}

static int store(ApiCall *call, const Variable *variable) {
    Revision revision = {.value = pg_null(), .sealed = pg_null()};
    Str sealed;
    int r = 0;

    if (variable->type != VARIABLE_SECRET) {
        revision.value = body_json(call, variable->value);
        return insert(call, variable, &revision);
    }
    r = sealing_seal(call, &variable->id, json_text(&call->arena, variable->value), &sealed);
    revision.sealed = pg_bytes(sealed);
    return r ? r : insert(call, variable, &revision);
}

static int note(ApiCall *call, const char *verb, const Variable *variable) {
    Buf detail = {0};
    int r;

    buf_add_text(&detail, "{\"key\":");
    json_write_string(&detail, variable->key);
    buf_printf(&detail, ",\"type\":\"%s\"}", variable_type_word(variable->type));
    r = call_audit(call, &(CallAudit){verb, "variable", str_of(uuid_text(variable->id).text),
                                      buf_str(&detail)});
    buf_done(&detail);
    return r;
}

static int answer_stored(ApiCall *call, uint32_t status, const Variable *variable) {
    _cleanup_(pg_result_free_p) PgResult *result = NULL;
    UuidText id = uuid_text(variable->id);
    int r = find(call, str_of(id.text), variable, &result);

    if (r == 0)
        r = call_answer_row(call, status, result, MISSING);
    if (r == 0 && status == 201)
        call->location = str_printf(&call->arena, "/v1/variables/%s", id.text);
    return r;
}

static int store_new(ApiCall *call, const VariableBody *body, Variable *variable) {
    int r;

    check_key(call, variable->key);
    check_value(call, body, variable);
    r = call_check_problems(call);
    if (r)
        return r;
    variable->id = clock_uuid_v7();
    variable->value = body->value;
    r = store(call, variable);
    if (r == 0)
        r = note(call, "create", variable);
    return r ? r : answer_stored(call, 201, variable);
}

/*
 * Whoever makes or changes a variable holds the tenant's row first: two requests that make the same
 * key do it one after the other.
 */
static int lock_variables(ApiCall *call) {
    static const char sql[] = "SELECT 1 FROM headrace.tenant FOR UPDATE";

    return call_query(call, sql, NULL, 0, NULL);
}

int variables_create(ApiCall *call) {
    _cleanup_(pg_result_free_p) PgResult *result = NULL;
    VariableBody body = {0};
    Variable variable = {0};
    int r = body_read(call, fields, ARRAY_SIZE(fields), &body);

    if (r == 0)
        r = read_scope(call, body.template_id, &variable);
    if (r == 0)
        r = lock_variables(call);
    if (r)
        return r;
    if (body.key == NULL)
        call_complain(call, PROBLEM_MISSING_KEY, STR_NONE, STR("key is missing."));
    read_type(call, &body, STR_NONE, &variable);
    r = call_check_problems(call);
    if (r)
        return r;
    variable.key = json_str(body.key);
    r = find(call, variable.key, &variable, &result);
    if (r == 0 && pg_rows(result) > 0)
        return call_refuse(call, API_CONFLICT,
                           STR("There is a variable of that key; PUT changes it."));
    return r ? r : store_new(call, &body, &variable);
}

static void read_old(ApiCall *call, const PgResult *result, Variable *variable) {
    variable->id = pg_get_uuid(result, 0, 1);
    variable->key = str_copy(&call->arena, pg_str(result, 0, 2));
    variable->has_template = !pg_is_null(result, 0, 5);
    if (variable->has_template)
        variable->template_id = pg_get_uuid(result, 0, 5);
    /* What an older or newer house has stored: only its deletion is left. */
    if (!variable_type_from_word(pg_str(result, 0, 3), &variable->type))
        variable->type = VARIABLE_STRING;
}

static int change(ApiCall *call, const VariableBody *body, const PgResult *result) {
    Variable variable = {0};
    int r;

    read_old(call, result, &variable);
    if (pg_bool(result, 0, 4))
        return call_refuse(call, API_FORBIDDEN, STR("A system variable is not changed here."));
    if (body->key != NULL && !str_equal(json_str(body->key), variable.key))
        call_complain(call, PROBLEM_INVALID_VALUE, STR("/key"),
                      STR("The key of a variable does not change; make a new one."));
    read_type(call, body, pg_str(result, 0, 3), &variable);
    check_value(call, body, &variable);
    r = call_check_problems(call);
    if (r)
        return r;
    variable.value = body->value;
    r = store(call, &variable);
    if (r == 0)
        r = note(call, "update", &variable);
    return r ? r : answer_stored(call, 200, &variable);
}

/* Changes it, or makes it under the key of the path: the same request twice is fine. */
int variables_put(ApiCall *call) {
    static const char *const known[] = {"templateId", NULL};
    _cleanup_(pg_result_free_p) PgResult *result = NULL;
    VariableBody body = {0};
    Variable variable = {.key = call->params[0]};
    Uuid id;
    int r = call_check_params(call, known);

    if (r == 0)
        r = body_read(call, fields, ARRAY_SIZE(fields), &body);
    if (r == 0)
        r = read_scope(call, body.template_id, &variable);
    if (r == 0)
        r = lock_variables(call);
    if (r == 0)
        r = find(call, variable.key, &variable, &result);
    if (r)
        return r;
    if (pg_rows(result) > 0)
        return change(call, &body, result);
    if (uuid_from_text(variable.key, &id))
        return call_refuse(call, API_NOT_FOUND, MISSING);
    if (body.key != NULL && !str_equal(json_str(body.key), variable.key))
        call_complain(call, PROBLEM_INVALID_VALUE, STR("/key"),
                      STR("The key in the body and the one in the path are different."));
    read_type(call, &body, STR_NONE, &variable);
    r = call_check_problems(call);
    return r ? r : store_new(call, &body, &variable);
}

int variables_delete(ApiCall *call) {
    static const char *const known[] = {"templateId", NULL};
    Revision revision = {.value = pg_null(), .sealed = pg_null(), .is_deleted = true};
    _cleanup_(pg_result_free_p) PgResult *result = NULL;
    Variable variable = {0};
    int r = call_check_params(call, known);

    if (r == 0)
        r = read_scope(call, NULL, &variable);
    if (r == 0)
        r = lock_variables(call);
    if (r == 0)
        r = find(call, call->params[0], &variable, &result);
    if (r)
        return r;
    if (pg_rows(result) == 0)
        return call_refuse(call, API_NOT_FOUND, MISSING);
    if (pg_bool(result, 0, 4))
        return call_refuse(call, API_FORBIDDEN, STR("A system variable is not changed here."));
    read_old(call, result, &variable);
    r = insert(call, &variable, &revision);
    if (r == 0)
        r = note(call, "delete", &variable);
    return r ? r : call_answer(call, 204, STR_NONE);
}
