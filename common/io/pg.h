#pragma once

/*
 * Pg: PostgreSQL for lanes: blocking calls with deadlines, and one pipeline at a time.
 *
 * A query has text parameters or binary ones (PgParam); results are text unless is_binary. A
 * pipeline sends many queries without waiting and reads all answers at the end; writing and reading
 * are interleaved, so neither side can block the other. A query that fails aborts the rest of the
 * pipeline; the failure names the query by its number and carries the SQLSTATE.
 *
 * Error texts of the server may hold parameter values: they are never logged, only the SQLSTATE,
 * the constraint and the table are.
 *
 * Runs on: lane. One connection belongs to one thread.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/base/id.h"
#include "common/base/str.h"

enum {
    PG_E_SQL = 1, /* the server refused; see PgFailure */
    PG_E_UNKNOWN, /* the connection was lost while COMMIT was under way: the outcome is unknown */
    PG_E_UNAVAILABLE, /* no connection now, or it was lost; pause before the next try */
    PG_E_NONE,        /* no notification came in time */
};

typedef struct PgFailure {
    char sqlstate[6];
    char constraint[64];
    char table[64];
    uint32_t query;    /* number in the pipeline, from 0 */
    uint32_t position; /* character of the sql text, from 1; 0: the server named none */
    char message[200]; /* primary message without values; safe to log */
} PgFailure;

typedef struct Pg Pg;
typedef struct PgResult PgResult;

typedef struct PgSettings {
    const char *dsn;
    const char *application_name;
    int connect_timeout_ms;
    int statement_timeout_ms;
    const char *const *setup; /* statements run on every new connection; NULL-terminated, or NULL */
    bool is_reader;           /* a standby, or a role that may only read, will do */
} PgSettings;

/*
 * Does not connect yet; pg_query(), pg_exec() and pg_begin() connect when needed. After a failed
 * attempt the next ones are refused at once for 50 ms, growing to 1 s. Settings are copied.
 */
Pg *pg_new(const PgSettings *settings);
Pg *pg_free(Pg *pg);
int pg_connect(Pg *pg); /* 0, PG_E_UNAVAILABLE */
bool pg_is_connected(const Pg *pg);
void pg_disconnect(Pg *pg);
const PgFailure *pg_failure(const Pg *pg); /* of the newest refusal */

/* Parameters: NULL data is SQL NULL. A text with a NUL byte is refused with SQLSTATE 22021. */
typedef struct PgParam {
    const char *data;
    int length;
    bool is_binary;
    bool is_number; /* number instead of data */
    uint32_t type;  /* Oid, 0: let the server infer */
    int64_t number;
} PgParam;

PgParam pg_null(void);
PgParam pg_text(Str text);         /* of any type, in its text form; borrowed */
PgParam pg_bytes(Str bytes);       /* binary bytea, borrowed */
PgParam pg_uuid(const Uuid *uuid); /* binary, borrowed */
PgParam pg_number(int64_t number); /* of any integer type */
PgParam pg_flag(bool is_on);

/* Arrays for unnest(): built once, sent binary. Elements are appended; NULLs are allowed. */
typedef struct PgArray PgArray;

typedef enum PgArrayType {
    PG_ARRAY_INT16,
    PG_ARRAY_INT32,
    PG_ARRAY_INT64,
    PG_ARRAY_UUID,
    PG_ARRAY_TEXT,
    PG_ARRAY_JSON,
    PG_ARRAY_BYTEA,
    PG_ARRAY_BOOL,
    PG_ARRAY_TIMESTAMPTZ, /* from ms since 1970 */
} PgArrayType;

PgArray *pg_array_new(PgArrayType type);
PgArray *pg_array_free(PgArray *array);
void pg_array_clear(PgArray *array);
uint32_t pg_array_count(const PgArray *array);
void pg_array_add_int(PgArray *array, int64_t number); /* INT16 INT32 INT64 BOOL TIMESTAMPTZ */
void pg_array_add_bytes(PgArray *array, Str bytes);    /* UUID TEXT JSON BYTEA */
void pg_array_add_null(PgArray *array);
PgParam pg_array_param(PgArray *array); /* valid until the next change */

/*
 * One query, its answer read; ret_result may be NULL. sql is prepared once per connection and text.
 * A write whose outcome must be known when the connection breaks goes through pg_finish(true).
 */
int pg_query(Pg *pg, const char *sql, const PgParam *params, uint32_t count, PgResult **ret_result);
/* One or more statements without parameters. A COMMIT that got lost gives PG_E_UNKNOWN. */
int pg_exec(Pg *pg, const char *sql);

/*
 * A pipeline: pg_begin, any number of pg_send, then always pg_finish. No BEGIN/COMMIT is added;
 * without them the pipeline is one transaction of its own. The sql text must live until pg_finish.
 * results[i] belongs to the i-th query; results may be NULL. After a refusal no transaction is left
 * open, also one that an earlier pipeline began.
 * is_commit_last: a connection lost before the last answer gives PG_E_UNKNOWN.
 */
void pg_begin(Pg *pg);
void pg_send(Pg *pg, const char *sql, const PgParam *params, uint32_t count);
int pg_finish(Pg *pg, bool is_commit_last, PgResult **results, uint32_t count);

uint32_t pg_rows(const PgResult *result);
bool pg_is_null(const PgResult *result, uint32_t row, uint32_t column);
Str pg_str(const PgResult *result, uint32_t row, uint32_t column); /* borrowed */
int64_t pg_int(const PgResult *result, uint32_t row, uint32_t column);
bool pg_bool(const PgResult *result, uint32_t row, uint32_t column);
Uuid pg_get_uuid(const PgResult *result, uint32_t row, uint32_t column);
Str pg_get_bytes(PgResult *result, uint32_t row, uint32_t column); /* bytea, decoded in place */
int64_t pg_affected(const PgResult *result);
PgResult *pg_result_free(PgResult *result);

/*
 * After pg_exec("LISTEN …"): waits for a notification, at most timeout_ms. The texts are borrowed
 * until the next call. PG_E_NONE, or PG_E_UNAVAILABLE: connect and LISTEN again, and look at what
 * may have been missed.
 */
int pg_wait_notify(Pg *pg, int timeout_ms, Str *ret_channel, Str *ret_payload);
