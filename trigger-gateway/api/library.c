/* /v1/library: definitions to start from. */

#include "trigger-gateway/api/library.h"

#include "common/base/map.h"
#include "common/io/clock.h"
#include "trigger-gateway/api/body.h"
#include "trigger-gateway/api/route.h"

#define NAME_BYTES_MAX 256
#define DESCRIPTION_BYTES_MAX 8192
#define CATEGORY_BYTES_MAX 128
#define INTEGRATIONS_MAX 100
#define MISSING STR("There is no such entry of the library, or it is not shown to this key.")

#define ENTRY_HEAD                                                                                 \
    "json_build_object('id', l.id, 'tenantId', l.tenant_id, 'name', l.name, 'description',"        \
    " l.description, 'category', l.category, 'isPublished', l.is_published, 'isFeatured',"         \
    " l.is_featured, 'isPremium', l.is_premium, 'requiredIntegrations',"                           \
    " l.required_integrations, 'createdAt', l.created_at, 'updatedAt', l.updated_at,"              \
    " 'createdBy', l.created_by"

#define SQL_SHOWN "(l.is_published OR current_setting('app.role') IN ('editor', 'admin'))"

typedef struct LibraryBody {
    const Json *name;
    const Json *description;
    const Json *category;
    const Json *definition;
    const Json *is_published;
    const Json *is_featured;
    const Json *is_premium;
} LibraryBody;

#define AT(member) offsetof(LibraryBody, member)

static const BodyField fields[] = {
    {"name",         BODY_TEXT,   AT(name),         false, NAME_BYTES_MAX       },
    {"description",  BODY_TEXT,   AT(description),  false, DESCRIPTION_BYTES_MAX},
    {"category",     BODY_TEXT,   AT(category),     false, CATEGORY_BYTES_MAX   },
    {"templateData", BODY_OBJECT, AT(definition),   false, 0                    },
    {"isPublished",  BODY_FLAG,   AT(is_published), false, 0                    },
    {"isFeatured",   BODY_FLAG,   AT(is_featured),  false, 0                    },
    {"isPremium",    BODY_FLAG,   AT(is_premium),   false, 0                    },
};

int library_list(ApiCall *call) {
    static const char *const known[] = {"category", "cursor", "limit", NULL};
    static const char sql[] = "SELECT " ENTRY_HEAD "), l.id"
                              " FROM headrace.workflow_template_library l WHERE l.id < $1"
                              " AND ($3::text IS NULL OR l.category = $3) AND " SQL_SHOWN
                              " ORDER BY l.id DESC LIMIT $2 + 1";
    _cleanup_(pg_result_free_p) PgResult *result = NULL;
    CallPage page;
    int r = call_check_params(call, known);

    if (r == 0)
        r = call_page(call, &page);
    if (r == 0) {
        PgParam params[] = {pg_uuid(&page.after), pg_number(page.limit),
                            call_text(call_param(call, "category"))};

        r = call_query(call, sql, params, ARRAY_SIZE(params), &result);
    }
    return r ? r : call_answer_page(call, &page, result);
}

static int answer_entry(ApiCall *call, uint32_t status, Str id_text) {
    static const char sql[] = "SELECT " ENTRY_HEAD ", 'templateData', l.template_data)"
                              " FROM headrace.workflow_template_library l"
                              " WHERE l.id = $1 AND " SQL_SHOWN;
    _cleanup_(pg_result_free_p) PgResult *result = NULL;
    Uuid id;
    PgParam params[] = {call_uuid(id_text, &id)};
    int r = call_query(call, sql, params, 1, &result);

    return r ? r : call_answer_row(call, status, result, MISSING);
}

int library_show(ApiCall *call) {
    return answer_entry(call, 200, call->params[0]);
}

int library_definition(ApiCall *call, Str id_text, const Json **ret_definition) {
    static const char sql[] = "SELECT l.template_data FROM headrace.workflow_template_library l"
                              " WHERE l.id = $1 AND " SQL_SHOWN;
    _cleanup_(pg_result_free_p) PgResult *result = NULL;
    Json *definition = arena_zero(&call->arena, sizeof *definition);
    Uuid id;
    PgParam params[] = {call_uuid(id_text, &id)};
    int r = call_query(call, sql, params, 1, &result);

    if (r)
        return r;
    if (pg_rows(result) == 0 ||
        json_parse(&call->arena, str_copy(&call->arena, pg_str(result, 0, 0)), JSON_LIMITS_DEFAULT,
                   definition, NULL))
        return call_refuse(call, API_NOT_FOUND, MISSING);
    *ret_definition = definition;
    return 0;
}

/* Storing ----------------------------------------------------------------------------------- */

/* The steps without their connections, bodies too; bodies are nested as deep as JSON may be. */
static Json bare_steps(ApiCall *call, const Json *steps);

static Json bare_step(ApiCall *call, const Json *step) {
    JsonObject bare = {.arena = &call->arena};

    if (!json_is(step, JSON_OBJECT))
        return *step;
    for (uint32_t i = 0; i < step->count; i++) {
        const JsonMember *member = &step->members[i];

        if (str_is(member->key, "steps"))
            json_add(&bare, member->key, bare_steps(call, &member->value));
        else if (!str_is(member->key, "connectionId"))
            json_add(&bare, member->key, member->value);
    }
    return json_object_done(&bare);
}

static Json bare_steps(ApiCall *call, const Json *steps) {
    JsonArray bare = {.arena = &call->arena};

    if (!json_is(steps, JSON_ARRAY))
        return *steps;
    for (uint32_t i = 0; i < steps->count; i++)
        json_push(&bare, bare_step(call, json_at(steps, i)));
    return json_array_done(&bare);
}

