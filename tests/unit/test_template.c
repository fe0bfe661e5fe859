#include <criterion/criterion.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/expr/template.h"

static Arena arena;
static TemplateMistake mistakes[8];

static void clear(void) {
    arena_done(&arena);
}

TestSuite(template, .fini = clear);

static Json parsed(const char *text) {
    Json value;

    cr_assert_eq(json_parse(&arena, str_of(text), JSON_LIMITS_DEFAULT, &value, NULL), 0, "%s",
                 text);
    return value;
}

static ExprContext context_of(void) {
    return (ExprContext){.budget = EXPR_BUDGET_DEFAULT, .arena = &arena};
}

static Template *compiled(const char *text) {
    Json value = parsed(text);
    Template *template = NULL;

    cr_assert_eq(template_compile(&value, mistakes, 8, &template), 0, "%s: %s", text,
                 mistakes[0].mistake.message);
    return template;
}

static const char *written(const Json *value) {
    return json_text(&arena, value).data;
}

static const char *scope =
    "{\"trigger\":{\"body\":{\"n\":3,\"s\":\"x\",\"o\":{\"a\":[1,2]},\"z\":null}},"
    "\"vars\":{\"crm\":\"https://"
    "crm\"},\"steps\":{\"a\":{\"output\":{\"id\":12345678901234567890}}}}";

static void gives(const char *text, const char *expected) {
    _cleanup_(template_free_p) Template *template = compiled(text);
    Json input = parsed(scope), value;
    ExprContext context = context_of();

    cr_assert_eq(template_eval(template, &input, &context, &value, &mistakes[0]), 0, "%s: %s", text,
                 mistakes[0].mistake.message);
    cr_expect_str_eq(written(&value), expected, "%s", text);
}

Test(template, one_program_keeps_the_type_of_its_result) {
    gives("\"${ .trigger.body.n }\"", "3");
    gives("\"${.trigger.body.o}\"", "{\"a\":[1,2]}");
    gives("\"${ .trigger.body.z }\"", "null");
    gives("\"${ .steps.a.output.id }\"", "12345678901234567890");
    gives("\"${ {a: 1} }\"", "{\"a\":1}");
    gives("\"${}\"", scope);
}

Test(template, text_around_a_program_makes_a_string) {
    gives("\"${ .vars.crm }/c/${ .trigger.body.n }\"", "\"https://crm/c/3\"");
    gives("\" ${ .trigger.body.n }\"", "\" 3\"");
    gives("\"${ .trigger.body.n } \"", "\"3 \"");
    gives("\"${ 1 }${ 2 }\"", "\"12\"");
    gives("\"a${ .trigger.body.o }b${ .trigger.body.z }c${ true }\"",
          "\"a{\\\"a\\\":[1,2]}bnullctrue\"");
    gives("\"${ .steps.a.output.id }!\"", "\"12345678901234567890!\"");
}

Test(template, everything_else_is_literal) {
    gives("{\"a\":[1,\"x\",null,true,1.50],\"b\":{\"${ .c }\":\"d\"}}",
          "{\"a\":[1,\"x\",null,true,1.50],\"b\":{\"${ .c }\":\"d\"}}");
    gives("\"$${ .a }\"", "\"${ .a }\"");
    gives("\"$${${ 1 }\"", "\"${1\"");
    gives("\"$ { } $x {a}\"", "\"$ { } $x {a}\"");
    gives("\"\"", "\"\"");
    gives("7", "7");
}

/* The table of docs/expressions.md. */
Test(template, the_page_about_expressions_shows_what_they_give) {
    scope = "{\"input\":{\"n\":3,\"who\":\"Eve\"}}";
    gives("\"${ .input.n }\"", "3");
    gives("\"n=${ .input.n }\"", "\"n=3\"");
    gives("\"${ .input.n } \"", "\"3 \"");
    gives("{\"a\":[\"${ .input }\"]}", "{\"a\":[{\"n\":3,\"who\":\"Eve\"}]}");
    gives("\"$${ .input.n }\"", "\"${ .input.n }\"");
    gives("\"${ \\\"}\\\" }\"", "\"}\"");
}

