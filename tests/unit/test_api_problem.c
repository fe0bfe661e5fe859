/* Problem documents. */

#include <criterion/criterion.h>

#include "common/json/json.h"
#include "trigger-gateway/api/api_problem.h"

static Json document(Arena *arena, ApiProblem problem, const ApiProblemText *text) {
    Buf buf = {0};
    Json value = json_null();

    api_problem_write(&buf, problem, text);
    cr_assert_eq(
        json_parse(arena, str_copy(arena, buf_str(&buf)), JSON_LIMITS_DEFAULT, &value, NULL), 0);
    buf_done(&buf);
    return value;
}

Test(api_problem, every_problem_is_a_document_with_its_code_and_status) {
    Arena arena = {0};

    for (int i = 0; i < _API_PROBLEM_COUNT; i++) {
        Json value =
            document(&arena, (ApiProblem)i, &(ApiProblemText){.detail = STR("why \"so\"")});
        int64_t status = 0;

        cr_expect(
            str_is(json_str(json_member(&value, STR("code"))), api_problem_code((ApiProblem)i)));
        cr_expect(json_to_int64(json_member(&value, STR("status")), &status));
        cr_expect_eq(status, api_problem_status((ApiProblem)i));
        cr_expect(status >= 400 && status < 600);
        cr_expect(str_is(json_str(json_member(&value, STR("detail"))), "why \"so\""));
        cr_expect(json_str(json_member(&value, STR("title"))).length > 0);
        cr_expect_null(json_member(&value, STR("errors")));
        cr_expect_null(json_member(&value, STR("requestId")));
    }
    arena_done(&arena);
}

Test(api_problem, the_type_is_a_urn_in_lower_case) {
    Arena arena = {0};
    Json value = document(&arena, API_IDEMPOTENCY_KEY_REUSED, &(ApiProblemText){0});

    cr_expect(str_is(json_str(json_member(&value, STR("type"))),
                     "urn:headrace:problem:idempotency-key-reused"));
    cr_expect_null(json_member(&value, STR("detail")));
    arena_done(&arena);
}

Test(api_problem, errors_name_code_pointer_and_message) {
    PlanProblem items[] = {
        {PROBLEM_UNKNOWN_KEY, STR("/a~1b"), STR("no \"such\" key")},
        {PROBLEM_NO_STEPS,    STR(""),      STR("none")           },
    };
    PlanProblems errors = {.items = items, .count = 2};
    Arena arena = {0};
    Json value = document(&arena, API_VALIDATION_FAILED,
                          &(ApiProblemText){.request_id = STR("id"), .errors = &errors});

    cr_expect(str_is(json_str(json_pointer(&value, STR("/errors/0/code"))), "UNKNOWN_KEY"));
    cr_expect(str_is(json_str(json_pointer(&value, STR("/errors/0/pointer"))), "/a~1b"));
    cr_expect(str_is(json_str(json_pointer(&value, STR("/errors/0/message"))), "no \"such\" key"));
    cr_expect(str_is(json_str(json_pointer(&value, STR("/errors/1/code"))), "NO_STEPS"));
    cr_expect(str_is(json_str(json_pointer(&value, STR("/requestId"))), "id"));
    arena_done(&arena);
}
