/* Budgets: whatever a program does, the evaluation ends soon and with a name. */

#include <criterion/criterion.h>
#include <string.h>

#include "common/expr/expr.h"

static ExprMistake mistake;

static int run(const char *source, ExprBudget budget, size_t *ret_bytes) {
    _cleanup_(expr_free_p) Expr *expr = NULL;
    _cleanup_(arena_done) Arena arena = {0};
    ExprContext context = {.budget = budget, .arena = &arena};
    Json input = json_null();
    JsonArray results;
    int r;

    cr_assert_eq(expr_compile(str_of(source), NULL, 0, &expr, &mistake), 0, "%s: %s", source,
                 mistake.message);
    r = expr_eval(expr, &input, &context, &results, &mistake);
    *ret_bytes = arena.used_bytes;
    return r;
}

static void ends(const char *source, int code) {
    ExprBudget budget = EXPR_BUDGET_DEFAULT;
    size_t bytes;
    int r = run(source, budget, &bytes);

    cr_expect_eq(r, code, "%s: %s %s", source, expr_code_name(r), mistake.message);
    /* A list that grows may double once more before it is noticed. */
    cr_expect_lt(bytes, 3 * budget.bytes_max, "%s: %zu bytes", source, bytes);
}

/* Which of the two ends first is a matter of prices. */
static void ends_early(const char *source) {
    ExprBudget budget = EXPR_BUDGET_DEFAULT;
    size_t bytes;
    int r = run(source, budget, &bytes);

    cr_expect(r == EXPR_E_STEPS || r == EXPR_E_BYTES, "%s: %s %s", source, expr_code_name(r),
              mistake.message);
    cr_expect_lt(bytes, 3 * budget.bytes_max, "%s: %zu bytes", source, bytes);
}

#define SHARED "reduce range(40) as $i (1; [., .])"
#define SHARED_OBJECT "reduce range(40) as $i ({}; {a: ., b: .})"
#define DEEP "reduce range(20000) as $i (null; [.])"

Test(machine, endless_programs_run_out_of_steps) {
    ends("def f: f; f", EXPR_E_STEPS);
    ends("def f(g): f(g | g); f(.)", EXPR_E_STEPS);
    ends("reduce range(1e12) as $x (0; . + 1)", EXPR_E_STEPS);
    ends("last(repeat(.))", EXPR_E_STEPS);
    ends("[repeat(1)]", EXPR_E_STEPS);
    ends("[range(1e9)]", EXPR_E_STEPS);
    ends("[recurse([., .])] | length", EXPR_E_STEPS);
    ends("[.] | until(false; [.])", EXPR_E_STEPS);
    ends("first(range(1e12) | select(. > 1e6))", EXPR_E_STEPS);
    ends("isempty(range(1e12) | select(false))", EXPR_E_STEPS);
    ends("[[range(100)], [range(100)], [range(100)]] | [combinations] | length", EXPR_E_STEPS);
    ends("def f(x): x | x; f(f(f(f(f(f(f(f(f(f(f(f(f(f(f(f(f(f(f(. + 1)))))))))))))))))))",
         EXPR_E_STEPS);
    ends("label $out | foreach repeat(1) as $x (0; . + 1; if . > 1e9 then break $out else empty"
         " end)",
         EXPR_E_STEPS);
    ends("try last(repeat(.)) catch 1", EXPR_E_STEPS);
    ends("[limit(1e9; repeat(1))]", EXPR_E_STEPS);
}

Test(machine, unfinished_calls_run_out_of_depth) {
    ends("def f: 1 + f; f", EXPR_E_DEPTH);
    ends("def f: [f]; f", EXPR_E_DEPTH);
    ends("def f: try f catch .; f", EXPR_E_DEPTH);
    ends("try (def f: 1 + f; f) catch 1", EXPR_E_DEPTH);
}

Test(machine, a_call_in_the_last_place_needs_no_depth) {
    ends("def down: if . == 0 then 1 else . - 1 | down end; 15000 | down", 0);
    ends("0 | until(. == 10000; . + 1)", 0);
    ends("[0 | while(. < 5000; . + 1)] | length", 0);
    ends("last(range(40000))", 0);
}

