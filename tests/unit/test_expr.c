#include <criterion/criterion.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/expr/expr.h"

static Arena arena;
static ExprMistake mistake;

static void clear(void) {
    arena_done(&arena);
}

TestSuite(expr, .fini = clear);

static Expr *compiled(const char *source) {
    Expr *expr = NULL;

    cr_assert_eq(expr_compile(str_of(source), NULL, 0, &expr, &mistake), 0, "%s: %s", source,
                 mistake.message);
    return expr;
}

static void refused(const char *source, int code, uint32_t line, uint32_t column,
                    const char *message) {
    Expr *expr = NULL;
    int r = expr_compile(str_of(source), NULL, 0, &expr, &mistake);

    cr_expect_eq(r, code, "%s: %d %s", source, r, mistake.message);
    cr_expect_null(expr, "%s", source);
    cr_expect(strstr(mistake.message, message) != NULL, "%s: %s", source, mistake.message);
    cr_expect(mistake.line == line && mistake.column == column, "%s: at %u:%u", source,
              mistake.line, mistake.column);
}

static const char *result_of(const char *source, const char *input) {
    _cleanup_(expr_free_p) Expr *expr = compiled(source);
    ExprContext context = {.now_ms = 1425599621678, .budget = EXPR_BUDGET_DEFAULT, .arena = &arena};
    Json value, result;

    cr_assert_eq(json_parse(&arena, str_of(input), JSON_LIMITS_DEFAULT, &value, NULL), 0);
    cr_assert_eq(expr_eval_one(expr, &value, &context, &result, &mistake), 0, "%s: %s", source,
                 mistake.message);
    return json_text(&arena, &result).data;
}

Test(expr, an_empty_program_is_the_identity) {
    cr_expect_str_eq(result_of("", "{\"a\":1}"), "{\"a\":1}");
    cr_expect_str_eq(result_of(" # nothing", "2"), "2");
}

Test(expr, syntax_mistakes_say_where_they_are) {
    refused(".a +", EXPR_E_SYNTAX, 1, 5, "the program ends");
    refused(".a\n  | )", EXPR_E_SYNTAX, 2, 5, "unexpected ')'");
    refused("{a: 1", EXPR_E_SYNTAX, 1, 6, "the program ends");
    refused("[1, 2", EXPR_E_SYNTAX, 1, 6, "']'");
    refused("\"abc", EXPR_E_SYNTAX, 1, 1, "not closed");
    refused("\"a\\qb\"", EXPR_E_SYNTAX, 1, 3, "escape");
    refused("\"a\\u12\"", EXPR_E_SYNTAX, 1, 3, "escape");
    refused("1 2", EXPR_E_SYNTAX, 1, 3, "unexpected '2'");
    refused("if . then 1 else 2", EXPR_E_SYNTAX, 1, 19, "'end'");
    refused(". as x | 1", EXPR_E_SYNTAX, 1, 6, "$name");
    refused("1 == 1 == 1", EXPR_E_SYNTAX, 1, 8, "does not group");
    refused(".a = 1 = 2", EXPR_E_SYNTAX, 1, 8, "does not group");
    refused("reduce . as $x (0)", EXPR_E_SYNTAX, 1, 18, "';'");
    refused(". | ^", EXPR_E_SYNTAX, 1, 5, "unexpected '^'");
    refused("{(.a)}", EXPR_E_SYNTAX, 1, 6, "':'");
    refused("{(1): 2}", EXPR_E_SYNTAX, 1, 2, "a key must be a string");
    refused("then", EXPR_E_SYNTAX, 1, 1, "unexpected 'then'");
    refused("\xff", EXPR_E_SYNTAX, 1, 1, "UTF-8");
}

Test(expr, unknown_names_are_refused_with_the_nearest_known_one) {
    refused(".a | foo", EXPR_E_UNKNOWN, 1, 6, "no function named foo/0");
    refused("lenght", EXPR_E_UNKNOWN, 1, 1, "no function named lenght/0");
    refused("mapp(.)", EXPR_E_UNKNOWN, 1, 1, "is map/1 meant?");
    refused("map", EXPR_E_UNKNOWN, 1, 1, "is map/1 meant?");
    refused("split(1; 2; 3)", EXPR_E_UNKNOWN, 1, 1, "no function named split/3");
    refused("1 + $x", EXPR_E_UNKNOWN, 1, 5, "no variable named $x");
    refused("break $x", EXPR_E_UNKNOWN, 1, 1, "no label named $x");
    refused("@nope \"a\"", EXPR_E_UNKNOWN, 1, 7, "no format named @nope");
    refused(". | @nope", EXPR_E_UNKNOWN, 1, 5, "no format named @nope");
    refused("def f: $y; f", EXPR_E_UNKNOWN, 1, 8, "no variable named $y");
    refused("(1 as $x | 2) | $x", EXPR_E_UNKNOWN, 1, 17, "no variable named $x");
}

