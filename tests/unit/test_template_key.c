/* Reference keys of workflows. */

#include <criterion/criterion.h>
#include <string.h>

#include "trigger-gateway/api/template.h"

Test(template, a_key_is_fit_for_a_path) {
    static const char *const keys[] = {"a", "Order-intake_v2.1~x", "0", "7e",
                                       "0193f2c4-5a6b-7c8d-9e0f-a1b2c3d4e5fg"};

    for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
        cr_expect(template_key_is_valid(str_of(keys[i])), "%s", keys[i]);
}

Test(template, what_a_path_could_take_for_something_else_is_no_key) {
    static const char *const keys[] = {
        "",    ".",   "..",   "-a",     "_a",
        "~a",  "a/b", "a b",  "a%20",   "a?b",
        "a#b", "ä",   "a\nb", "a\tb\\", "0193f2c4-5a6b-7c8d-9e0f-a1b2c3d4e5f6",
    };
    char text[200];

    for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
        cr_expect_not(template_key_is_valid(str_of(keys[i])), "%s", keys[i]);
    cr_expect_not(template_key_is_valid(str_from("a\0b", 3)));
    memset(text, 'k', sizeof text);
    cr_expect(template_key_is_valid(str_from(text, 128)));
    cr_expect_not(template_key_is_valid(str_from(text, 129)));
}