Test(machine, giant_indexes_are_errors_that_can_be_caught) {
    ends(".[200000000] = 1", EXPR_E_RUNTIME);
    ends(".[1e9] = 1", EXPR_E_RUNTIME);
    ends(".[1e18] = 1", EXPR_E_RUNTIME);
    ends("try (.[1e9] = 1) catch .", 0);
    ends("[limit(5; .[1e300]?)]", 0);
    ends("setpath([1e9]; 1)", EXPR_E_RUNTIME);
    ends("[1] | .[infinite] = 1", EXPR_E_RUNTIME);
    ends("[1] | .[nan] = 1", EXPR_E_RUNTIME);
    ends("[1] | .[nan] == null", 0);
}

Test(machine, shared_values_are_paid_for_each_time_they_are_walked) {
    ends(SHARED " | . == (. | .)", EXPR_E_STEPS);
    ends(SHARED " | tojson | length", EXPR_E_STEPS);
    ends(SHARED " | tostring", EXPR_E_STEPS);
    ends(SHARED " | \"\\(.)\"", EXPR_E_STEPS);
    ends(SHARED " | @json", EXPR_E_STEPS);
    ends(SHARED " | [.[0], .[1]] | sort", EXPR_E_STEPS);
    ends(SHARED " | unique", EXPR_E_STEPS);
    ends(SHARED " | contains(.)", EXPR_E_STEPS);
    ends(SHARED " | [..] | length", EXPR_E_STEPS);
    ends_early(SHARED " | flatten");
    ends(SHARED " | [paths] | length", EXPR_E_STEPS);
    ends(SHARED " | index(.)", EXPR_E_STEPS);
    ends(SHARED " | . - .", EXPR_E_STEPS);
    ends(SHARED " | walk(.)", EXPR_E_STEPS);
    ends(SHARED_OBJECT " | @json", EXPR_E_STEPS);
    ends_early(SHARED_OBJECT " | . * .");
    ends_early(SHARED_OBJECT " | . == (. | .)");
    ends(SHARED " | length", 0);
    ends(SHARED " | .[0][1] | length", 0);
}

Test(machine, a_result_that_is_too_large_as_text_is_refused) {
    ends(SHARED, EXPR_E_BYTES);
    ends(SHARED_OBJECT, EXPR_E_BYTES);
    ends("\"x\" * 1048570", 0);
    ends("\"x\" * 1048577", EXPR_E_BYTES);
    ends("[range(1000)] | map(\"x\" * 2000)", EXPR_E_BYTES);
}

Test(machine, messages_show_only_the_start_of_a_value) {
    ends(SHARED " | error", EXPR_E_RUNTIME);
    ends(SHARED " | .a", EXPR_E_RUNTIME);
    ends(SHARED " | implode", EXPR_E_RUNTIME);
    ends(DEEP " | .a", EXPR_E_RUNTIME);
    ends(DEEP " | error", EXPR_E_RUNTIME);
    ends(SHARED " | -.", EXPR_E_RUNTIME);
    cr_expect_str_eq(mistake.message, "array ([[[[[[[[[[[...) cannot be negated");
}

Test(machine, deep_values_are_refused_where_they_are_walked) {
    ends("reduce range(1e6) as $i (null; [.])", EXPR_E_STEPS);
    ends(DEEP, EXPR_E_DEPTH);
    ends(DEEP " | tojson", EXPR_E_DEPTH);
    ends(DEEP " | . == (. | .)", EXPR_E_DEPTH);
    ends(DEEP " | flatten", EXPR_E_DEPTH);
    ends(DEEP " | [., .] | sort", EXPR_E_DEPTH);
    ends(DEEP " | contains(.)", EXPR_E_DEPTH);
    ends("reduce range(20000) as $i (null; {a: .}) | . * .", EXPR_E_DEPTH);
    ends("[range(3000)] | map(0) as $p | null | setpath($p; 1)", EXPR_E_DEPTH);
    ends("[range(3000)] | map(0) as $p | null | delpaths([$p])", EXPR_E_DEPTH);
    ends(DEEP " | length", 0);
    ends("reduce range(300) as $i (null; [.])", EXPR_E_DEPTH);
    ends("reduce range(200) as $i (null; [.])", 0);
    ends("\"[\" * 5000 | fromjson", EXPR_E_RUNTIME);
}

