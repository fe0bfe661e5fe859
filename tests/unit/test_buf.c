#include <criterion/criterion.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/buf.h"

Test(buf, an_empty_buffer_reads_as_empty_text) {
    Buf buf = {0};

    cr_assert_eq(buf_str(&buf).length, 0);
    cr_assert_not_null(buf_str(&buf).data);
    buf_done(&buf);
}

Test(buf, what_is_added_stands_in_order_with_a_nul_behind_it) {
    _cleanup_(buf_done) Buf buf = {0};

    buf_add_text(&buf, "one ");
    buf_add_str(&buf, STR("two "));
    buf_add_char(&buf, '3');
    buf_printf(&buf, " %d", 4);
    buf_add(&buf, "xyz", 0);
    cr_assert_str_eq(buf.data, "one two 3 4");
    cr_assert_eq(buf.length, strlen("one two 3 4"));
}

Test(buf, adding_nothing_from_nowhere_is_fine) {
    _cleanup_(buf_done) Buf buf = {0};

    buf_add_str(&buf, STR_NONE);
    cr_assert_str_eq(buf.data, "");
}

Test(buf, growth_keeps_every_byte) {
    _cleanup_(buf_done) Buf buf = {0};

    for (int i = 0; i < 100000; i++)
        buf_add_char(&buf, (char)i);
    cr_assert_eq(buf.length, 100000);
    for (int i = 0; i < 100000; i++)
        cr_assert_eq(buf.data[i], (char)i);
}

Test(buf, reserved_room_can_be_written_before_it_counts) {
    _cleanup_(buf_done) Buf buf = {0};

    buf_add_text(&buf, "ab");
    memset(buf_reserve(&buf, 1000), 'c', 1000);
    cr_assert_eq(buf.length, 2);
    buf.length += 1000;
    buf_add_char(&buf, '!');
    cr_assert_eq(buf.data[1001], 'c');
    cr_assert_eq(buf.data[1002], '!');
}

Test(buf, clearing_keeps_the_memory) {
    _cleanup_(buf_done) Buf buf = {0};
    char *before;

    buf_clear(&buf);
    buf_add_text(&buf, "some text");
    before = buf.data;
    buf_clear(&buf);
    cr_assert_eq(buf.length, 0);
    cr_assert_str_eq(buf.data, "");
    cr_assert_eq(buf.data, before);
}

Test(buf, bytes_with_nul_are_plain_bytes) {
    _cleanup_(buf_done) Buf buf = {0};

    buf_add(&buf, "a\0b", 3);
    cr_assert(str_equal(buf_str(&buf), STR("a\0b")));
}

Test(buf, taken_bytes_belong_to_the_taker) {
    Buf buf = {0};
    size_t length = 7;
    char *bytes;

    buf_add_text(&buf, "mine");
    bytes = buf_take(&buf, &length);
    cr_assert_eq(length, 4);
    cr_assert_str_eq(bytes, "mine");
    cr_assert_null(buf.data);
    alloc_free(bytes);
}

Test(buf, taking_from_an_empty_buffer_gives_empty_text) {
    Buf buf = {0};
    char *bytes = buf_take(&buf, NULL);

    cr_assert_str_eq(bytes, "");
    alloc_free(bytes);
}

Test(buf, long_prints_fit) {
    _cleanup_(buf_done) Buf buf = {0};

    buf_printf(&buf, "%*d", 5000, 7);
    cr_assert_eq(buf.length, 5000);
    cr_assert_eq(buf.data[4999], '7');
}

Test(buf, a_size_that_cannot_be_ends_the_process, .signal = SIGABRT) {
    Buf buf = {0};

    buf_reserve(&buf, SIZE_MAX / 2);
}
