/* What is known about an ACTION before its own keys are read: its action's defaults. */

#include "common/plan/build.h"

#include "common/base/check.h"
#include "common/model/limits.h"

#define CLASS_DEFAULT STR("http")

/* The actions every installation has; their meaning lies in the worker. */
static const struct {
    const char *integration;
    const char *action;
    Idempotency idempotency;
    bool is_idempotency_by_method;
} built_in[] = {
    {"http", "request", IDEMPOTENCY_KEY,     true },
    {"core", "noop",    IDEMPOTENCY_NATURAL, false},
};

static PlanAction action_default(void) {
    return (PlanAction){
        .worker_class = CLASS_DEFAULT,
        .idempotency = IDEMPOTENCY_KEY,
        .retry = retry_policy_default(),
    };
}

/* Whether the integration is one of the built-in ones; then ret_found tells about the action. */
static bool find_built_in(Str integration, Str action, PlanAction *ret_action, bool *ret_found) {
    bool is_ours = false;

    for (size_t i = 0; i < ARRAY_SIZE(built_in); i++) {
        if (!str_is(integration, built_in[i].integration))
            continue;
        is_ours = true;
        if (!str_is(action, built_in[i].action))
            continue;
        ret_action->idempotency = built_in[i].idempotency;
        ret_action->is_idempotency_by_method = built_in[i].is_idempotency_by_method;
        *ret_found = true;
    }
    return is_ours;
}

/* A tenant's own integration comes before ours of the same name. */
static bool find_action(const PlanCatalog *catalog, Str integration, Str action,
                        PlanAction *ret_action) {
    bool has_others = catalog != NULL && catalog->find != NULL;
    bool is_found = false;

    if (has_others && catalog->find(catalog->context, integration, action, ret_action))
        return true;
    if (find_built_in(integration, action, ret_action, &is_found))
        return is_found;
    return !has_others;
}

static void complain(Build *build, const Place *place, Str integration, Str action) {
    Place at = place_key(place, STR("integrationActionId"));

    build_complain(build, PROBLEM_UNKNOWN_INTEGRATION, &at,
                   "there is no action `%s` of an integration `%s`; built in are http.request and "
                   "core.noop",
                   text_shown(build->arena, action), text_shown(build->arena, integration));
}

void build_action(Build *build, const Place *place, const Json *step, PlanNode *node) {
    Str integration = json_str(json_member(step, STR("integrationId")));
    Str action = json_str(json_member(step, STR("integrationActionId")));
    PlanAction found = action_default();

    if (integration.data != NULL && action.data != NULL &&
        !find_action(build->catalog, integration, action, &found))
        complain(build, place, integration, action);
    if (found.worker_class.length == 0)
        found.worker_class = CLASS_DEFAULT;
    if (found.retry.attempts_max == 0)
        found.retry = retry_policy_default();
    node->worker_class = str_copy(&build->plan->arena, found.worker_class);
    node->idempotency = found.idempotency;
    node->is_idempotency_by_method = found.is_idempotency_by_method;
    node->retry = found.retry;
    node->attempt_timeout_ms =
        found.attempt_timeout_ms > 0 ? found.attempt_timeout_ms : ATTEMPT_TIMEOUT_MS_DEFAULT;
}