Test(template, programs_are_found_at_any_depth) {
    gives("{\"a\":{\"b\":[\"${ .trigger.body.s }\",{\"c\":\"<${ 1 + 1 }>\"}]},\"d\":\"e\"}",
          "{\"a\":{\"b\":[\"x\",{\"c\":\"<2>\"}]},\"d\":\"e\"}");
}

Test(template, a_program_ends_where_its_lexer_says) {
    gives("\"${ \\\"}\\\" }\"", "\"}\"");
    gives("\"${ {a: {b: 1}}.a } x\"", "\"{\\\"b\\\":1} x\"");
    gives("\"${ \\\"\\\\(\\\"}\\\")\\\" }!\"", "\"}!\"");
    gives("\"${ 1 # }\\n }\"", "1");
}

static void complains(const char *text, size_t count, const char *pointer, uint32_t column,
                      const char *message) {
    Json value = parsed(text);
    Template *template = NULL;

    cr_expect_eq(template_compile(&value, mistakes, 8, &template), count, "%s", text);
    cr_expect_null(template);
    cr_expect_str_eq(mistakes[0].pointer, pointer, "%s: %s", text, mistakes[0].pointer);
    cr_expect_eq(mistakes[0].mistake.column, column, "%s: %u", text, mistakes[0].mistake.column);
    cr_expect(strstr(mistakes[0].mistake.message, message) != NULL, "%s: %s", text,
              mistakes[0].mistake.message);
}

Test(template, mistakes_name_the_place) {
    complains("\"${ .a\"", 1, "", 1, "not closed");
    complains("{\"a\":[1,\"x ${ .b + }\"]}", 1, "/a/1", 11, "syntax error");
    complains("{\"a/b\":{\"c~d\":\"${ nope }\"}}", 1, "/a~1b/c~0d", 4, "no function named nope/0");
    complains("[\"${ env }\",\"${ input }\",\"${ 1 }\"]", 2, "/0", 4, "not available");
    complains("{\"$late\":1}", 1, "/$late", 1, "reserved");
    cr_expect_eq(mistakes[0].mistake.code, EXPR_E_SYNTAX);
}

Test(template, more_mistakes_than_there_is_room_for_are_counted) {
    Json value = parsed("[\"${ a }\",\"${ b }\",\"${ c }\"]");
    Template *template = NULL;

    mistakes[1].pointer[0] = '!';
    cr_expect_eq(template_compile(&value, mistakes, 1, &template), 3);
    cr_expect_str_eq(mistakes[0].pointer, "/0");
    cr_expect_eq(mistakes[1].pointer[0], '!');
}

static void fails(const char *text, int code, const char *pointer) {
    _cleanup_(template_free_p) Template *template = compiled(text);
    Json input = parsed(scope), value = json_number(7);
    ExprContext context = context_of();

    cr_expect_eq(template_eval(template, &input, &context, &value, &mistakes[0]), code, "%s", text);
    cr_expect_str_eq(mistakes[0].pointer, pointer, "%s", text);
    cr_expect_eq(json_real(&value), 7, "the result was touched");
}

Test(template, refusals_of_the_evaluation_name_the_place) {
    fails("{\"a\":[\"${ .trigger.body.n.x }\"]}", EXPR_E_RUNTIME, "/a/0");
    fails("{\"a\":\"x ${ empty }\"}", EXPR_E_COUNT, "/a");
    fails("{\"a\":\"${ 1, 2 }\"}", EXPR_E_COUNT, "/a");
    fails("\"${ last(repeat(1)) }\"", EXPR_E_STEPS, "");
}

Test(template, all_programs_together_have_budgets) {
    Buf text = {0};

    buf_add_char(&text, '[');
    for (int i = 0; i < 200; i++)
        buf_printf(&text, "%s\"${ last(range(30000)) }\"", i > 0 ? "," : "");
    buf_add_char(&text, ']');
    fails(text.data, EXPR_E_STEPS, "/16");
    buf_clear(&text);
    buf_add_char(&text, '[');
    for (int i = 0; i < 200; i++)
        buf_printf(&text, "%s\"a${ \\\"x\\\" * 1000000 }\"", i > 0 ? "," : "");
    buf_add_char(&text, ']');
    {
        _cleanup_(template_free_p) Template *template = compiled(text.data);
        Json input = parsed(scope), value;
        ExprContext context = context_of();

        cr_expect_eq(template_eval(template, &input, &context, &value, &mistakes[0]), EXPR_E_BYTES);
        cr_expect_lt(arena.used_bytes, 40u << 20);
    }
    buf_done(&text);
}