Test(machine, growing_text_runs_out_of_memory_or_steps) {
    ends_early("reduce range(60) as $i (\"x\"; . + .) | length");
    ends("\"x\" * 1e12", EXPR_E_BYTES);
    ends_early("[range(20000)] | join(\"x\" * 2000) | length");
    ends_early("[range(1000)] | map(\"x\" * 100000) | length");
    ends_early("(\"x\" * 1e6) | @base64 | @base64 | @uri | @html | @json | @sh | length");
    ends_early("reduce range(30) as $i (\"<\"; @html * 2) | length");
}

Test(machine, lists_that_grow_step_by_step_share_their_memory) {
    ends("reduce range(5000) as $i ([]; . + [$i]) | length", 0);
    ends("reduce range(5000) as $i (\"\"; . + \"x\") | length", 0);
    ends("reduce range(3000) as $i ([]; .[$i] = $i) | length", 0);
    ends("reduce range(3000) as $i ({}; .[$i | tostring] = $i) | length", 0);
    ends("[range(20000) | tostring] | map({key: ., value: 1}) | from_entries | length", 0);
}

Test(machine, work_inside_builtins_is_paid_for) {
    ends("[range(2000)] as $a | [range(60)] | map($a - $a) | length", EXPR_E_STEPS);
    ends("[range(40000)] | sort | sort | sort | length", 0);
    ends("[range(40000)] as $a | [range(1000)] | map($a | sort) | length", EXPR_E_STEPS);
    ends_early("(\"x\" * 1e5) as $s | [range(10000)] | map($s | ascii_upcase) | length");
    ends_early("[range(30000)] as $a | [range(1000)] | map($a | keys) | length");
    ends_early("[range(30000)] as $a | [range(1000)] | map($a | reverse) | length");
    ends("[range(300)] | map([range(300)]) | transpose | flatten | length", 0);
}

Test(machine, regular_expressions_are_bounded) {
    ends("\""
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"
         "\" | test(\"^(a+)+$\")",
         EXPR_E_REGEX);
    ends("(\"a\" * 5000) | test(\"(a|aa)+$x\")", 0);
    ends("(\"a\" * 100000) | [match(\"a\"; \"g\")] | length", EXPR_E_STEPS);
    ends("try (\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\" | test(\"^(a+)+$\")) catch 1",
         EXPR_E_REGEX);
    ends("\"a\" | test(\"(\" * 5000)", EXPR_E_RUNTIME);
    ends("\"a\" | test(\"\\\\C\")", EXPR_E_RUNTIME);
    ends("\"a\" | test(\"a\" * 20000)", EXPR_E_RUNTIME);
}

Test(machine, outputs_are_counted) {
    ends("range(1000)", 0);
    ends("range(1001)", EXPR_E_OUTPUTS);
    ends("repeat(1)", EXPR_E_OUTPUTS);
}

Test(machine, each_budget_can_be_small) {
    ExprBudget budget = EXPR_BUDGET_DEFAULT;
    size_t bytes;

    budget.steps_max = 10;
    cr_expect_eq(run("[range(100)]", budget, &bytes), EXPR_E_STEPS);
    budget.steps_max = 0;
    cr_expect_eq(run("1 + 1", budget, &bytes), EXPR_E_STEPS);
    budget = EXPR_BUDGET_DEFAULT;
    budget.bytes_max = 1000;
    cr_expect_eq(run("[range(100)]", budget, &bytes), EXPR_E_BYTES);
    budget = EXPR_BUDGET_DEFAULT;
    budget.depth_max = 3;
    cr_expect_eq(run("[[[[[[1 | range(.)]]]]]]", budget, &bytes), EXPR_E_DEPTH);
    budget = EXPR_BUDGET_DEFAULT;
    budget.outputs_max = 0;
    cr_expect_eq(run("1", budget, &bytes), EXPR_E_OUTPUTS);
}
