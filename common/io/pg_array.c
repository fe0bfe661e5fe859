/*
 * Arrays in PostgreSQL's binary form: a header of five numbers, then length and bytes of each
 * element, everything most significant byte first.
 *
 * Runs on: lane.
 */

#include <string.h>

#include "common/base/alloc.h"
#include "common/base/buf.h"
#include "common/base/check.h"
#include "common/io/pg.h"

#define HEADER_BYTES 20
#define EPOCH_MS 946684800000LL /* PostgreSQL counts from 2000-01-01 */

struct PgArray {
    PgArrayType type;
    uint32_t count;
    bool has_null;
    Buf bytes; /* header first */
};

static const struct {
    uint32_t element_oid, array_oid;
    uint32_t bytes; /* of one element, 0: any */
    bool is_number;
} types[] = {
    [PG_ARRAY_INT16] = {21,   1005, 2,          true },
    [PG_ARRAY_INT32] = {23,   1007, 4,          true },
    [PG_ARRAY_INT64] = {20,   1016, 8,          true },
    [PG_ARRAY_UUID] = {2950, 2951, UUID_BYTES, false},
    [PG_ARRAY_TEXT] = {25,   1009, 0,          false},
    [PG_ARRAY_JSON] = {114,  199,  0,          false},
    [PG_ARRAY_BYTEA] = {17,   1001, 0,          false},
    [PG_ARRAY_BOOL] = {16,   1000, 1,          true },
    [PG_ARRAY_TIMESTAMPTZ] = {1184, 1185, 8,          true },
};

static void put_number(char *to, uint64_t number, uint32_t bytes) {
    for (uint32_t i = 0; i < bytes; i++)
        to[i] = (char)(number >> (8 * (bytes - 1 - i)));
}

static void add_length(PgArray *array, uint32_t length) {
    char bytes[4];

    put_number(bytes, length, sizeof bytes);
    buf_add(&array->bytes, bytes, sizeof bytes);
}

PgArray *pg_array_new(PgArrayType type) {
    PgArray *array = alloc_zero(sizeof *array);

    array->type = type;
    pg_array_clear(array);
    return array;
}

PgArray *pg_array_free(PgArray *array) {
    if (array)
        buf_done(&array->bytes);
    return alloc_free(array);
}

void pg_array_clear(PgArray *array) {
    static const char header[HEADER_BYTES];

    array->count = 0;
    array->has_null = false;
    buf_clear(&array->bytes);
    buf_add(&array->bytes, header, sizeof header);
}

uint32_t pg_array_count(const PgArray *array) {
    return array->count;
}

static bool is_in_range(PgArrayType type, int64_t number) {
    switch (type) {
    case PG_ARRAY_INT16:
        return number >= INT16_MIN && number <= INT16_MAX;
    case PG_ARRAY_INT32:
        return number >= INT32_MIN && number <= INT32_MAX;
    case PG_ARRAY_BOOL:
        return number == 0 || number == 1;
    case PG_ARRAY_TIMESTAMPTZ: /* the years 1 to 9999 and some more */
        return number > -70000000000000LL && number < 300000000000000LL;
    case PG_ARRAY_INT64:
    case PG_ARRAY_UUID:
    case PG_ARRAY_TEXT:
    case PG_ARRAY_JSON:
    case PG_ARRAY_BYTEA:
        return true;
    }
    CHECK_UNREACHABLE();
}

void pg_array_add_int(PgArray *array, int64_t number) {
    uint32_t bytes = types[array->type].bytes;
    char element[8];

    CHECK(types[array->type].is_number);
    CHECK(is_in_range(array->type, number));
    if (array->type == PG_ARRAY_TIMESTAMPTZ)
        number = (number - EPOCH_MS) * 1000;
    put_number(element, (uint64_t)number, bytes);
    add_length(array, bytes);
    buf_add(&array->bytes, element, bytes);
    array->count++;
}

void pg_array_add_bytes(PgArray *array, Str bytes) {
    CHECK(!types[array->type].is_number);
    CHECK(types[array->type].bytes == 0 || types[array->type].bytes == bytes.length);
    CHECK(bytes.length <= INT32_MAX);
    add_length(array, (uint32_t)bytes.length);
    buf_add(&array->bytes, bytes.data, bytes.length);
    array->count++;
}

void pg_array_add_null(PgArray *array) {
    add_length(array, UINT32_MAX);
    array->has_null = true;
    array->count++;
}

PgParam pg_array_param(PgArray *array) {
    char *header = array->bytes.data;
    bool is_empty = array->count == 0; /* an empty array has no dimension */

    CHECK(array->bytes.length <= INT32_MAX);
    put_number(header, is_empty ? 0 : 1, 4);
    put_number(header + 4, array->has_null, 4);
    put_number(header + 8, types[array->type].element_oid, 4);
    put_number(header + 12, array->count, 4);
    put_number(header + 16, 1, 4); /* the first index */
    return (PgParam){
        .data = header,
        .length = is_empty ? HEADER_BYTES - 8 : (int)array->bytes.length,
        .is_binary = true,
        .type = types[array->type].array_oid,
    };
}