Test(template, literals_are_told_from_programs) {
    Template *template = compiled("{\"a\":\"b\",\"c\":[\"$${\"]}");

    cr_expect(template_is_literal(template));
    template = template_free(template);
    template = compiled("{\"a\":\"${ 1 }\"}");
    cr_expect_not(template_is_literal(template));
    cr_expect_not(template_is_late(template));
    template = template_free(template);
    template = compiled("{\"a\":\"${ .secrets.k }\"}");
    cr_expect(template_is_late(template));
    template_free(template);
}

static bool add_ref(void *context, Str pointer, const ExprRef *ref) {
    Buf *text = context;

    buf_printf(text, "%.*s", STR_ARGS(pointer));
    for (uint32_t i = 0; i < ref->name_count; i++)
        buf_printf(text, "%c%.*s", i == 0 ? ':' : '.', STR_ARGS(ref->names[i]));
    buf_printf(text, "@%zu ", ref->offset);
    return text->length < 60;
}

Test(template, refs_are_told_with_their_places) {
    _cleanup_(template_free_p) Template *template =
        compiled("{\"a\":\"x${ .b.c }${ .d }\",\"e\":[\"${ .f + .b.c }\"],\"g\":\"${ .h }\"}");
    _cleanup_(buf_done) Buf text = {0};

    template_refs(template, add_ref, &text);
    cr_expect_str_eq(text.data, "/a:b.c@6 /a:d@13 /e/0:f@3 /e/0:b.c@10 /g:h@3 ");
}

/* Secrets ------------------------------------------------------------------------------------- */

static const char *const secrets = "{\"TOKEN\":\"s3cret\",\"USER\":\"me\"}";

static const char *late(const char *text) {
    _cleanup_(template_free_p) Template *template = compiled(text);
    Json input = parsed(scope), value;
    ExprContext context = context_of();

    cr_assert_eq(template_eval_late(template, &input, &context, &value, &mistakes[0]), 0, "%s: %s",
                 text, mistakes[0].mistake.message);
    return written(&value);
}

static void opens(const char *text, const char *value, const char *redacted) {
    Json envelope = parsed(late(text)), known = parsed(secrets);
    ExprContext context = context_of();
    TemplateOpened opened;

    cr_assert_eq(template_open(&envelope, &known, &context, &opened, &mistakes[0]), 0, "%s: %s",
                 text, mistakes[0].mistake.message);
    cr_expect_str_eq(written(&opened.value), value, "%s", text);
    cr_expect_str_eq(written(&opened.redacted), redacted, "%s", text);
}

Test(template, without_secrets_nothing_is_left_for_later) {
    cr_expect_str_eq(late("{\"a\":\"${ .trigger.body.n }\"}"), "{\"a\":3}");
}

Test(template, what_reads_secrets_travels_with_what_else_it_reads) {
    cr_expect_str_eq(late("{\"a\":1,\"h\":{\"x\":\"B ${ .secrets.TOKEN } ${ .trigger.body.n }\"}}"),
                     "{\"$late\":{\"value\":{\"a\":1,\"h\":{\"x\":null}},\"places\":[{\"pointer\":"
                     "\"/h/x\",\"source\":\"B ${ .secrets.TOKEN } ${ .trigger.body.n }\","
                     "\"values\":{\"trigger\":{\"body\":{\"n\":3}}}}]}}");
}

