/* What a refused request is answered. */

#include "trigger-gateway/api/api_problem.h"

#include "common/base/check.h"
#include "common/json/json.h"

#define ROW(name, status_, title_) [API_##name] = {#name, status_, title_},
static const struct {
    const char *code;
    uint32_t status;
    const char *title;
} problems[] = {API_PROBLEMS(ROW)};

const char *api_problem_code(ApiProblem problem) {
    CHECK(problem < _API_PROBLEM_COUNT);
    return problems[problem].code;
}

uint32_t api_problem_status(ApiProblem problem) {
    CHECK(problem < _API_PROBLEM_COUNT);
    return problems[problem].status;
}

/* NOT_FOUND is "not-found" in the type's URN. */
static void add_type(Buf *buf, const char *code) {
    buf_add_text(buf, "{\"type\":\"urn:headrace:problem:");
    for (; *code != '\0'; code++)
        buf_add_char(buf, (char)(*code == '_' ? '-' : *code + ('a' - 'A')));
    buf_add_char(buf, '"');
}

static void add_member(Buf *buf, const char *key, Str value) {
    buf_printf(buf, ",\"%s\":", key);
    json_write_string(buf, value);
}

void api_problem_write_errors(Buf *buf, const PlanProblems *errors) {
    buf_add_char(buf, '[');
    for (uint32_t i = 0; i < errors->count; i++) {
        const PlanProblem *error = &errors->items[i];

        buf_printf(buf, "%s{\"code\":\"%s\"", i == 0 ? "" : ",", plan_problem_word(error->code));
        add_member(buf, "pointer", error->pointer);
        add_member(buf, "message", error->message);
        buf_add_char(buf, '}');
    }
    buf_add_char(buf, ']');
}

void api_problem_write(Buf *buf, ApiProblem problem, const ApiProblemText *text) {
    add_type(buf, api_problem_code(problem));
    add_member(buf, "title", str_of(problems[problem].title));
    buf_printf(buf, ",\"status\":%u", problems[problem].status);
    if (text->detail.length > 0)
        add_member(buf, "detail", text->detail);
    add_member(buf, "code", str_of(problems[problem].code));
    if (text->request_id.length > 0)
        add_member(buf, "requestId", text->request_id);
    if (text->errors != NULL && text->errors->count > 0) {
        buf_add_text(buf, ",\"errors\":");
        api_problem_write_errors(buf, text->errors);
    }
    buf_add_char(buf, '}');
}
