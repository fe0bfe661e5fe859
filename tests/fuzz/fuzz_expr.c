/*
 * Any bytes as a program, an input behind the first NUL: it is refused with a place in it, or it
 * ends within its budgets, twice alike; what it gives can be written and read again. The same bytes
 * as a mapping value: what it reads is told, and it is evaluated, left for later and opened.
 */

#include <string.h>

#include "common/base/check.h"
#include "common/expr/template.h"
#include "tests/fuzz/fuzz.h"

static const ExprBudget budget = {
    .steps_max = 2000,
    .bytes_max = 1u << 20,
    .depth_max = 200,
    .outputs_max = 100,
    .result_bytes_max = 1u << 16,
};

static Str evaluate(const Expr *expr, const Json *input, Arena *arena) {
    ExprContext context = {.now_ms = 1425599621678, .budget = budget, .arena = arena};
    ExprMistake mistake = {.message = ""};
    JsonArray results;
    Json all;
    int r = expr_eval(expr, input, &context, &results, &mistake);

    CHECK(r == 0 || (r == mistake.code && expr_code_name(r)[0] != '\0'));
    CHECK(results.count <= budget.outputs_max);
    for (uint32_t i = 0; i < results.count; i++)
        CHECK(str_is_utf8(json_text(arena, &results.items[i])));
    all = json_array_done(&results);
    return str_printf(arena, "%d %.*s %s", r, STR_ARGS(json_text(arena, &all)), mistake.message);
}

static void try_program(Str source, const Json *input) {
    _cleanup_(arena_done) Arena arena = {0}, other = {0};
    _cleanup_(expr_free_p) Expr *expr = NULL;
    ExprMistake mistake;
    size_t count;

    if (expr_compile(source, NULL, 0, &expr, &mistake)) {
        CHECK(mistake.offset <= source.length);
        CHECK(mistake.line >= 1 && mistake.column >= 1 && mistake.message[0] != '\0');
        return;
    }
    expr_refs(expr, &count);
    CHECK(str_equal(evaluate(expr, input, &arena), evaluate(expr, input, &other)));
    CHECK(arena.used_bytes < 16 * budget.bytes_max);
}

static bool count_ref(void *context, Str pointer, const ExprRef *ref) {
    (void)pointer;
    CHECK(ref->name_count <= EXPR_REF_NAMES_MAX);
    ++*(size_t *)context;
    return true;
}

static void try_template(Str source, const Json *input) {
    _cleanup_(arena_done) Arena arena = {0};
    _cleanup_(template_free_p) Template *template = NULL;
    ExprContext context = {.now_ms = 1, .budget = budget, .arena = &arena};
    Json text = json_string(source), value, array = json_array(&text, 1);
    TemplateMistake mistake;
    TemplateOpened opened;
    size_t count = 0;

    if (template_compile(&array, &mistake, 1, &template) > 0)
        return;
    template_refs(template, count_ref, &count);
    (void)template_eval(template, input, &context, &value, &mistake);
    if (template_eval_late(template, input, &context, &value, &mistake) == 0 &&
        template_open(&value, input, &context, &opened, &mistake) == 0)
        json_text(&arena, &opened.redacted);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    _cleanup_(arena_done) Arena arena = {0};
    Str all = str_from((const char *)bytes, size);
    ptrdiff_t border = str_find_char(all, '\0');
    Str source = border < 0 ? all : str_slice(all, 0, (size_t)border);
    Json input = json_null();

    if (border >= 0 && json_parse(&arena, str_slice(all, (size_t)border + 1, size),
                                  JSON_LIMITS_DEFAULT, &input, NULL) != 0)
        input = json_null();
    try_program(source, &input);
    if (str_is_utf8(source))
        try_template(source, &input);
    CHECK(expr_find_end(source) <= (ptrdiff_t)source.length);
    return 0;
}