Test(expr, what_touches_the_outside_is_refused_with_the_reason) {
    static const char *const programs[] = {
        "env",         "$ENV",        "env.PATH",          "$ENV.PATH",  "input",
        "inputs",      "debug",       "debug(\"x\")",      "stderr",     "input_filename",
        "halt",        "halt_error",  "halt_error(1)",     "modulemeta", "get_search_list",
        "[.[] | env]", "\"\\(env)\"", "input_line_number",
    };

    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        Expr *expr = NULL;

        cr_expect_eq(expr_compile(str_of(programs[i]), NULL, 0, &expr, &mistake), EXPR_E_FORBIDDEN,
                     "%s", programs[i]);
        cr_expect(strstr(mistake.message, "is not available: a program") != NULL, "%s",
                  mistake.message);
    }
    refused("import \"a\" as a; .", EXPR_E_FORBIDDEN, 1, 1, "may not read files");
    refused("include \"a\"; .", EXPR_E_FORBIDDEN, 1, 1, "may not read files");
}

Test(expr, programs_are_limited_in_length_and_nesting) {
    static char source[20000];
    Expr *expr = NULL;

    memset(source, ' ', 8192);
    cr_expect_eq(expr_compile(str_from(source, 8192), NULL, 0, &expr, &mistake), 0);
    expr = expr_free(expr);
    cr_expect_eq(expr_compile(str_from(source, 8193), NULL, 0, &expr, &mistake), EXPR_E_TOO_LARGE);
}

/* Everything that a parser may recurse on, as often as the length allows. */
Test(expr, deep_programs_are_refused_not_followed) {
    static const struct {
        const char *open;
        const char *middle;
        const char *close;
    } shapes[] = {
        {"(",              "1",     ")"            },
        {"[",              "1",     "]"            },
        {"{a:",            "1",     "}"            },
        {"-",              "1",     ""             },
        {"\"\\(",          "1",     ")\""          },
        {"if 1 then ",     "1",     " end"         },
        {"try ",           "1",     ""             },
        {". as [",         "$x",    "]"            },
        {"def f: ",        "1",     "; f"          },
        {"1 as $x | ",     "1",     ""             },
        {"label $x | ",    "1",     ""             },
        {"reduce ",        ".",     " as $x (0; 1)"},
        {"map(",           "1",     ")"            },
        {".[",             "0",     "]"            },
        {"1 + ",           "1",     ""             },
        {"1 // ",          "1",     ""             },
        {"1 | ",           "1",     ""             },
        {"1, ",            "1",     ""             },
        {".a",             "",      ""             },
        {".[0]",           "",      ""             },
        {"first(",         "1",     ")"            },
        {". |= ",          ".",     ""             },
        {"if 1 then 1 el", "se 1",  ""             },
        {"{(",             "\"a\"", "): 1}"        },
        {"foreach ",       ".",     " as $x (0; 1)"},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        size_t each = strlen(shapes[i].open) + strlen(shapes[i].close);
        size_t count = (8192 - strlen(shapes[i].middle)) / each;
        _cleanup_(buf_done) Buf source = {0};
        _cleanup_(expr_free_p) Expr *expr = NULL;
        int r;

        for (size_t k = 0; k < count; k++)
            buf_add_text(&source, shapes[i].open);
        buf_add_text(&source, shapes[i].middle);
        for (size_t k = 0; k < count; k++)
            buf_add_text(&source, shapes[i].close);
        r = expr_compile(buf_str(&source), NULL, 0, &expr, &mistake);
        cr_expect(r == EXPR_E_TOO_LARGE || r == EXPR_E_SYNTAX || r == 0, "%s: %d %s",
                  shapes[i].open, r, mistake.message);
    }
}

Test(expr, variables_of_the_context_are_seen_by_their_names) {
    const Str names[] = {STR("limit"), STR("name")};
    Json values[] = {json_number(3), json_string(STR("x"))};
    Json input = json_null(), result;
    Expr *expr = NULL;
    ExprContext context = {.budget = EXPR_BUDGET_DEFAULT, .values = values, .arena = &arena};

    cr_assert_eq(
        expr_compile(STR("[$limit, $name, (9 as $limit | $limit)]"), names, 2, &expr, &mistake), 0);
    cr_assert_eq(expr_eval_one(expr, &input, &context, &result, &mistake), 0);
    cr_expect_str_eq(json_text(&arena, &result).data, "[3,\"x\",9]");
    expr_free(expr);
}

Test(expr, the_present_comes_with_the_context) {
    cr_expect_str_eq(result_of("now", "null"), "1425599621.678");
    cr_expect_str_eq(result_of("now | todate", "null"), "\"2015-03-05T23:53:41Z\"");
}

Test(expr, numbers_keep_their_text_while_they_are_carried) {
    cr_expect_str_eq(result_of(".a", "{\"a\":12345678901234567890}"), "12345678901234567890");
    cr_expect_str_eq(result_of("{b: [.a]}", "{\"a\":1.500}"), "{\"b\":[1.500]}");
    cr_expect_str_eq(result_of("\"\\(.a)\"", "{\"a\":1e2}"), "\"1e2\"");
    cr_expect_str_eq(result_of("[.[]] | sort", "[3.0,1]"), "[1,3.0]");
    cr_expect_str_eq(result_of(".a + 0", "{\"a\":12345678901234567890}"), "12345678901234567000");
}

