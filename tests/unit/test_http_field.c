/* Names and values of headers. */

#include <criterion/criterion.h>

#include "common/io/http_field.h"

Test(http_field, a_name_is_found_in_any_case_and_the_first_one_wins) {
    HttpField fields[] = {
        {STR("Accept"), STR("a")},
        {STR("X-Key"),  STR("b")},
        {STR("x-key"),  STR("c")}
    };

    cr_expect(str_is(http_field_find(fields, 3, STR("x-KEY"))->value, "b"));
    cr_expect_null(http_field_find(fields, 3, STR("x-ke")));
    cr_expect_null(http_field_find(fields, 0, STR("accept")));
}

Test(http_field, a_token_is_what_a_name_may_be) {
    cr_expect(http_field_is_token(STR("X-Key_1.a~b!#$%&'*+^`|")));
    cr_expect_not(http_field_is_token(STR("")));
    cr_expect_not(http_field_is_token(STR("a b")));
    cr_expect_not(http_field_is_token(STR("a:")));
    cr_expect_not(http_field_is_token(STR("a\r\n")));
    cr_expect_not(http_field_is_token(STR("a\0b")));
    cr_expect_not(http_field_is_token(STR("\xc3\xa4")));
}

Test(http_field, a_value_cannot_begin_another_line) {
    cr_expect(http_field_is_value(STR("")));
    cr_expect(http_field_is_value(STR("a b\tc \xc3\xa4")));
    cr_expect_not(http_field_is_value(STR("a\nb")));
    cr_expect_not(http_field_is_value(STR("a\rb")));
    cr_expect_not(http_field_is_value(STR("a\0b")));
    cr_expect_not(http_field_is_value(STR("a\x7f")));
    cr_expect_not(http_field_is_value(STR("\x1b[31m")));
}
