#pragma once

/* Pg inside: the connection, shared by pg.c, pg_pipeline.c and pg_result.c. */

#include <libpq-fe.h>

#include "common/base/buf.h"
#include "common/base/map.h"
#include "common/io/pg.h"

#define PG_STATEMENTS_MAX 512 /* more texts than all our statements together */

typedef struct PgStatement {
    char name[16];
} PgStatement;

/* One answer that is expected in a pipeline: of a query, or of the preparation before it. */
typedef struct PgEntry {
    const char *prepared_sql; /* NULL: a query; else the preparation of this text */
    uint32_t query;
} PgEntry;

struct Pg {
    PGconn *conn; /* NULL: not connected */
    char *dsn;
    bool is_reader;
    char *application_name;
    char **setup; /* NULL-terminated */
    int connect_timeout_ms;
    int statement_timeout_ms;

    PgFailure failure;
    int64_t retry_at_ms; /* no attempt to connect before */
    int64_t pause_ms;
    bool is_replication_unsure; /* the server gave up waiting for its standbys */

    Map statements; /* sql text → PgStatement */
    uint32_t statement_number;

    bool is_pipeline;
    bool is_begun; /* the pipeline had a connection to begin with */
    int refusal;   /* of pg_begin() or pg_send(), told by pg_finish() */
    PgEntry *entries;
    uint32_t entry_count;
    uint32_t entry_capacity;
    uint32_t query_count;
    Buf scratch; /* texts of the parameters of one query, each with a NUL */

    PGnotify *notify; /* whose texts are borrowed out */
};

struct PgResult {
    PGresult *result;
    uint8_t *is_decoded; /* of each value, or NULL: bytes are decoded in place, once */
};

PgResult *pg_result_wrap(PGresult *result); /* takes it */

/* Sends what is unsent and reads until an answer is there. 0, or PG_E_UNAVAILABLE: it is lost. */
int pg_wait_answer(Pg *pg);

/* The connection is gone; says why in the failure. Returns PG_E_UNAVAILABLE. */
int pg_lose(Pg *pg);

/* Keeps what may be told about an error; true when the server ends the connection with it. */
bool pg_note_error(Pg *pg, const PGresult *result, uint32_t query);

void pg_note(Pg *pg, const char *sqlstate, const char *message, uint32_t query);

void pg_statement_drop(Pg *pg, const char *sql);
