#pragma once

/*
 * Route: every request the API knows, once. A line declares the verb that the key must be allowed;
 * a line without one does not compile. What is not in this table is answered 404.
 */

#include "common/model/limits.h"
#include "trigger-gateway/api/access.h"
#include "trigger-gateway/api/call.h"

#define KIB 1024u

/* A start's input is a payload; the rest of the body is short. */
#define START_BODY_BYTES_MAX (PAYLOAD_BYTES_MAX + 4 * KIB)

/* A definition in its JSON text, and what goes beside it. */
#define TEMPLATE_BODY_BYTES_MAX (DEFINITION_BYTES_MAX + 256 * KIB)

/* A definition's input and mocks. */
#define SIMULATE_BODY_BYTES_MAX (1024 * KIB)

#define SMALL_BODY_BYTES_MAX (16 * KIB)
#define VARIABLE_BODY_BYTES_MAX (80 * KIB)

/* ROUTE(method, pattern, function, verb, longest body) */
#define API_ROUTES(ROUTE)                                                                          \
    ROUTE(GET, "/v1/templates", templates_list, VERB_READ, 0)                                      \
    ROUTE(POST, "/v1/templates", templates_create, VERB_EDIT, TEMPLATE_BODY_BYTES_MAX)             \
    ROUTE(GET, "/v1/templates/{template}", templates_show, VERB_READ, 0)                           \
    ROUTE(PUT, "/v1/templates/{template}", templates_put, VERB_EDIT, TEMPLATE_BODY_BYTES_MAX)      \
    ROUTE(PATCH, "/v1/templates/{template}", templates_patch, VERB_EDIT, TEMPLATE_BODY_BYTES_MAX)  \
    ROUTE(DELETE, "/v1/templates/{template}", templates_delete, VERB_EDIT, 0)                      \
    ROUTE(POST, "/v1/templates/{template}/validate", versions_validate, VERB_READ,                 \
          SMALL_BODY_BYTES_MAX)                                                                    \
    ROUTE(POST, "/v1/templates/{template}/simulate", versions_simulate, VERB_READ,                 \
          SIMULATE_BODY_BYTES_MAX)                                                                 \
    ROUTE(POST, "/v1/templates/{template}/publish", versions_publish, VERB_PUBLISH,                \
          SMALL_BODY_BYTES_MAX)                                                                    \
    ROUTE(POST, "/v1/templates/{template}/rollback", versions_rollback, VERB_PUBLISH,              \
          SMALL_BODY_BYTES_MAX)                                                                    \
    ROUTE(GET, "/v1/templates/{template}/versions", versions_list, VERB_READ, 0)                   \
    ROUTE(GET, "/v1/templates/{template}/versions/{version}", versions_show, VERB_READ, 0)         \
    ROUTE(GET, "/v1/templates/{template}/triggers", triggers_list, VERB_READ, 0)                   \
    ROUTE(POST, "/v1/templates/{template}/triggers/{trigger}/enable", triggers_enable,             \
          VERB_OPERATE, SMALL_BODY_BYTES_MAX)                                                      \
    ROUTE(POST, "/v1/templates/{template}/triggers/{trigger}/disable", triggers_disable,           \
          VERB_OPERATE, SMALL_BODY_BYTES_MAX)                                                      \
    ROUTE(POST, "/v1/templates/{template}/executions", executions_start, VERB_EXECUTE,             \
          START_BODY_BYTES_MAX)                                                                    \
    ROUTE(GET, "/v1/executions", executions_list, VERB_READ, 0)                                    \
    ROUTE(GET, "/v1/executions/{execution}", executions_show, VERB_VIEW_DATA, 0)                   \
    ROUTE(POST, "/v1/executions/{execution}/cancel", executions_cancel, VERB_OPERATE,              \
          SMALL_BODY_BYTES_MAX)                                                                    \
    ROUTE(GET, "/v1/executions/{execution}/why", executions_why, VERB_READ, 0)                     \
    ROUTE(GET, "/v1/variables", variables_list, VERB_READ_VARIABLES, 0)                            \
    ROUTE(POST, "/v1/variables", variables_create, VERB_MANAGE_VARIABLES, VARIABLE_BODY_BYTES_MAX) \
    ROUTE(GET, "/v1/variables/{variable}", variables_show, VERB_READ_VARIABLES, 0)                 \
    ROUTE(PUT, "/v1/variables/{variable}", variables_put, VERB_MANAGE_VARIABLES,                   \
          VARIABLE_BODY_BYTES_MAX)                                                                 \
    ROUTE(DELETE, "/v1/variables/{variable}", variables_delete, VERB_MANAGE_VARIABLES, 0)          \
    ROUTE(GET, "/v1/integrations", integrations_list, VERB_READ, 0)                                \
    ROUTE(GET, "/v1/integrations/{integration}", integrations_show, VERB_READ, 0)                  \
    ROUTE(GET, "/v1/library", library_list, VERB_READ, 0)                                          \
    ROUTE(POST, "/v1/library", library_create, VERB_EDIT, TEMPLATE_BODY_BYTES_MAX)                 \
    ROUTE(GET, "/v1/library/{entry}", library_show, VERB_READ, 0)                                  \
    ROUTE(PATCH, "/v1/library/{entry}", library_patch, VERB_EDIT, TEMPLATE_BODY_BYTES_MAX)         \
    ROUTE(DELETE, "/v1/library/{entry}", library_delete, VERB_EDIT, 0)

typedef struct ApiRoute {
    const char *method;
    const char *pattern;
    int (*run)(ApiCall *call);
    Verb verb;
    size_t body_bytes_max;
} ApiRoute;

#define ROUTE_FUNCTION(method, pattern, function, verb, bytes) int function(ApiCall *call);
API_ROUTES(ROUTE_FUNCTION)

typedef struct RouteMatch {
    const ApiRoute *route;       /* NULL: the path is known, the method is not; or neither */
    Str params[CALL_PARAMS_MAX]; /* borrowed from the path */
    uint32_t param_count;
    char allowed[64]; /* "GET, PUT": the path's methods; "": no such path */
} RouteMatch;

RouteMatch route_find(Str method, Str path);

/* A line for each route: method, pattern, verb, the lowest role. */
void routes_print(Buf *buf);
