#include <criterion/criterion.h>
#include <string.h>

#include "common/io/pg.h"

static void expect_bytes(PgArray *array, const char *bytes, int length, uint32_t type) {
    PgParam param = pg_array_param(array);

    cr_assert_eq(param.length, length, "%d", param.length);
    cr_expect_arr_eq(param.data, bytes, (size_t)length);
    cr_expect(param.is_binary);
    cr_expect_eq(param.type, type);
}

Test(pg_array, numbers_are_written_most_significant_byte_first) {
    PgArray *array = pg_array_new(PG_ARRAY_INT32);

    pg_array_add_int(array, 258);
    pg_array_add_int(array, -2);
    cr_expect_eq(pg_array_count(array), 2);
    expect_bytes(array,
                 "\0\0\0\1\0\0\0\0\0\0\0\27\0\0\0\2\0\0\0\1"
                 "\0\0\0\4\0\0\1\2\0\0\0\4\xff\xff\xff\xfe",
                 36, 1007);
    pg_array_free(array);
}

Test(pg_array, a_null_is_a_length_of_minus_one_and_is_announced) {
    PgArray *array = pg_array_new(PG_ARRAY_TEXT);

    pg_array_add_null(array);
    pg_array_add_bytes(array, STR("ab"));
    expect_bytes(array,
                 "\0\0\0\1\0\0\0\1\0\0\0\31\0\0\0\2\0\0\0\1"
                 "\xff\xff\xff\xff\0\0\0\2ab",
                 30, 1009);
    pg_array_free(array);
}

Test(pg_array, an_empty_array_has_no_dimension) {
    PgArray *array = pg_array_new(PG_ARRAY_INT64);

    expect_bytes(array, "\0\0\0\0\0\0\0\0\0\0\0\24", 12, 1016);
    pg_array_free(array);
}

Test(pg_array, a_cleared_array_is_as_new) {
    PgArray *array = pg_array_new(PG_ARRAY_BOOL);

    pg_array_add_null(array);
    pg_array_clear(array);
    cr_expect_eq(pg_array_count(array), 0);
    pg_array_add_int(array, 1);
    expect_bytes(array, "\0\0\0\1\0\0\0\0\0\0\0\20\0\0\0\1\0\0\0\1\0\0\0\1\1", 25, 1000);
    pg_array_free(array);
}

Test(pg_array, times_are_microseconds_since_the_year_2000) {
    PgArray *array = pg_array_new(PG_ARRAY_TIMESTAMPTZ);

    pg_array_add_int(array, 946684800001);
    expect_bytes(array,
                 "\0\0\0\1\0\0\0\0\0\0\4\240\0\0\0\1\0\0\0\1"
                 "\0\0\0\10\0\0\0\0\0\0\3\350",
                 32, 1185);
    pg_array_free(array);
}

Test(pg_array, a_parameter_may_be_asked_for_between_additions) {
    PgArray *array = pg_array_new(PG_ARRAY_BYTEA);

    pg_array_add_bytes(array, str_from("\0", 1));
    pg_array_param(array);
    pg_array_add_bytes(array, str_from("\1", 1));
    expect_bytes(array,
                 "\0\0\0\1\0\0\0\0\0\0\0\21\0\0\0\2\0\0\0\1"
                 "\0\0\0\1\0\0\0\0\1\1",
                 30, 1001);
    pg_array_free(array);
}

Test(pg_array, a_number_that_does_not_fit_is_a_bug_of_ours, .signal = SIGABRT) {
    PgArray *array = pg_array_new(PG_ARRAY_INT16);

    pg_array_add_int(array, 40000);
}

Test(pg_array, a_uuid_of_another_length_is_a_bug_of_ours, .signal = SIGABRT) {
    PgArray *array = pg_array_new(PG_ARRAY_UUID);

    pg_array_add_bytes(array, STR("short"));
}
