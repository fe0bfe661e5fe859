/* Where `${ … }` ends; tokens themselves are tested through programs. */

#include <criterion/criterion.h>
#include <string.h>

#include "common/expr/expr.h"

static void ends(const char *text, const char *rest) {
    ptrdiff_t end = expr_find_end(str_of(text));

    if (rest == NULL) {
        cr_expect_eq(end, -1, "%s: %td", text, end);
        return;
    }
    cr_assert_geq(end, 0, "%s: %td", text, end);
    cr_expect_str_eq(text + end, rest, "%s", text);
}

Test(lex, the_first_brace_that_closes_nothing_ends_a_program) {
    ends(" .a } tail", "} tail");
    ends("}", "}");
    ends(".a}}", "}}");
    ends("{a: 1} }", "}");
    ends("{a: {b: {c: 1}}}.a} x", "} x");
}

Test(lex, braces_in_strings_and_comments_do_not_count) {
    ends("\"}\" } x", "} x");
    ends("\"a\\\"}\" } x", "} x");
    ends("\"\\\\\" } x", "} x");
    ends(".a # }\n } x", "} x");
    ends("\"#\" } x", "} x");
}

Test(lex, programs_in_strings_have_strings_of_their_own) {
    ends("\"a\\(.b)\" } x", "} x");
    ends("\"\\(\"}\")\" } x", "} x");
    ends("\"\\({a: \"\\(1 + (2))}\"})}\" } x", "} x");
    ends("\"\\(\"\\(\"\\(1)\")\")\" }", "}");
}

Test(lex, other_brackets_are_left_to_the_parser) {
    ends("(.a } x", "} x");
    ends(".a) } x", "} x");
    ends("[.a } x", "} x");
}

Test(lex, what_is_not_closed_has_no_end) {
    ends("", NULL);
    ends(".a", NULL);
    ends("{a: 1", NULL);
    ends("{a: 1 }", NULL);
    ends("\"} ", NULL);
    ends("\"\\(} ", NULL);
    ends(".a # }", NULL);
    ends("\"\\", NULL);
}
