/* Which parts of its input a program reads: never fewer than it does. */

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/expr/expr.h"

static int by_text(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The refs as sorted text: ".a.b .c"; "." is the whole input. */
static void reads(const char *source, const char *expected) {
    _cleanup_(expr_free_p) Expr *expr = NULL;
    _cleanup_(arena_done) Arena arena = {0};
    _cleanup_(buf_done) Buf all = {0};
    ExprMistake mistake;
    const char *texts[100];
    const ExprRef *refs;
    size_t count;

    cr_assert_eq(expr_compile(str_of(source), NULL, 0, &expr, &mistake), 0, "%s: %s", source,
                 mistake.message);
    refs = expr_refs(expr, &count);
    cr_assert_lt(count, 100);
    for (size_t i = 0; i < count; i++) {
        Buf one = {0};

        for (uint32_t k = 0; k < refs[i].name_count; k++)
            buf_printf(&one, ".%.*s", STR_ARGS(refs[i].names[k]));
        buf_add_text(&one, refs[i].name_count == 0 ? "." : "");
        texts[i] = str_c(&arena, buf_str(&one));
        buf_done(&one);
        cr_expect_leq(refs[i].offset, strlen(source), "%s", source);
    }
    qsort(texts, count, sizeof texts[0], by_text);
    for (size_t i = 0; i < count; i++)
        buf_printf(&all, "%s%s", i > 0 ? " " : "", texts[i]);
    buf_add_text(&all, "");
    cr_expect_str_eq(all.data, expected, "%s: %s", source, all.data);
}

Test(refs, a_path_is_read_by_its_leading_names) {
    reads(".a", ".a");
    reads(".steps.a.output", ".steps.a.output");
    reads(".steps.a.output.x.y.z", ".steps.a.output.x");
    reads(".steps[\"a\"].output", ".steps.a.output");
    reads(".[\"steps\"].\"a\"", ".steps.a");
    reads(".steps.a?.output?", ".steps.a.output");
    reads(".steps.a[0].b", ".steps.a");
    reads(".steps.a[].b", ".steps.a");
    reads(".steps.a[1:2]", ".steps.a");
    reads("(.steps).a", ".steps.a");
}

Test(refs, constants_read_nothing) {
    reads("1", "");
    reads("now", "");
    reads("\"x\", null, [1, 2], {a: 1}", "");
    reads("[range(3)]", "");
    reads("empty", "");
    reads("infinite", "");
    reads("error(\"x\")", "");
}

Test(refs, pipes_continue_paths) {
    reads(".steps | .a | .output", ".steps.a.output");
    reads(". | .steps | .a", ".steps.a");
    reads(".steps | . as $x | .a", ".steps.a");
    reads(".steps | (.a, .b) | .output", ".steps.a.output .steps.b.output");
    reads(".a | length", ".a");
    reads(".steps | keys", ".steps");
    reads("[.a] | .[0] | .b", ".a");
    reads("{x: .steps.a} | .x.output", ".steps.a");
}

Test(refs, dynamic_names_end_a_path) {
    reads(".steps[.x]", ".steps .x");
    reads(".steps[\"a\", \"b\"].o", ".steps");
    reads(".[.k]", ". .k");
    reads(".steps | .[\"x\" + \"y\"].z", ".steps");
    reads("getpath([\"a\"])", ".");
    reads(".a | getpath([\"b\"])", ".a");
}

Test(refs, functions_of_the_whole_input_read_it_whole) {
    reads(".", ".");
    reads("..", ".");
    reads("length", ".");
    reads("keys", ".");
    reads("tojson", ".");
    reads("to_entries", ".");
    reads(".[]", ".");
    reads(".a = 1", ". .a");
    reads("del(.a)", ". .a");
    reads("has(\"a\")", ".");
    reads("[paths]", ".");
    reads("\"\\(.)\"", ".");
    reads("{a: .}", ".");
    reads("@json", ".");
    reads(". as $x | 1", "");
    reads("map(.a)", ".");
    reads("with_entries(.value)", ".");
    reads("walk(.)", ".");
    reads("if . then 1 else 2 end", ".");
    reads("select(.)", ".");
    reads(". == 1", ".");
    reads(". // 1", ".");
}

Test(refs, operators_read_both_sides) {
    reads(".a + .b", ".a .b");
    reads(".a == .b.c", ".a .b.c");
    reads(".a and .b or .c", ".a .b .c");
    reads("-.a", ".a");
    reads(".a // .b", ".a .b");
    reads("(.a // .b).c", ".a.c .b.c");
    reads("[.a, .b]", ".a .b");
    reads("{a, \"b\": .c, (.d): .e, \"x\\(.f)\": 1}", ".a .c .d .e .f");
    reads("{$__loc__, a: 1}", "");
    reads("\"\\(.a) and \\(.b.c)\"", ".a .b.c");
    reads("@base64 \"\\(.a)\"", ".a");
    reads("if .a then .b elif .c then .d else .e end", ".a .b .c .d .e");
    reads("(if .a then .b else .c end).d", ".a .b.d .c.d");
    reads("try .a catch .b", ".a");
    reads("try error(.a) catch .", ".a");
    reads(".a[.b:.c]", ".a .b .c");
    reads("range(.a; .b)", ".a .b");
}

Test(refs, variables_carry_paths) {
    reads(".steps as $s | $s.a.output", ".steps.a.output");
    reads(".steps as $s | 1", ".steps");
    reads(".steps.a.output | 1", ".steps.a.output");
    reads(".a.b and true | null", ".a.b");
    reads(". as $all | .a | $all.b", ".a .b");
    reads(". as $all | .a + $all.b", ".a .b");
    reads(". as {a: $x, b: [$y]} | [$x, $y]", ".a .b");
    reads(". as {a: {b: $x}} | $x.c", ".a.b.c");
    reads(". as {$a} | $a", ".a");
    reads(". as {(.k): $v} | $v", ". .k");
    reads(". as [$a] ?// {a: $a} | $a", ". .a");
    reads(".a as $x | .b as $y | $x + $y", ".a .b");
}

Test(refs, items_of_a_list_are_another_input) {
    reads(".trigger.items | map(.sku)", ".trigger.items");
    reads("[.trigger.items[] | select(.n > 1) | .sku]", ".trigger.items");
    reads(".items | map(select(.a == .b))", ".items");
    reads("[.items[] | . as $i | $i.x]", ".items");
    reads(".items | sort_by(.a) | group_by(.b)", ".items");
    reads(".items | any(.x)", ".items");
    reads(".items | map(.a) | add", ".items");
    reads(". as $root | .items | map(.n * $root.factor)", ".factor .items");
    reads("[.items[] | {x: .a, y: $__loc__.line}]", ".items");
}

Test(refs, reduce_and_foreach_read_items_state_and_what_they_name) {
    reads("reduce .items[] as $i (0; . + $i.n)", ".items");
    reads("reduce .items[] as $i (.start; . + $i.n)", ".items .start");
    reads(". as $r | reduce .items[] as $i (0; . + $i.n * $r.f)", ".f .items");
    reads("foreach .items[] as $i (0; . + $i; [., $i])", ".items");
    reads("foreach .items[] as {a: $x} (.s; $x; .)", ".items .s");
    reads("reduce .items[] as $i (.; .x = $i)", ". .items");
    reads("label $f | foreach .l[] as $x (0; .; break $f)", ".l");
}

Test(refs, own_functions_are_looked_through) {
    reads("def f: .a; f", ".a");
    reads("def f: .a; .steps | f", ".steps.a");
    reads("def f(g): g; f(.a)", ".a");
    reads("def f(g): .x | g; f(.a)", ".x.a");
    reads("def f($v): $v.b; f(.a)", ".a.b");
    reads("def f(g): 1; f(.a)", "");
    reads("def f: .a; 1", "");
    reads("def f(g): def h: g; h; .s | f(.a)", ".s.a");
    reads("def f: .x; def g(h): h | f; g(.a)", ".a.x");
    reads("first(.a.b)", ".a.b");
    reads("first(.a, .b).c", ".a.c .b.c");
    reads("limit(.n; .a[])", ".a .n");
    reads("isempty(.a)", ".a");
    reads("path(.a.b)", ".a.b");
    reads("[.a | recurse | .x]", ".a .a.x");
    reads(".a | test(.b)", ".a .a.b");
    reads(".a | test($__loc__.file)", ".a");
    reads(". as $r | .a | test($r.b)", ".a .b");
    reads(".a | map_values(map_values(.x))", ".a");
    reads(".a | with_entries(.value |= tostring)", ".a");
}

Test(refs, recursion_is_taken_to_read_what_it_is_given) {
    reads("def f: if .n then .n | f else 1 end; .a | f", ".a.n .a.n.n .a.n.n.n");
    reads("def f: if . then .x | f else 1 end; .a | f", ".a .a.x .a.x.x .a.x.x.x");
    reads("def f(g): if . then g | f(g) else 1 end; .a | f(.x)", ".a .a.x .a.x.x .a.x.x.x");
    reads("def f(g): if . then f(g | g) else 1 end; .a | f(.x)", ". .a");
    reads("def f: f; .a | f", ".a");
    reads("def f($n): if $n > 0 then f($n - 1) else .a end; f(.k)", ". .a .k");
}

Test(refs, a_program_that_is_too_tangled_reads_everything) {
    reads("def a: .y | .y | .y | .y; def b: a | a | a | a; def c: b | b | b | b;"
          " def d: c | c | c | c; def e: d | d | d | d; def f: e | e | e | e;"
          " def g: f | f | f | f; def h: g | g | g | g; .x | h",
          ". .x.y.y.y");
}

Test(refs, the_place_of_a_ref_is_known) {
    Expr *expr = NULL;
    ExprMistake mistake;
    size_t count;

    cr_assert_eq(expr_compile(STR("1 + .steps.a.x"), NULL, 0, &expr, &mistake), 0);
    cr_assert_eq(expr_refs(expr, &count)[0].offset, 12);
    expr_free(expr);
}
