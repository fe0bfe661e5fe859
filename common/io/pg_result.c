/*
 * Answers of PostgreSQL, read as text.
 *
 * Runs on: lane.
 */

#include <string.h>

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/io/pg_private.h"

PgResult *pg_result_wrap(PGresult *result) {
    PgResult *wrapped = alloc_zero(sizeof *wrapped);

    wrapped->result = result;
    return wrapped;
}

PgResult *pg_result_free(PgResult *result) {
    if (result) {
        PQclear(result->result);
        alloc_free(result->is_decoded);
    }
    return alloc_free(result);
}

uint32_t pg_rows(const PgResult *result) {
    return (uint32_t)PQntuples(result->result);
}

static void check_place(const PgResult *result, uint32_t row, uint32_t column) {
    CHECK(row < pg_rows(result));
    CHECK(column < (uint32_t)PQnfields(result->result));
}

bool pg_is_null(const PgResult *result, uint32_t row, uint32_t column) {
    check_place(result, row, column);
    return PQgetisnull(result->result, (int)row, (int)column);
}

Str pg_str(const PgResult *result, uint32_t row, uint32_t column) {
    if (pg_is_null(result, row, column))
        return STR_NONE;
    return str_from(PQgetvalue(result->result, (int)row, (int)column),
                    (size_t)PQgetlength(result->result, (int)row, (int)column));
}

int64_t pg_int(const PgResult *result, uint32_t row, uint32_t column) {
    int64_t number = 0;

    str_to_int64(pg_str(result, row, column), INT64_MIN, INT64_MAX, &number);
    return number;
}

bool pg_bool(const PgResult *result, uint32_t row, uint32_t column) {
    return str_is(pg_str(result, row, column), "t");
}

Uuid pg_get_uuid(const PgResult *result, uint32_t row, uint32_t column) {
    Uuid uuid = {0};

    uuid_from_text(pg_str(result, row, column), &uuid);
    return uuid;
}

static unsigned nibble(char c) {
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10) & 15;
}

/* "\x0aff" becomes two bytes where it stands. */
static void decode(char *text, size_t bytes) {
    for (size_t i = 0; i < bytes; i++)
        text[i] = (char)(nibble(text[2 + 2 * i]) << 4 | nibble(text[3 + 2 * i]));
}

Str pg_get_bytes(PgResult *result, uint32_t row, uint32_t column) {
    Str text = pg_str(result, row, column);
    size_t columns = (size_t)PQnfields(result->result);
    size_t place = row * columns + column;
    size_t bytes;

    if (text.length < 2)
        return str_from(text.data, 0);
    bytes = (text.length - 2) / 2;
    if (!result->is_decoded)
        result->is_decoded = alloc_zero(pg_rows(result) * columns);
    if (!result->is_decoded[place])
        decode(PQgetvalue(result->result, (int)row, (int)column), bytes);
    result->is_decoded[place] = 1;
    return str_from(text.data, bytes);
}

int64_t pg_affected(const PgResult *result) {
    int64_t count = 0;

    str_to_int64(str_of(PQcmdTuples(result->result)), 0, INT64_MAX, &count);
    return count;
}