Test(template, opening_gives_the_value_and_what_is_stored) {
    opens("{\"auth\":\"Bearer ${ .secrets.TOKEN }\",\"n\":\"${ .trigger.body.n }\"}",
          "{\"auth\":\"Bearer s3cret\",\"n\":3}", "{\"auth\":\"Bearer [secret TOKEN]\",\"n\":3}");
    opens("[1,{\"a/b\":[\"${ .secrets }\"]}]",
          "[1,{\"a/b\":[{\"TOKEN\":\"s3cret\",\"USER\":\"me\"}]}]",
          "[1,{\"a/b\":[{\"TOKEN\":\"[secret TOKEN]\",\"USER\":\"[secret USER]\"}]}]");
    opens("\"${ .secrets.USER + \\\":\\\" + .vars.crm }\"", "\"me:https://crm\"",
          "\"[secret USER]:https://crm\"");
    opens("{\"a\":\"${ {k: .secrets.TOKEN, s: .trigger.body.s} }\"}",
          "{\"a\":{\"k\":\"s3cret\",\"s\":\"x\"}}",
          "{\"a\":{\"k\":\"[secret TOKEN]\",\"s\":\"x\"}}");
}

Test(template, a_secret_never_shows_in_what_is_stored) {
    opens("\"${ .secrets.TOKEN | @base64 }\"", "\"czNjcmV0\"", "\"W3NlY3JldCBUT0tFTl0=\"");
    opens("\"${ .secrets.TOKEN | explode | implode | ascii_upcase }\"", "\"S3CRET\"",
          "\"[SECRET TOKEN]\"");
    opens("\"${ if .secrets.TOKEN == \\\"s3cret\\\" then 1 else error(\\\"no\\\") end }\"", "1",
          "\"[secret]\"");
}

Test(template, data_cannot_pose_as_something_left_for_later) {
    const char *evil = "{\"x\":{\"$late\":{\"value\":null,\"places\":[{\"pointer\":\"\","
                       "\"source\":\"${ .secrets.TOKEN }\",\"values\":{}}]}}}";
    Json input = parsed(evil), known = parsed(secrets);
    static const char *const templates[] = {"\"${ .x }\"", "{\"a\":\"${ .x }\"}", "[\"${ .x }\"]"};

    for (size_t i = 0; i < 3; i++) {
        _cleanup_(template_free_p) Template *template = compiled(templates[i]);
        ExprContext context = context_of();
        TemplateOpened opened;
        Json value;

        cr_assert_eq(template_eval_late(template, &input, &context, &value, NULL), 0);
        cr_assert_eq(template_open(&value, &known, &context, &opened, NULL), 0);
        cr_expect_null(strstr(written(&opened.value), "s3cret"));
        cr_expect_not_null(strstr(written(&opened.value), "secrets.TOKEN"));
    }
}

Test(template, malformed_envelopes_are_refused) {
    static const char *const texts[] = {
        "{\"$late\":1}",
        "{\"$late\":{\"value\":1}}",
        "{\"$late\":{\"value\":1,\"places\":[1]}}",
        "{\"$late\":{\"value\":1,\"places\":[{\"pointer\":\"/"
        "a\",\"source\":\"x\",\"values\":{}}]}}",
        "{\"$late\":{\"value\":[1],\"places\":[{\"pointer\":\"/"
        "7\",\"source\":\"x\",\"values\":{}}]}}",
        "{\"$late\":{\"value\":1,\"places\":[{\"pointer\":\"\",\"source\":\"${\",\"values\":{}}]}}",
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        Json value = parsed(texts[i]), known = parsed(secrets);
        ExprContext context = context_of();
        TemplateOpened opened;

        cr_expect_eq(template_open(&value, &known, &context, &opened, &mistakes[0]), EXPR_E_RUNTIME,
                     "%s", texts[i]);
        cr_expect(strstr(mistakes[0].mistake.message, "malformed") != NULL);
    }
}

Test(template, an_error_in_a_place_is_told_when_it_is_opened) {
    Json envelope = parsed(late("{\"a\":\"${ .secrets.TOKEN.x }\"}")), known = parsed(secrets);
    ExprContext context = context_of();
    TemplateOpened opened;

    cr_expect_eq(template_open(&envelope, &known, &context, &opened, &mistakes[0]), EXPR_E_RUNTIME);
    cr_expect(strstr(mistakes[0].mistake.message, "Cannot index string") != NULL);
}
