/*
 * Pipelines: many queries out, then all answers in.
 *
 * What cannot be written at once waits in libpq's buffer; pg_finish() writes and reads in turns, so
 * that the server never waits for us to read while we wait for it to read.
 *
 * Runs on: lane.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/io/pg_private.h"

#define PARAMS_MAX 64 /* columns of the widest table, twice */

/* Parameters as libpq wants them: five arrays. */
typedef struct Wire {
    const char *values[PARAMS_MAX];
    int lengths[PARAMS_MAX];
    int formats[PARAMS_MAX];
    Oid types[PARAMS_MAX];
    int count;
} Wire;

/* ── parameters ─────────────────────────────────────────────────────────────────────────────── */

PgParam pg_null(void) {
    return (PgParam){0};
}

PgParam pg_text(Str text) {
    return (PgParam){.data = text.data ? text.data : "", .length = (int)text.length};
}

PgParam pg_bytes(Str bytes) {
    PgParam param = pg_text(bytes);

    param.is_binary = true;
    param.type = 17;
    return param;
}

PgParam pg_uuid(const Uuid *uuid) {
    return (PgParam){
        .data = (const char *)uuid->bytes, .length = UUID_BYTES, .is_binary = true, .type = 2950};
}

PgParam pg_number(int64_t number) {
    return (PgParam){.number = number, .is_number = true};
}

PgParam pg_flag(bool is_on) {
    return (PgParam){.data = is_on ? "t" : "f", .length = 1};
}

/* libpq wants a NUL behind texts. Offsets first: the buffer moves while it grows. */
static bool wire_texts(Pg *pg, const PgParam *params, uint32_t count, Wire *wire) {
    size_t offsets[PARAMS_MAX];

    buf_clear(&pg->scratch);
    for (uint32_t i = 0; i < count; i++) {
        offsets[i] = pg->scratch.length;
        if (params[i].is_number) {
            buf_printf(&pg->scratch, "%" PRId64, params[i].number);
        } else if (params[i].data && !params[i].is_binary) {
            if (memchr(params[i].data, 0, (size_t)params[i].length))
                return false;
            buf_add(&pg->scratch, params[i].data, (size_t)params[i].length);
        }
        buf_add_char(&pg->scratch, '\0');
    }
    for (uint32_t i = 0; i < count; i++)
        if (params[i].is_number || (params[i].data && !params[i].is_binary))
            wire->values[i] = pg->scratch.data + offsets[i];
    return true;
}

static bool wire_params(Pg *pg, const PgParam *params, uint32_t count, Wire *wire) {
    CHECK(count <= PARAMS_MAX);
    wire->count = (int)count;
    for (uint32_t i = 0; i < count; i++) {
        wire->values[i] = params[i].data;
        wire->lengths[i] = params[i].length;
        wire->formats[i] = params[i].is_binary;
        wire->types[i] = params[i].type;
    }
    return wire_texts(pg, params, count, wire);
}

/* ── prepared statements ────────────────────────────────────────────────────────────────────── */

void pg_statement_drop(Pg *pg, const char *sql) {
    alloc_free(map_drop(&pg->statements, str_of(sql)));
}

static void expect(Pg *pg, const char *prepared_sql) {
    if (pg->entry_count == pg->entry_capacity) {
        pg->entry_capacity = MAX(pg->entry_capacity * 2, 64u);
        pg->entries = alloc_again(pg->entries, pg->entry_capacity * sizeof *pg->entries);
    }
    pg->entries[pg->entry_count++] = (PgEntry){prepared_sql, pg->query_count};
}

/* The statement of this text, prepared now when it is new; NULL: there are too many already. */
static const PgStatement *statement_of(Pg *pg, const char *sql, const Wire *wire) {
    PgStatement *statement = map_find(&pg->statements, str_of(sql));

    if (statement || pg->statements.count >= PG_STATEMENTS_MAX)
        return statement;
    statement = alloc_zero(sizeof *statement);
    snprintf(statement->name, sizeof statement->name, "s%" PRIu32, ++pg->statement_number);
    map_set(&pg->statements, str_of(sql), statement);
    if (!PQsendPrepare(pg->conn, statement->name, sql, wire->count, wire->types)) {
        pg->refusal = pg_lose(pg);
        return NULL;
    }
    expect(pg, sql);
    return statement;
}

/* ── sending ────────────────────────────────────────────────────────────────────────────────── */

void pg_begin(Pg *pg) {
    CHECK(!pg->is_pipeline);
    pg->refusal = pg_connect(pg);
    pg->is_begun = pg->refusal == 0;
    pg->is_pipeline = true;
    pg->entry_count = 0;
    pg->query_count = 0;
    pg->is_replication_unsure = false;
    if (pg->refusal)
        return;
    pg->failure = (PgFailure){0};
    CHECK(PQenterPipelineMode(pg->conn));
}

static int send_query(Pg *pg, const char *sql, const Wire *wire) {
    const PgStatement *statement = statement_of(pg, sql, wire);

    if (pg->refusal)
        return 0;
    if (!statement)
        return PQsendQueryParams(pg->conn, sql, wire->count, wire->types, wire->values,
                                 wire->lengths, wire->formats, 0);
    return PQsendQueryPrepared(pg->conn, statement->name, wire->count, wire->values, wire->lengths,
                               wire->formats, 0);
}

