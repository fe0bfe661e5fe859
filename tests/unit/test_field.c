/* Headers, and what some of them mean. */

#include <criterion/criterion.h>

#include "common/base/defs.h"
#include "trigger-gateway/fire/field.h"

Test(field, names_are_found_in_any_case_the_first_one_counts) {
    static const Field items[] = {
        {STR("X-A"), STR("1")},
        {STR("x-a"), STR("2")},
    };

    cr_expect(str_is(fields_find((Fields){items, 2}, STR("X-a")), "1"));
    cr_expect_null(fields_find((Fields){items, 2}, STR("X-")).data);
    cr_expect_null(fields_find((Fields){NULL, 0}, STR("X-a")).data);
}

Test(field, some_content_types_are_json) {
    static const char *const yes[] = {"application/json", "Application/JSON; charset=utf-8",
                                      "application/problem+json", "text/json", "a/b+JSON;x=y"};
    static const char *const no[] = {"",
                                     "text/plain",
                                     "application/jsonp",
                                     "json",
                                     "text/plain; a=application/json",
                                     "application/json-seq"};

    for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
        cr_expect(content_type_is_json(str_of(yes[i])), "%s", yes[i]);
    for (size_t i = 0; i < ARRAY_SIZE(no); i++)
        cr_expect_not(content_type_is_json(str_of(no[i])), "%s", no[i]);
}

Test(field, a_trace_is_passed_on_only_in_the_known_form) {
    static const char good[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    static const char *const bad[] = {
        "",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
        "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319-cb7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b71692\r\n331-01",
    };

    cr_expect(str_is(traceparent_of(str_of(good)), good));
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        cr_expect_null(traceparent_of(str_of(bad[i])).data, "%s", bad[i]);
}
