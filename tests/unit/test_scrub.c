/* No spelling of a secret leaves the worker. */

#include <criterion/criterion.h>

#include "worker/step/scrub.h"

static Arena arena;

static void open_memory(void) {
    arena_init(&arena, 0);
}

static void close_memory(void) {
    arena_done(&arena);
}

TestSuite(scrub, .init = open_memory, .fini = close_memory);

static const Scrub *scrub_of(const char *secrets) {
    Json *value = arena_alloc(&arena, sizeof *value);

    cr_assert_eq(json_parse(&arena, str_of(secrets), JSON_LIMITS_DEFAULT, value, NULL), 0);
    return scrub_new(&arena, value);
}

static void expect_document(const Scrub *scrub, const char *text, const char *clean) {
    Str result = scrub_document(scrub, &arena, str_of(text));

    cr_expect(str_is(result, clean), "%s gave %.*s", text, STR_ARGS(result));
}

Test(scrub, a_secret_is_found_in_values_keys_and_inside_texts) {
    const Scrub *scrub = scrub_of("{\"KEY\":\"s3cr3t\"}");

    expect_document(scrub, "{\"a\":\"s3cr3t\",\"b\":[\"x s3cr3t y s3cr3t\"],\"s3cr3t\":1}",
                    "{\"a\":\"[secret KEY]\",\"b\":[\"x [secret KEY] y [secret KEY]\"],"
                    "\"[secret KEY]\":1}");
}

Test(scrub, every_spelling_is_found) {
    const Scrub *scrub = scrub_of("{\"K\":\"p\\\"a s/\xc3\xa4!1\"}");

    expect_document(scrub, "\"p\\\"a s/\xc3\xa4!1\"", "\"[secret K]\"");
    expect_document(scrub, "\"p\\u0022a s/\\u00e4!1\"", "\"[secret K]\"");
    expect_document(scrub, "\"?q=p%22a%20s%2F%C3%A4%211&x\"", "\"?q=[secret K]&x\"");
    expect_document(scrub, "\"?q=p%22a%20s%2f%c3%a4%211&x\"", "\"?q=[secret K]&x\"");
    expect_document(scrub, "\"?q=p%22a+s%2F%C3%A4%211&x\"", "\"?q=[secret K]&x\"");
    expect_document(scrub, "\"{\\\"e\\\":\\\"p\\\\\\\"a s/\xc3\xa4!1\\\"}\"",
                    "\"{\\\"e\\\":\\\"[secret K]\\\"}\"");
}

Test(scrub, base64_hides_no_secret_wherever_it_stands) {
    const Scrub *scrub = scrub_of("{\"K\":\"hunter2hunter2\"}");

    /* "hunter2hunter2", "a:hunter2hunter2", "ab:hunter2hunter2", "abc:…" */
    static const char *const texts[] = {
        "\"aHVudGVyMmh1bnRlcjI=\"",
        "\"YTpodW50ZXIyaHVudGVyMg==\"",
        "\"YWI6aHVudGVyMmh1bnRlcjI=\"",
        "\"YWJjOmh1bnRlcjJodW50ZXIy\"",
    };

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        Str clean = scrub_document(scrub, &arena, str_of(texts[i]));

        cr_expect(str_find(clean, STR("[secret K]")) >= 0, "%s", texts[i]);
        cr_expect(str_find(clean, STR("dW50ZXIy")) < 0 && str_find(clean, STR("h1bnRlcj")) < 0,
                  "%.*s", STR_ARGS(clean));
    }
}

Test(scrub, a_secret_number_is_found_as_a_number_and_as_text) {
    const Scrub *scrub = scrub_of("{\"PIN\":918273}");

    expect_document(scrub, "[918273,\"pin 918273\",1918273]",
                    "[\"[secret PIN]\",\"pin [secret PIN]\",1918273]");
}

Test(scrub, the_longest_secret_goes_first_and_those_inside_an_object_count) {
    const Scrub *scrub = scrub_of("{\"A\":\"token\",\"B\":{\"deep\":[\"token-long\"]}}");

    expect_document(scrub, "\"token-long token\"", "\"[secret B] [secret A]\"");
}

Test(scrub, what_holds_no_secret_keeps_its_bytes) {
    const Scrub *scrub = scrub_of("{\"K\":\"s3cr3t\",\"SHORT\":\"abc\"}");
    Str text = STR("{ \"a\" : 1.0, \"b\":\"abc\" }");

    cr_expect_eq(scrub_document(scrub, &arena, text).data, text.data);
}

Test(scrub, a_text_that_is_no_json_is_scrubbed_too) {
    const Scrub *scrub = scrub_of("{\"K\":\"s3cr3t\"}");

    cr_expect(str_is(scrub_document(scrub, &arena, STR("<p>s3cr3t")), "<p>[secret K]"));
}

Test(scrub, without_secrets_nothing_is_touched) {
    const Scrub *scrub = scrub_of("{}");
    Str text = STR("\"s3cr3t\"");

    cr_expect_eq(scrub_document(scrub, &arena, text).data, text.data);
}
