/*
 * One connection to PostgreSQL: opening, waiting, losing it.
 *
 * libpq never blocks here: the connection is non-blocking and poll() has a deadline. The deadline
 * is one of silence (statement timeout and a grace): as long as bytes flow, both sides live.
 *
 * Runs on: lane.
 */

#include "common/io/pg.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/base/fault.h"
#include "common/io/clock.h"
#include "common/io/log.h"
#include "common/io/pg_private.h"

#define GRACE_MS 5000 /* for the way there and back beyond the server's own statement timeout */
#define CONNECT_MS_DEFAULT 5000
#define PAUSE_MS_MIN 50
#define PAUSE_MS_MAX 1000 /* a restarted server is used again within a second */

/* What every session of ours lives by; the answers' text forms depend on the first three. */
static const char session[] =
    "SET DateStyle = 'ISO, YMD'; SET TimeZone = 'UTC'; SET bytea_output = 'hex';"
    "SET idle_in_transaction_session_timeout = '5s'; SET lock_timeout = '5s';"
    "SET client_connection_check_interval = '2s';";

static char *copy_text(const char *text) {
    return text ? str_dup(str_of(text)) : NULL;
}

Pg *pg_new(const PgSettings *settings) {
    Pg *pg = alloc_zero(sizeof *pg);
    size_t count = 0;

    pg->dsn = copy_text(settings->dsn);
    pg->is_reader = settings->is_reader;
    pg->application_name =
        copy_text(settings->application_name ? settings->application_name : "headrace");
    while (settings->setup && settings->setup[count])
        count++;
    pg->setup = alloc_array(count + 1, sizeof *pg->setup);
    for (size_t i = 0; i < count; i++)
        pg->setup[i] = copy_text(settings->setup[i]);
    pg->connect_timeout_ms =
        settings->connect_timeout_ms > 0 ? settings->connect_timeout_ms : CONNECT_MS_DEFAULT;
    pg->statement_timeout_ms = settings->statement_timeout_ms;
    map_init(&pg->statements, clock_random_u64());
    return pg;
}

Pg *pg_free(Pg *pg) {
    if (!pg)
        return NULL;
    pg_disconnect(pg);
    for (char **setup = pg->setup; *setup; setup++)
        alloc_free(*setup);
    alloc_free(pg->setup);
    alloc_free(pg->dsn);
    alloc_free(pg->application_name);
    alloc_free(pg->entries);
    buf_done(&pg->scratch);
    map_done(&pg->statements);
    return alloc_free(pg);
}

bool pg_is_connected(const Pg *pg) {
    return pg->conn && PQstatus(pg->conn) == CONNECTION_OK;
}

const PgFailure *pg_failure(const Pg *pg) {
    return &pg->failure;
}

static void forget_statements(Pg *pg) {
    size_t position = 0;
    Str sql;
    void *statement;

    while (map_next(&pg->statements, &position, &sql, &statement))
        alloc_free(statement);
    map_done(&pg->statements);
    map_init(&pg->statements, clock_random_u64());
}

void pg_disconnect(Pg *pg) {
    if (pg->notify)
        PQfreemem(pg->notify);
    pg->notify = NULL;
    if (pg->conn)
        PQfinish(pg->conn);
    pg->conn = NULL;
    forget_statements(pg);
}

/* ── failures ───────────────────────────────────────────────────────────────────────────────── */

static void copy_line(char *to, size_t room, const char *text) {
    snprintf(to, room, "%.*s", text ? (int)strcspn(text, "\n") : 0, text ? text : "");
}

void pg_note(Pg *pg, const char *sqlstate, const char *message, uint32_t query) {
    pg->failure = (PgFailure){.query = query};
    copy_line(pg->failure.sqlstate, sizeof pg->failure.sqlstate, sqlstate);
    copy_line(pg->failure.message, sizeof pg->failure.message, message);
}

int pg_lose(Pg *pg) {
    bool was_open = pg_is_connected(pg);

    /* A reason that the server gave before it closed says more than "closed". */
    if (strncmp(pg->failure.sqlstate, "57P", 3) != 0)
        pg_note(pg, "08006", pg->conn ? PQerrorMessage(pg->conn) : "no connection", 0);
    if (!pg->failure.message[0])
        pg_note(pg, "08006", was_open ? "no answer in time" : "connection lost", 0);
    log_event(LOG_WARN, "pg.lost", LOG_C("sqlstate", pg->failure.sqlstate),
              LOG_C("why", pg->failure.message));
    pg_disconnect(pg);
    return PG_E_UNAVAILABLE;
}

