/* Cursors. */

#include <criterion/criterion.h>
#include <string.h>

#include "trigger-gateway/api/page.h"

static Uuid id_of(const char *text) {
    Uuid id = {{0}};

    cr_assert(uuid_from_text(str_of(text), &id));
    return id;
}

Test(page, a_cursor_reads_back_as_the_id_it_was_made_of) {
    static const char *const ids[] = {
        "00000000-0000-0000-0000-000000000000",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "0193f2c4-5a6b-7c8d-9e0f-a1b2c3d4e5f6",
    };

    for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
        Uuid id = id_of(ids[i]), back = {{1}};
        PageCursor cursor = page_cursor(id);

        cr_assert(page_from_cursor(str_of(cursor.text), &back), "%s", cursor.text);
        cr_expect(uuid_equal(id, back), "%s", ids[i]);
        cr_expect_eq(strspn(cursor.text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                         "0123456789-_"),
                     strlen(cursor.text));
    }
}

Test(page, what_was_never_answered_is_no_cursor) {
    PageCursor cursor = page_cursor(id_of("0193f2c4-5a6b-7c8d-9e0f-a1b2c3d4e5f6"));
    Uuid id = {{7}};

    cr_expect_not(page_from_cursor(STR(""), &id));
    cr_expect_not(page_from_cursor(STR("0193f2c4-5a6b-7c8d-9e0f-a1b2c3d4e5f6"), &id));
    cr_expect_not(page_from_cursor(str_slice(str_of(cursor.text), 0, 22), &id));
    cursor.text[5] = '!';
    cr_expect_not(page_from_cursor(str_of(cursor.text), &id));
    cursor.text[5] = '\0';
    cr_expect_not(page_from_cursor(str_from(cursor.text, 23), &id));
    cr_expect_eq(id.bytes[0], 7);
}

Test(page, another_version_or_loose_bits_are_refused) {
    PageCursor cursor = page_cursor(id_of("0193f2c4-5a6b-7c8d-9e0f-a1b2c3d4e5f6"));
    char last = cursor.text[22];
    Uuid id;

    cursor.text[22] = last == 'A' ? 'B' : (char)(last + 1);
    cr_expect_not(page_from_cursor(str_of(cursor.text), &id));
    cursor.text[22] = last;
    cr_expect(page_from_cursor(str_of(cursor.text), &id));
    cursor.text[0] = 'Z';
    cr_expect_not(page_from_cursor(str_of(cursor.text), &id));
}