/* The names that ACTIONs of the definition call, each once. */
static void list_integrations(const Json *steps, PgArray *names, Map *seen) {
    for (uint32_t i = 0; json_is(steps, JSON_ARRAY) && i < steps->count; i++) {
        const Json *step = json_at(steps, i);
        Str name = json_str(json_member(step, STR("integrationId")));

        if (name.length > 0 && map_find(seen, name) == NULL &&
            pg_array_count(names) < INTEGRATIONS_MAX) {
            map_set(seen, name, seen);
            pg_array_add_bytes(names, name);
        }
        list_integrations(json_member(step, STR("steps")), names, seen);
    }
}

static int check_body(ApiCall *call, const LibraryBody *body, bool is_new) {
    if (body->name != NULL && body->name->count == 0)
        call_complain(call, PROBLEM_INVALID_VALUE, STR("/name"), STR("The name is empty."));
    if (is_new && body->name == NULL)
        call_complain(call, PROBLEM_MISSING_KEY, STR_NONE, STR("name is missing."));
    if (is_new && body->definition == NULL)
        call_complain(call, PROBLEM_MISSING_KEY, STR_NONE, STR("templateData is missing."));
    if (body->definition != NULL &&
        json_text(&call->arena, body->definition).length > DEFINITION_BYTES_MAX)
        call_complain(call, PROBLEM_LIMIT_EXCEEDED, STR("/templateData"),
                      STR("A definition has at most 1 MiB."));
    return call_check_problems(call);
}

static const char sql_insert[] =
    "INSERT INTO headrace.workflow_template_library (id, tenant_id, name, description, category,"
    " template_data, required_integrations, is_published, is_featured, is_premium, created_by)"
    " VALUES ($1, $2, $3, coalesce($4, ''), coalesce($5, ''), $6::json, $7, coalesce($8, false),"
    " coalesce($9, false), coalesce($10, false), $11) RETURNING id";

static const char sql_update[] =
    "UPDATE headrace.workflow_template_library SET name = coalesce($3, name),"
    " description = coalesce($4, description), category = coalesce($5, category),"
    " template_data = coalesce($6::json, template_data),"
    " required_integrations = coalesce($7, required_integrations),"
    " is_published = coalesce($8, is_published), is_featured = coalesce($9, is_featured),"
    " is_premium = coalesce($10, is_premium)"
    " WHERE id = $1 AND tenant_id = $2 AND $11::text IS NOT NULL RETURNING id";

/* Both statements take the same parameters. */
static int store(ApiCall *call, const char *sql, const LibraryBody *body, const Uuid *id) {
    _cleanup_(pg_result_free_p) PgResult *result = NULL;
    _cleanup_(pg_array_free_p) PgArray *names = pg_array_new(PG_ARRAY_TEXT);
    Json definition = body->definition ? bare_step(call, body->definition) : json_null();
    PgParam params[] = {
        pg_uuid(id),
        pg_uuid(&call->principal.tenant.uuid),
        body_text(body->name),
        body_text(body->description),
        body_text(body->category),
        body->definition ? body_json(call, &definition) : pg_null(),
        pg_null(),
        body_flag(body->is_published),
        body_flag(body->is_featured),
        body_flag(body->is_premium),
        pg_text(str_of(call->principal.user)),
    };
    Map seen;
    int r;

    map_init(&seen, clock_random_u64());
    list_integrations(json_member(&definition, STR("steps")), names, &seen);
    map_done(&seen);
    if (body->definition != NULL)
        params[6] = pg_array_param(names);
    r = call_query(call, sql, params, ARRAY_SIZE(params), &result);
    if (r == 0 && pg_rows(result) == 0)
        return call_refuse(call, API_NOT_FOUND, MISSING);
    return r;
}

int library_create(ApiCall *call) {
    LibraryBody body = {0};
    Uuid id = clock_uuid_v7();
    UuidText text = uuid_text(id);
    int r = body_read(call, fields, ARRAY_SIZE(fields), &body);

    if (r == 0)
        r = check_body(call, &body, true);
    if (r == 0)
        r = store(call, sql_insert, &body, &id);
    if (r == 0)
        r = call_audit(call, &(CallAudit){"create", "library", str_of(text.text), STR_NONE});
    if (r == 0)
        r = answer_entry(call, 201, str_of(text.text));
    if (r == 0)
        call->location = str_printf(&call->arena, "/v1/library/%s", text.text);
    return r;
}

/* A system-wide entry is nobody's to change: it is not found here. */
int library_patch(ApiCall *call) {
    LibraryBody body = {0};
    Uuid id;
    int r = body_read(call, fields, ARRAY_SIZE(fields), &body);

    if (r == 0)
        r = check_body(call, &body, false);
    if (r)
        return r;
    if (!uuid_from_text(call->params[0], &id))
        return call_refuse(call, API_NOT_FOUND, MISSING);
    r = store(call, sql_update, &body, &id);
    if (r == 0)
        r = call_audit(call, &(CallAudit){"update", "library", call->params[0], STR_NONE});
    return r ? r : answer_entry(call, 200, call->params[0]);
}

int library_delete(ApiCall *call) {
    static const char sql[] = "DELETE FROM headrace.workflow_template_library"
                              " WHERE id = $1 AND tenant_id = $2";
    _cleanup_(pg_result_free_p) PgResult *result = NULL;
    Uuid id;
    PgParam params[] = {call_uuid(call->params[0], &id), pg_uuid(&call->principal.tenant.uuid)};
    int r = call_query(call, sql, params, 2, &result);

    if (r)
        return r;
    if (pg_affected(result) == 0)
        return call_refuse(call, API_NOT_FOUND, MISSING);
    r = call_audit(call, &(CallAudit){"delete", "library", call->params[0], STR_NONE});
    return r ? r : call_answer(call, 204, STR_NONE);
}