void pg_send(Pg *pg, const char *sql, const PgParam *params, uint32_t count) {
    Wire wire;

    CHECK(pg->is_pipeline);
    if (pg->refusal) {
        pg->query_count++;
        return;
    }
    if (!wire_params(pg, params, count, &wire)) {
        /* What has been sent so far must not be committed: the session ends. */
        pg_disconnect(pg);
        pg_note(pg, "22021", "a NUL byte in a text", pg->query_count);
        pg->refusal = PG_E_SQL;
    } else if (send_query(pg, sql, &wire)) {
        expect(pg, NULL);
    } else if (!pg->refusal) {
        pg->refusal = pg_lose(pg);
    }
    pg->query_count++;
}

/* ── reading ────────────────────────────────────────────────────────────────────────────────── */

typedef struct Answers {
    PgResult **results;
    uint32_t next; /* entry whose answer comes next */
    int r;         /* PG_E_SQL after the first error */
    bool is_rolled_back;
} Answers;

static void answer_good(Pg *pg, Answers *answers, PGresult *result) {
    const PgEntry *entry = &pg->entries[answers->next];

    answers->is_rolled_back = strcmp(PQcmdStatus(result), "ROLLBACK") == 0;
    if (entry->prepared_sql || answers->results[entry->query])
        PQclear(result);
    else
        answers->results[entry->query] = pg_result_wrap(result);
}

/* Takes the result. true: the connection ended with it. */
static bool answer_error(Pg *pg, Answers *answers, PGresult *result) {
    const PgEntry *entry = &pg->entries[answers->next];
    bool is_end = false;

    if (PQresultStatus(result) == PGRES_FATAL_ERROR && answers->r == 0)
        is_end = pg_note_error(pg, result, entry->query);
    PQclear(result);
    answers->r = PG_E_SQL;
    if (entry->prepared_sql)
        pg_statement_drop(pg, entry->prepared_sql);
    return is_end;
}

/* One result. 0 and *ret_is_synced at the end of the pipeline, or PG_E_UNAVAILABLE. */
static int answer_take(Pg *pg, Answers *answers, PGresult *result, bool *ret_is_synced) {
    ExecStatusType status = PQresultStatus(result);

    if (status == PGRES_PIPELINE_SYNC) {
        *ret_is_synced = true;
        PQclear(result);
        return 0;
    }
    if (answers->next >= pg->entry_count) {
        PQclear(result);
        return pg_lose(pg);
    }
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY) {
        answer_good(pg, answers, result);
        return 0;
    }
    if (answer_error(pg, answers, result))
        return pg_lose(pg);
    return 0;
}

static int read_answers(Pg *pg, Answers *answers) {
    bool is_synced = false;
    int r = 0;

    while (r == 0 && !is_synced) {
        PGresult *result;

        r = pg_wait_answer(pg);
        if (r)
            return r;
        result = PQgetResult(pg->conn);
        if (result)
            r = answer_take(pg, answers, result, &is_synced);
        else if (++answers->next > pg->entry_count)
            r = pg_lose(pg);
    }
    return r;
}

/* After a refusal no transaction is left open, and no statement that the server forgot. */
static int tidy_up(Pg *pg, Answers *answers) {
    PgFailure failure = pg->failure;
    bool is_stale =
        strcmp(failure.sqlstate, "0A000") == 0 || strcmp(failure.sqlstate, "26000") == 0;

    if (!PQexitPipelineMode(pg->conn))
        return pg_lose(pg);
    if (answers->r == 0)
        return 0;
    if (is_stale)
        pg_disconnect(pg);
    else if (PQtransactionStatus(pg->conn) != PQTRANS_IDLE)
        pg_exec(pg, "ROLLBACK");
    pg->failure = failure;
    return answers->r;
}

static int finish(Pg *pg, Answers *answers) {
    int r;

    if (!PQpipelineSync(pg->conn))
        return pg_lose(pg);
    r = read_answers(pg, answers);
    if (r)
        return r;
    return tidy_up(pg, answers);
}

static void hand_over(Answers *answers, PgResult **results, uint32_t wanted, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (results && i < wanted)
            results[i] = answers->results[i];
        else
            pg_result_free(answers->results[i]);
    }
}

/* What a lost connection, or a commit without its standbys, means for the caller. */
static int verdict(Pg *pg, const Answers *answers, bool is_commit_last, int r) {
    if (!is_commit_last)
        return r;
    if (r == PG_E_UNAVAILABLE)
        return PG_E_UNKNOWN;
    if (r == 0 && pg->is_replication_unsure) {
        pg_note(pg, "01000", "no standby has confirmed the commit", pg->query_count - 1);
        return PG_E_UNKNOWN;
    }
    if (r == 0 && answers->is_rolled_back) {
        pg_note(pg, "40000", "COMMIT rolled back", pg->query_count - 1);
        return PG_E_SQL;
    }
    return r;
}

int pg_finish(Pg *pg, bool is_commit_last, PgResult **results, uint32_t count) {
    Answers answers = {0};
    int r = pg->refusal;

    CHECK(pg->is_pipeline);
    pg->is_pipeline = false;
    if (r)
        return pg->is_begun ? verdict(pg, &answers, is_commit_last, r) : r;
    answers.results = alloc_array(pg->query_count + 1, sizeof(PgResult *));
    r = verdict(pg, &answers, is_commit_last, finish(pg, &answers));
    if (r)
        hand_over(&answers, NULL, 0, pg->query_count);
    else
        hand_over(&answers, results, count, pg->query_count);
    alloc_free(answers.results);
    return r;
}

int pg_query(Pg *pg, const char *sql, const PgParam *params, uint32_t count,
             PgResult **ret_result) {
    PgResult *result = NULL;
    int r;

    pg_begin(pg);
    pg_send(pg, sql, params, count);
    r = pg_finish(pg, false, &result, 1);
    if (r)
        return r;
    if (ret_result)
        *ret_result = result;
    else
        pg_result_free(result);
    return 0;
}
