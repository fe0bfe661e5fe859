#include <criterion/criterion.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/defs.h"

Test(alloc, no_bytes_are_a_pointer_that_can_be_freed) {
    void *pointer = alloc_bytes(0);

    cr_assert_not_null(pointer);
    cr_assert_null(alloc_free(pointer));
}

Test(alloc, freeing_nothing_is_fine) {
    cr_assert_null(alloc_free(NULL));
}

Test(alloc, zeroed_memory_is_zero) {
    static const char zeros[1000];
    char *bytes = alloc_zero(sizeof zeros);

    cr_assert_arr_eq(bytes, zeros, sizeof zeros);
    alloc_free(bytes);
}

Test(alloc, an_array_is_zeroed_as_a_whole) {
    uint32_t *numbers = alloc_array(100, sizeof *numbers);

    for (int i = 0; i < 100; i++)
        cr_assert_eq(numbers[i], 0);
    alloc_free(numbers);
}

Test(alloc, a_product_that_overflows_ends_the_process, .signal = SIGABRT) {
    alloc_array(SIZE_MAX / 2, 3);
}

Test(alloc, growing_keeps_what_was_there) {
    char *bytes = alloc_again(NULL, 4);

    memcpy(bytes, "abc", 4);
    bytes = alloc_again(bytes, 100000);
    cr_assert_str_eq(bytes, "abc");
    alloc_free(bytes);
}

Test(alloc, a_copy_has_a_nul_behind_it) {
    char *copy = alloc_copy("abcdef", 3);

    cr_assert_str_eq(copy, "abc");
    alloc_free(copy);
}

Test(alloc, a_copy_of_nothing_is_empty) {
    char *copy = alloc_copy(NULL, 0);

    cr_assert_str_eq(copy, "");
    alloc_free(copy);
}

Test(alloc, the_cleanup_form_frees_at_the_end_of_a_scope) {
    _cleanup_(alloc_free_p) char *bytes = alloc_bytes(10);
    _cleanup_(alloc_free_p) char *nothing = NULL;

    cr_assert_not_null(bytes);
    cr_assert_null(nothing);
}