Test(expr, exactly_one_result_is_wanted_from_eval_one) {
    static const char *const programs[] = {"empty", ".[]", "1, 2", ".[] | select(. > 5)"};
    Json input, result = json_number(7);

    json_parse(&arena, STR("[1,2]"), JSON_LIMITS_DEFAULT, &input, NULL);
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        Expr *expr = compiled(programs[i]);
        ExprContext context = {.budget = EXPR_BUDGET_DEFAULT, .arena = &arena};

        cr_expect_eq(expr_eval_one(expr, &input, &context, &result, &mistake), EXPR_E_COUNT, "%s",
                     programs[i]);
        cr_expect_eq(json_real(&result), 7, "the result was touched");
        cr_expect(strstr(mistake.message, "exactly one is wanted") != NULL);
        expr_free(expr);
    }
}

Test(expr, what_came_before_an_error_is_given) {
    Expr *expr = compiled("1, 2, error({code: 7})");
    ExprContext context = {.budget = EXPR_BUDGET_DEFAULT, .arena = &arena};
    Json input = json_null();
    JsonArray results;

    cr_expect_eq(expr_eval(expr, &input, &context, &results, &mistake), EXPR_E_RUNTIME);
    cr_expect_eq(results.count, 2);
    cr_expect_str_eq(mistake.message, "(not a string): {\"code\":7}");
    cr_expect_str_eq(json_text(&arena, &mistake.value).data, "{\"code\":7}");
    expr_free(expr);
}

Test(expr, a_program_gives_the_same_results_every_time) {
    Expr *expr = compiled("[.[] | {(.k): (.v * 2)}] | add | to_entries | sort_by(.key)");
    const char *text = "[{\"k\":\"b\",\"v\":1},{\"k\":\"a\",\"v\":2},{\"k\":\"b\",\"v\":3}]";

    for (int i = 0; i < 3; i++) {
        ExprContext context = {.budget = EXPR_BUDGET_DEFAULT, .arena = &arena};
        Json input, result;

        json_parse(&arena, str_of(text), JSON_LIMITS_DEFAULT, &input, NULL);
        cr_assert_eq(expr_eval_one(expr, &input, &context, &result, &mistake), 0);
        cr_expect_str_eq(json_text(&arena, &result).data,
                         "[{\"key\":\"a\",\"value\":4},{\"key\":\"b\",\"value\":6}]");
        arena_reset(&arena);
    }
    expr_free(expr);
}

Test(expr, older_values_stay_as_they_were_when_newer_ones_grow) {
    cr_expect_str_eq(result_of("[1] as $a | ($a + [2]) as $b | ($b + [3]) as $c | ($b + [4]) as $d"
                               " | [$a, $b, $c, $d]",
                               "null"),
                     "[[1],[1,2],[1,2,3],[1,2,4]]");
    cr_expect_str_eq(result_of("\"x\" as $a | ($a + \"y\") as $b | ($b + \"z\") as $c"
                               " | ($b + \"w\") as $d | [$a, $b, $c, $d]",
                               "null"),
                     "[\"x\",\"xy\",\"xyz\",\"xyw\"]");
    cr_expect_str_eq(result_of("{a: 1} as $a | ($a + {b: 2}) as $b | ($b + {c: 3}) as $c"
                               " | ($b + {c: 4}) as $d | ($b + {a: 5}) as $e"
                               " | [$a, $b, $c, $d, $e]",
                               "null"),
                     "[{\"a\":1},{\"a\":1,\"b\":2},{\"a\":1,\"b\":2,\"c\":3},"
                     "{\"a\":1,\"b\":2,\"c\":4},{\"a\":5,\"b\":2}]");
}

/* name/2 is called as name(.; .). */
static void compile_builtin(Str name, int64_t arity) {
    _cleanup_(buf_done) Buf source = {0};

    buf_add_str(&source, name);
    for (int64_t i = 0; i < arity; i++)
        buf_add_text(&source, i == 0 ? "(." : "; .");
    if (arity > 0)
        buf_add_char(&source, ')');
    expr_free(compiled(source.data));
}

Test(expr, every_builtin_can_be_compiled) {
    Str rest = str_of(result_of("builtins | join(\" \")", "null"));
    int count = 0;

    rest = str_slice(rest, 1, rest.length - 2);
    while (rest.data != NULL) {
        Str arity = str_split(&rest, ' '), name = str_split(&arity, '/');
        int64_t number;

        cr_assert(str_to_int64(arity, 0, 9, &number));
        compile_builtin(name, number);
        count++;
    }
    cr_expect_gt(count, 180, "only %d builtins", count);
}

Test(expr, every_refusal_has_a_name) {
    cr_expect_str_eq(expr_code_name(EXPR_E_SYNTAX), "SYNTAX");
    cr_expect_str_eq(expr_code_name(EXPR_E_COUNT), "COUNT");
    cr_expect_str_eq(expr_code_name(0), "");
    cr_expect_str_eq(expr_code_name(99), "");
}
