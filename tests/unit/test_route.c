/* From a method and a path to a route. */

#include <criterion/criterion.h>
#include <string.h>

#include "trigger-gateway/api/route.h"

static void expect_route(const char *method, const char *path, const char *pattern) {
    RouteMatch match = route_find(str_of(method), str_of(path));

    cr_assert_not_null(match.route, "%s %s", method, path);
    cr_expect_str_eq(match.route->pattern, pattern);
}

Test(route, a_path_with_its_method_finds_its_route) {
    expect_route("GET", "/v1/templates", "/v1/templates");
    expect_route("GET", "/v1/templates/orders", "/v1/templates/{template}");
    expect_route("POST", "/v1/templates/orders/publish", "/v1/templates/{template}/publish");
    expect_route("GET", "/v1/executions/x/why", "/v1/executions/{execution}/why");
}

Test(route, what_stands_in_braces_is_given) {
    RouteMatch match = route_find(STR("POST"), STR("/v1/templates/a b/triggers/t~1/enable"));

    cr_assert_not_null(match.route);
    cr_expect_eq(match.param_count, 2);
    cr_expect(str_is(match.params[0], "a b"));
    cr_expect(str_is(match.params[1], "t~1"));
}

Test(route, an_unknown_method_is_told_the_ones_there_are) {
    RouteMatch match = route_find(STR("DELETE"), STR("/v1/templates"));

    cr_expect_null(match.route);
    cr_expect_str_eq(match.allowed, "GET, POST");
    match = route_find(STR("get"), STR("/v1/templates"));
    cr_expect_null(match.route);
}

Test(route, an_unknown_path_is_nothing) {
    static const char *const paths[] = {
        "",
        "/",
        "/v1",
        "/v1/",
        "/v1/templates/",
        "/v1/templates//publish",
        "/v1/templates/x/publish/",
        "/v1/templates/x/unknown",
        "/v2/templates",
        "//v1/templates",
        "v1/templates",
        "/v1/templates/x/triggers/y/enable/z",
    };

    for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
        RouteMatch match = route_find(STR("GET"), str_of(paths[i]));

        cr_expect_null(match.route, "%s", paths[i]);
        cr_expect_str_eq(match.allowed, "", "%s", paths[i]);
    }
}

Test(route, every_line_of_the_table_is_printed_with_verb_and_role) {
    Buf buf = {0};
    Str rest, line;
    uint32_t lines = 0;

    routes_print(&buf);
    for (rest = buf_str(&buf); rest.length > 0; lines++) {
        line = str_split(&rest, '\n');
        cr_expect(str_find(line, STR("  /v1/")) > 0, "%.*s", STR_ARGS(line));
    }
#define ONE(method, pattern, function, verb, bytes) +1
    cr_expect_eq(lines, 0 API_ROUTES(ONE));
    buf_done(&buf);
}

/* A body is only read where one means something; reading changes nothing. */
Test(route, reading_takes_no_body_and_needs_no_right_to_change) {
#define CHECK_LINE(method, pattern, function, verb, bytes)                                         \
    if (strcmp(#method, "GET") == 0) {                                                             \
        cr_expect_eq((size_t)(bytes), 0, "%s", pattern);                                           \
        cr_expect(verb == VERB_READ || verb == VERB_VIEW_DATA || verb == VERB_READ_VARIABLES,      \
                  "%s", pattern);                                                                  \
    } else {                                                                                       \
        cr_expect(verb != VERB_VIEW_DATA && verb != VERB_READ_VARIABLES, "%s", pattern);           \
    }
    API_ROUTES(CHECK_LINE)
}