static bool is_name_in(const PGresult *result, const char *text, size_t length) {
    static const int fields[] = {PG_DIAG_CONSTRAINT_NAME, PG_DIAG_TABLE_NAME, PG_DIAG_COLUMN_NAME,
                                 PG_DIAG_SCHEMA_NAME, PG_DIAG_DATATYPE_NAME};

    for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
        const char *name = PQresultErrorField(result, fields[i]);

        if (name && strlen(name) == length && memcmp(name, text, length) == 0)
            return true;
    }
    return false;
}

/*
 * What stands in quotes is a name or a value. Names that the server also tells as such stay, and
 * everything in errors about our own SQL text (class 42), which holds no values.
 */
static void copy_without_values(char *to, size_t room, const PGresult *result,
                                const char *sqlstate) {
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    size_t used = 0;

    if (!text || strncmp(sqlstate, "42", 2) == 0) {
        copy_line(to, room, text);
        return;
    }
    while (*text && *text != '\n' && used + 5 < room) {
        const char *end = *text == '"' ? strchr(text + 1, '"') : NULL;

        if (*text == '"' && !(end && is_name_in(result, text + 1, (size_t)(end - text - 1)))) {
            memcpy(to + used, "\"?\"", 3);
            used += 3;
            if (!end)
                break;
            text = end + 1;
            continue;
        }
        to[used++] = *text++;
    }
    to[used] = '\0';
}

bool pg_note_error(Pg *pg, const PGresult *result, uint32_t query) {
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);
    PgFailure *failure = &pg->failure;
    int64_t number;

    pg_note(pg, sqlstate ? sqlstate : "08006", "", query);
    copy_line(failure->constraint, sizeof failure->constraint,
              PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME));
    copy_line(failure->table, sizeof failure->table,
              PQresultErrorField(result, PG_DIAG_TABLE_NAME));
    if (str_to_int64(str_of(position), 1, UINT32_MAX, &number))
        failure->position = (uint32_t)number;
    if (sqlstate)
        copy_without_values(failure->message, sizeof failure->message, result, sqlstate);
    else
        copy_line(failure->message, sizeof failure->message, PQresultErrorMessage(result));
    return !sqlstate || PQstatus(pg->conn) != CONNECTION_OK ||
           (severity && (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0));
}

/* Notices are not for the log: their texts may hold values. One of them decides something. */
static void notice_taken(void *owner, const PGresult *result) {
    const char *function = PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION);
    Pg *pg = owner;

    if (function && strcmp(function, "SyncRepWaitForLSN") == 0)
        pg->is_replication_unsure = true;
}

/* ── waiting ────────────────────────────────────────────────────────────────────────────────── */

/* true when the socket is ready before the deadline; timeout_ms -1: no deadline. */
static bool wait_socket(Pg *pg, short events, int64_t deadline_ms, short *ret_ready) {
    struct pollfd fd = {.fd = PQsocket(pg->conn), .events = events};

    for (;;) {
        int64_t left_ms = deadline_ms < 0 ? -1 : deadline_ms - clock_monotonic_ms();
        int r = poll(&fd, 1, (int)MAX(left_ms, deadline_ms < 0 ? -1 : 0));

        if (r > 0) {
            *ret_ready = fd.revents;
            return true;
        }
        if (r == 0 || errno != EINTR)
            return false;
    }
}

static int64_t silence_deadline_ms(const Pg *pg) {
    if (pg->statement_timeout_ms <= 0)
        return -1;
    return clock_monotonic_ms() + pg->statement_timeout_ms + GRACE_MS;
}

int pg_wait_answer(Pg *pg) {
    for (;;) {
        int unsent = PQflush(pg->conn);
        short ready = 0;

        if (unsent < 0)
            return pg_lose(pg);
        if (!PQisBusy(pg->conn))
            return 0;
        if (!wait_socket(pg, (short)(POLLIN | (unsent ? POLLOUT : 0)), silence_deadline_ms(pg),
                         &ready))
            return pg_lose(pg);
        if ((ready & ~POLLOUT) && !PQconsumeInput(pg->conn))
            return pg_lose(pg);
    }
}

/* ── connecting ─────────────────────────────────────────────────────────────────────────────── */

static int connect_refused(Pg *pg) {
    pg_lose(pg);
    pg->pause_ms = MIN(MAX(pg->pause_ms * 2, PAUSE_MS_MIN), PAUSE_MS_MAX);
    pg->retry_at_ms = clock_monotonic_ms() + pg->pause_ms;
    return PG_E_UNAVAILABLE;
}

static int connect_wait(Pg *pg) {
    int64_t deadline_ms = clock_monotonic_ms() + pg->connect_timeout_ms;
    PostgresPollingStatusType wanted = PGRES_POLLING_WRITING;

    while (wanted != PGRES_POLLING_OK) {
        short events = wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT;
        short ready = 0;

        if (wanted == PGRES_POLLING_FAILED || !wait_socket(pg, events, deadline_ms, &ready))
            return connect_refused(pg);
        wanted = PQconnectPoll(pg->conn);
    }
    return 0;
}

