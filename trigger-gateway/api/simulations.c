/* POST /v1/templates/…/simulate: the draft run once on a virtual clock; nobody is called. */

#include "common/base/fault.h"
#include "coordinator/simulation/simulation.h"
#include "trigger-gateway/api/body.h"
#include "trigger-gateway/api/publication.h"
#include "trigger-gateway/api/route.h"

typedef struct SimulateBody {
    const Json *input;
    const Json *mocks;
    const Json *vars;
    const Json *trigger;
    const Json *seed;
} SimulateBody;

#define AT(member) offsetof(SimulateBody, member)

static const BodyField fields[] = {
    {"input",     BODY_ANY,    AT(input),   false, 0                },
    {"mocks",     BODY_OBJECT, AT(mocks),   false, 0                },
    {"vars",      BODY_OBJECT, AT(vars),    false, 0                },
    {"triggerId", BODY_TEXT,   AT(trigger), false, STEP_ID_BYTES_MAX},
    {"seed",      BODY_NUMBER, AT(seed),    false, 0                },
};

/* What `.vars` would show an execution that started now. */
static int read_vars(ApiCall *call, const TemplateRow *row, const Json **ret_vars) {
    static const char sql[] =
        "SELECT coalesce(json_object_agg(n.key, n.value), '{}') FROM ("
        " SELECT DISTINCT ON (v.key) v.key, v.value, v.is_encrypted"
        " FROM headrace.workflow_variable v"
        " WHERE v.template_id IS NULL OR v.template_id = $1"
        " ORDER BY v.key, v.template_id NULLS LAST) n WHERE NOT n.is_encrypted";
    _cleanup_(pg_result_free_p) PgResult *result = NULL;
    Json *vars = arena_zero(&call->arena, sizeof *vars);
    PgParam params[] = {pg_uuid(&row->id)};
    int r = call_query(call, sql, params, 1, &result);

    if (r)
        return r;
    if (json_parse(&call->arena, str_copy(&call->arena, pg_str(result, 0, 0)), JSON_LIMITS_DEFAULT,
                   vars, NULL))
        *vars = json_object(NULL, 0);
    *ret_vars = vars;
    return 0;
}

static int read_order(ApiCall *call, const SimulateBody *body, SimulationOrder *order) {
    int64_t seed = 1;

    order->input = body->input;
    order->mocks = body->mocks;
    order->begin_ms = SIMULATION_BEGIN_MS;
    order->trigger = PLAN_NONE;
    if (body->seed != NULL && (!json_to_int64(body->seed, &seed) || seed < 0))
        call_complain(call, PROBLEM_INVALID_VALUE, STR("/seed"),
                      STR("A whole number from 0 is expected."));
    order->seed = (uint64_t)seed;
    if (body->trigger != NULL) {
        order->trigger = plan_find_trigger(order->plan, json_str(body->trigger));
        if (order->trigger == PLAN_NONE)
            call_complain(call, PROBLEM_INVALID_VALUE, STR("/triggerId"),
                          STR("The draft has no trigger of that id."));
    }
    return call_check_problems(call);
}

static int simulate(ApiCall *call, const SimulationOrder *order) {
    Json report;
    Str message;
    int r = simulation_run(order, &call->arena, &report, &message);

    if (r < 0)
        return fault_pass(r);
    if (r > 0) {
        call_complain(call, PROBLEM_INVALID_VALUE,
                      r == SIMULATION_E_INPUT ? STR("/input") : STR("/mocks"), message);
        return call_check_problems(call);
    }
    return call_answer(call, 200, json_text(&call->arena, &report));
}

int versions_simulate(ApiCall *call) {
    _cleanup_(plan_free_p) Plan *plan = NULL;
    SimulationOrder order = {0};
    SimulateBody body = {0};
    TemplateRow row;
    int r = template_find(call, call->params[0], TEMPLATE_FOR_READING, &row);

    if (r == 0)
        r = body_read(call, fields, ARRAY_SIZE(fields), &body);
    if (r == 0)
        r = call_check_problems(call);
    if (r == 0)
        r = publication_compile(call, row.draft, &plan);
    if (r)
        return r;
    order.plan = plan;
    order.vars = body.vars;
    r = read_order(call, &body, &order);
    if (r == 0 && order.vars == NULL)
        r = read_vars(call, &row, &order.vars);
    return r ? r : simulate(call, &order);
}
