/* From a method and a path to a route. */

#include "trigger-gateway/api/route.h"

#include <string.h>

#include "common/base/check.h"
#include "common/base/defs.h"

#define ROUTE_ROW(method, pattern, function, verb, bytes) {#method, pattern, function, verb, bytes},
static const ApiRoute routes[] = {API_ROUTES(ROUTE_ROW)};

/* Segment by segment; one in braces takes any text that is not empty. */
static bool is_match(const char *pattern, Str path, RouteMatch *match) {
    Str wanted = str_of(pattern);

    match->param_count = 0;
    while (wanted.data != NULL && path.data != NULL) {
        Str expected = str_split(&wanted, '/');
        Str found = str_split(&path, '/');

        if (str_starts(expected, STR("{"))) {
            CHECK(match->param_count < CALL_PARAMS_MAX);
            if (found.length == 0)
                return false;
            match->params[match->param_count++] = found;
        } else if (!str_equal(expected, found)) {
            return false;
        }
    }
    return wanted.data == NULL && path.data == NULL;
}

static void add_allowed(RouteMatch *match, const char *method) {
    size_t length = strlen(match->allowed);
    size_t more = strlen(method) + (length > 0 ? 2 : 0);

    CHECK(length + more < sizeof match->allowed);
    if (length > 0)
        memcpy(match->allowed + length, ", ", 2);
    memcpy(match->allowed + length + more - strlen(method), method, strlen(method) + 1);
}

RouteMatch route_find(Str method, Str path) {
    RouteMatch found = {0};

    for (size_t i = 0; i < ARRAY_SIZE(routes); i++) {
        RouteMatch match = {0};

        if (!is_match(routes[i].pattern, path, &match))
            continue;
        add_allowed(&found, routes[i].method);
        if (!str_is(method, routes[i].method))
            continue;
        found.route = &routes[i];
        found.param_count = match.param_count;
        memcpy(found.params, match.params, sizeof found.params);
    }
    return found;
}

void routes_print(Buf *buf) {
    for (size_t i = 0; i < ARRAY_SIZE(routes); i++)
        buf_printf(buf, "%-6s  %-55s  %-16s  %s\n", routes[i].method, routes[i].pattern,
                   verb_word(routes[i].verb), role_word(verb_role(routes[i].verb)));
}