static int session_setup(Pg *pg) {
    char timeout[64];
    int r;

    snprintf(timeout, sizeof timeout, "SET statement_timeout = %d", pg->statement_timeout_ms);
    r = pg_exec(pg, session);
    if (r == 0)
        r = pg_exec(pg, timeout);
    for (char **setup = pg->setup; r == 0 && *setup; setup++)
        r = pg_exec(pg, *setup);
    return r;
}

int pg_connect(Pg *pg) {
    /* tcp_user_timeout: a peer that is gone is noticed after 10 s, not after the kernel's 15 min */
    const char *const names[] = {"dbname",
                                 "fallback_application_name",
                                 "client_encoding",
                                 "target_session_attrs",
                                 "tcp_user_timeout",
                                 "keepalives_idle",
                                 NULL};
    const char *const values[] = {
        pg->dsn, pg->application_name, "UTF8", pg->is_reader ? "any" : "read-write", "10000", "10",
        NULL};

    if (pg_is_connected(pg))
        return 0;
    pg_disconnect(pg);
    if (clock_monotonic_ms() < pg->retry_at_ms)
        return PG_E_UNAVAILABLE;

    pg->failure = (PgFailure){0};
    pg->conn = PQconnectStartParams(names, values, 1);
    if (!pg->conn || PQstatus(pg->conn) == CONNECTION_BAD)
        return connect_refused(pg);
    if (connect_wait(pg))
        return PG_E_UNAVAILABLE;

    PQsetnonblocking(pg->conn, 1);
    PQsetNoticeReceiver(pg->conn, notice_taken, pg);
    if (session_setup(pg)) {
        log_event(LOG_ERROR, "pg.setup_refused", LOG_C("sqlstate", pg->failure.sqlstate),
                  LOG_C("why", pg->failure.message));
        return connect_refused(pg);
    }
    pg->pause_ms = 0;
    return 0;
}

/* ── statements without parameters, notifications ───────────────────────────────────────────── */

static bool is_copy(const PGresult *result) {
    ExecStatusType status = PQresultStatus(result);

    return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
}

/* Nobody here speaks the copy protocol: the only way out of it is a new connection. */
static int copy_refused(Pg *pg) {
    pg_disconnect(pg);
    pg_note(pg, "0A000", "COPY cannot be used here", 0);
    return PG_E_SQL;
}

static int exec_answers(Pg *pg) {
    int r = 0;

    for (;;) {
        PGresult *result;
        bool is_end = false;

        if (pg_wait_answer(pg))
            return PG_E_UNAVAILABLE;
        result = PQgetResult(pg->conn);
        if (!result)
            return r;
        if (PQresultStatus(result) == PGRES_FATAL_ERROR) {
            is_end = pg_note_error(pg, result, 0);
            r = PG_E_SQL;
        }
        if (is_copy(result)) {
            PQclear(result);
            return copy_refused(pg);
        }
        PQclear(result);
        if (is_end)
            return pg_lose(pg);
    }
}

int pg_exec(Pg *pg, const char *sql) {
    int r;

    CHECK(!pg->is_pipeline);
    r = pg_connect(pg);
    if (r)
        return r;
    pg->failure = (PgFailure){0};
    pg->is_replication_unsure = false;
    r = PQsendQuery(pg->conn, sql) ? exec_answers(pg) : pg_lose(pg);
    if (str_equal_nocase(str_slice(str_of(sql), 0, 6), STR("COMMIT")) &&
        (r == PG_E_UNAVAILABLE || pg->is_replication_unsure))
        return PG_E_UNKNOWN;
    return r;
}

static bool take_notify(Pg *pg, Str *ret_channel, Str *ret_payload) {
    if (pg->notify)
        PQfreemem(pg->notify);
    pg->notify = PQnotifies(pg->conn);
    if (!pg->notify)
        return false;
    *ret_channel = str_of(pg->notify->relname);
    *ret_payload = str_of(pg->notify->extra);
    return true;
}

int pg_wait_notify(Pg *pg, int timeout_ms, Str *ret_channel, Str *ret_payload) {
    int64_t deadline_ms = clock_monotonic_ms() + timeout_ms;
    short ready;

    CHECK(!pg->is_pipeline);
    /* A new connection listens to nothing: only the caller can repair that. */
    if (!pg_is_connected(pg))
        return PG_E_UNAVAILABLE;
    while (!take_notify(pg, ret_channel, ret_payload)) {
        if (!wait_socket(pg, POLLIN, deadline_ms, &ready))
            return PG_E_NONE;
        if (!PQconsumeInput(pg->conn))
            return pg_lose(pg);
    }
    return 0;
}
