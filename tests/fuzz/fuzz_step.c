/*
 * Any input of http.request and any answer of a target: the request cannot carry a second one, the
 * end can be stored, and the secret is not in it.
 *
 * The first byte chooses status and content type; up to a NUL byte follows the input, behind it the
 * body.
 */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/base/check.h"
#include "common/json/storable.h"
#include "tests/fuzz/fuzz.h"
#include "worker/step/scrub.h"
#include "worker/step/step.h"

#define SECRET "hunter2#1"

static const char definition[] =
    "{\"name\":\"f\",\"steps\":[{\"id\":\"a\",\"type\":\"ACTION\",\"integrationId\":\"http\","
    "\"integrationActionId\":\"request\"}]}";

static void check_line(Str text) {
    for (size_t i = 0; i < text.length; i++)
        CHECK(text.data[i] != '\r' && text.data[i] != '\n' && text.data[i] != 0);
}

static void check_request(const StepRequest *request) {
    check_line(request->method);
    check_line(request->url);
    CHECK(str_find_char(request->url, ' ') < 0);
    CHECK(request->timeout_ms > 0 && request->timeout_ms <= 1000);
    for (uint32_t i = 0; i < request->header_count; i++) {
        check_line(request->headers[i].name);
        check_line(request->headers[i].value);
        CHECK(!str_equal_nocase(request->headers[i].name, STR("host")));
    }
}

static void check_text(const Scrub *scrub, Arena *arena, Str text) {
    Str clean = scrub_document(scrub, arena, text);

    CHECK(json_storable(clean, NULL) == 0);
    CHECK(str_find(clean, STR(SECRET)) < 0);
}

static void check_end(const StepEnd *end, Arena *arena) {
    JsonMember member = {STR("K"), json_string(STR(SECRET))};
    Json secrets = json_object(&member, 1);
    const Scrub *scrub = scrub_new(arena, &secrets);

    CHECK(step_status_is_terminal(end->status));
    CHECK((end->status == STEP_COMPLETED) == (end->output.data != NULL));
    CHECK((end->status == STEP_COMPLETED) == (end->error.data == NULL));
    check_text(scrub, arena, end->output.data ? end->output : end->error);
}

static void answer(const StepOrder *order, uint8_t how, Str body, Arena *arena) {
    static const uint32_t statuses[] = {200, 204, 302, 404, 408, 429, 500, 999};
    StepField fields[] = {
        {STR("Content-Type"), how & 8 ? STR("application/json") : STR("text/plain")},
        { STR("Retry-After"), str_slice(body,                                                                    0, 40)},
    };
    StepAnswer told = {
        .type = ANSWER_RESPONSE,
        .effect = EFFECT_ANSWERED,
        .status = statuses[how & 7],
        .headers = fields,
        .header_count = ARRAY_SIZE(fields),
        .body = body,
        .now_ms = 1700000000000,
    };
    StepEnd end = {0};

    step_resume(order, &told, arena, &end);
    CHECK(end.retry_after_ms >= 0);
    check_end(&end, arena);
}

static void run(const Plan *plan, Str bytes, Arena *arena) {
    Str rest = str_slice(bytes, 1, bytes.length);
    Str text = str_split(&rest, '\0');
    StepOrder order = {
        .plan = plan,
        .scope = STR(""),
        .timeout_ms = 1000,
        .traceparent = STR(""),
    };
    StepAsk ask = {0};
    Json input;

    if (json_parse(arena, text, JSON_LIMITS_DEFAULT, &input, NULL))
        return;
    order.input = &input;
    step_begin(&order, arena, &ask);
    if (ask.type == ASK_NOTHING) {
        check_end(&ask.end, arena);
        return;
    }
    check_request(&ask.request);
    answer(&order, (uint8_t)bytes.data[0], rest, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    PlanProblems problems;
    Arena arena;
    Plan *plan;

    if (size == 0)
        return 0;
    arena_init(&arena, 0);
    CHECK(plan_compile(str_of(definition), NULL, &arena, &problems, &plan) == 0);
    run(plan, str_from((const char *)bytes, size), &arena);
    plan_free(plan);
    arena_done(&arena);
    return 0;
}
