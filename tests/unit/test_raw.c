/* A response becomes the document that outputMappings see. */

#include <criterion/criterion.h>
#include <string.h>

#include "worker/step/raw.h"

static Arena arena;

static void open_memory(void) {
    arena_init(&arena, 0);
}

static void close_memory(void) {
    arena_done(&arena);
}

TestSuite(raw, .init = open_memory, .fini = close_memory);

static StepAnswer answer_of(const char *content_type, Str body) {
    StepField *fields = arena_zero(&arena, 4 * sizeof *fields);

    fields[0] = (StepField){STR("Content-Type"), str_of(content_type)};
    fields[1] = (StepField){STR("X-A"), STR("1")};
    fields[2] = (StepField){STR("x-a"), STR("2")};
    fields[3] = (StepField){STR("Set-Cookie"), STR("session=1")};
    return (StepAnswer){
        .type = ANSWER_RESPONSE, .status = 201, .headers = fields, .header_count = 4, .body = body};
}

static Str raw_text(const StepAnswer *answer) {
    Json raw = json_null();
    Str message = STR_NONE;

    cr_assert_eq(raw_of_answer(answer, &arena, &raw, &message), 0, "%.*s", STR_ARGS(message));
    return json_text(&arena, &raw);
}

Test(raw, json_by_content_type_keeps_its_numbers) {
    StepAnswer answer = answer_of("application/json; charset=utf-8", STR(" {\"a\": 1.10} "));

    cr_expect(str_is(raw_text(&answer), "{\"status\":201,\"headers\":{\"content-type\":"
                                        "\"application/json; charset=utf-8\",\"x-a\":\"1, 2\"},"
                                        "\"body\":{\"a\":1.10}}"));
}

Test(raw, a_structured_suffix_says_json_too) {
    StepAnswer answer = answer_of("application/problem+JSON", STR("[]"));

    cr_expect(str_ends(raw_text(&answer), STR("\"body\":[]}")));
}

Test(raw, everything_else_is_text_and_nothing_is_null) {
    StepAnswer text = answer_of("text/plain", STR("{\"a\":1}"));
    StepAnswer none = answer_of("application/json", STR(""));

    cr_expect(str_ends(raw_text(&text), STR("\"body\":\"{\\\"a\\\":1}\"}")));
    cr_expect(str_ends(raw_text(&none), STR("\"body\":null}")));
}

static void expect_refused(StepAnswer answer, const char *begins) {
    Json raw = json_bool(true);
    Str message = STR_NONE;

    cr_expect_eq(raw_of_answer(&answer, &arena, &raw, &message), RAW_E_INVALID);
    cr_expect(str_starts(message, str_of(begins)), "%.*s", STR_ARGS(message));
    cr_expect_eq(raw.type, JSON_TRUE, "a refusal changes nothing");
}

Test(raw, a_body_that_is_not_what_it_says_is_refused) {
    expect_refused(answer_of("application/json", STR("{\"a\":")), "the body of the response says");
    expect_refused(answer_of("application/octet-stream", STR("\xff\xfe")),
                   "the body of the response is neither");
}

Test(raw, a_header_that_is_no_text_is_made_readable) {
    StepField field = {STR("X-Name"), STR("caf\xe9")};
    StepAnswer answer = {.status = 200, .headers = &field, .header_count = 1};

    cr_expect(str_is(raw_text(&answer),
                     "{\"status\":200,\"headers\":{\"x-name\":\"caf\xef\xbf\xbd\"},"
                     "\"body\":null}"));
}

Test(raw, a_short_json_refusal_is_kept_whole_and_a_long_one_is_cut_between_characters) {
    StepAnswer small = answer_of("application/json", STR("{\"code\":\"E1\"}"));
    char page[RAW_EXCERPT_BYTES_MAX + 100];
    StepAnswer large = answer_of("text/html", str_from(page, sizeof page));
    Json excerpt = raw_excerpt(&small, &arena);

    cr_expect(str_is(json_text(&arena, &excerpt), "{\"code\":\"E1\"}"));
    memset(page, 'a', sizeof page);
    memcpy(page + RAW_EXCERPT_BYTES_MAX - 1, "\xc3\xa4", 2);
    excerpt = raw_excerpt(&large, &arena);
    cr_expect_eq(excerpt.count, RAW_EXCERPT_BYTES_MAX - 1);
}

Test(raw, an_excerpt_can_always_be_stored) {
    StepAnswer nul = answer_of("application/json", STR("{\"a\":\"\\u0000\"}"));
    StepAnswer bytes = answer_of("text/plain", str_from("a\0b\xff", 4));
    Json excerpt = raw_excerpt(&nul, &arena);

    cr_expect(str_is(json_str(&excerpt), "{\"a\":\"\\u0000\"}"), "as text, not as a value");
    excerpt = raw_excerpt(&bytes, &arena);
    cr_expect(str_is(json_str(&excerpt), "ab\xef\xbf\xbd"));
}
