/* Pg against a real PostgreSQL: HEADRACE_PG_DSN names a database where tables may be made. */

#include <criterion/criterion.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/alloc.h"
#include "common/io/clock.h"
#include "common/io/pg.h"

#define ROWS 5000

static Pg *open_pg(int statement_timeout_ms) {
    const char *setup[] = {"SET client_min_messages = 'error'", "CREATE SCHEMA IF NOT EXISTS io",
                           "SET search_path = io", NULL};

    return pg_new(&(PgSettings){.dsn = getenv("HEADRACE_PG_DSN"),
                                .application_name = "io_pg",
                                .statement_timeout_ms = statement_timeout_ms,
                                .setup = setup});
}

static Pg *open_table(const char *table) {
    Pg *pg = open_pg(10000);
    char sql[200];

    snprintf(sql, sizeof sql,
             "DROP TABLE IF EXISTS %s; CREATE TABLE %s (id int PRIMARY KEY, t text)", table, table);
    cr_assert_eq(pg_exec(pg, sql), 0, "%s", pg_failure(pg)->message);
    return pg;
}

static int64_t number(Pg *pg, const char *sql) {
    PgResult *result = NULL;
    int64_t answer;

    cr_assert_eq(pg_query(pg, sql, NULL, 0, &result), 0, "%s", pg_failure(pg)->message);
    answer = pg_int(result, 0, 0);
    pg_result_free(result);
    return answer;
}

Test(io_pg, values_of_every_kind_come_back_as_they_went) {
    Pg *pg = open_pg(10000);
    Uuid uuid = clock_uuid_v7();
    PgParam params[] = {pg_text(STR("täxt")), pg_number(-7), pg_uuid(&uuid),
                        pg_flag(true),        pg_null(),     pg_bytes(str_from("\0\1\xff", 3))};
    PgResult *result = NULL;
    Str bytes;

    cr_assert_eq(
        pg_query(pg, "SELECT $1::text, $2::int8, $3, $4::bool, $5::text, $6", params, 6, &result),
        0, "%s", pg_failure(pg)->message);
    cr_expect(str_is(pg_str(result, 0, 0), "täxt"));
    cr_expect_eq(pg_int(result, 0, 1), -7);
    cr_expect(uuid_equal(pg_get_uuid(result, 0, 2), uuid));
    cr_expect(pg_bool(result, 0, 3));
    cr_expect(pg_is_null(result, 0, 4));
    for (int i = 0; i < 2; i++) {
        bytes = pg_get_bytes(result, 0, 5);
        cr_expect(str_equal(bytes, str_from("\0\1\xff", 3)), "time %d", i);
    }
    pg_result_free(result);
    pg_free(pg);
}

Test(io_pg, arrays_of_every_type_are_understood_with_their_nulls) {
    Pg *pg = open_pg(10000);
    PgArray *arrays[9];
    PgParam params[9];
    PgResult *result = NULL;
    Uuid uuid = clock_uuid_v7();

    for (int type = 0; type < 9; type++) {
        arrays[type] = pg_array_new((PgArrayType)type);
        pg_array_add_null(arrays[type]);
    }
    pg_array_add_int(arrays[PG_ARRAY_INT16], -2);
    pg_array_add_int(arrays[PG_ARRAY_INT32], 3);
    pg_array_add_int(arrays[PG_ARRAY_INT64], INT64_MIN);
    pg_array_add_bytes(arrays[PG_ARRAY_UUID], uuid_bytes(&uuid));
    pg_array_add_bytes(arrays[PG_ARRAY_TEXT], STR(""));
    pg_array_add_bytes(arrays[PG_ARRAY_JSON], STR("{\"a\":1}"));
    pg_array_add_bytes(arrays[PG_ARRAY_BYTEA], str_from("\0", 1));
    pg_array_add_int(arrays[PG_ARRAY_BOOL], 1);
    pg_array_add_int(arrays[PG_ARRAY_TIMESTAMPTZ], 1774747800123);
    for (int type = 0; type < 9; type++)
        params[type] = pg_array_param(arrays[type]);

    cr_assert_eq(pg_query(pg,
                          "SELECT * FROM unnest($1::int2[], $2::int4[], $3::int8[], $4::uuid[], "
                          "$5::text[], $6::json[], $7::bytea[], $8::bool[], $9::timestamptz[])",
                          params, 9, &result),
                 0, "%s", pg_failure(pg)->message);
    cr_assert_eq(pg_rows(result), 2);
    for (uint32_t column = 0; column < 9; column++)
        cr_expect(pg_is_null(result, 0, column), "column %u", column);
    cr_expect_eq(pg_int(result, 1, 0), -2);
    cr_expect_eq(pg_int(result, 1, 1), 3);
    cr_expect_eq(pg_int(result, 1, 2), INT64_MIN);
    cr_expect(uuid_equal(pg_get_uuid(result, 1, 3), uuid));
    cr_expect_eq(pg_str(result, 1, 4).length, 0);
    cr_expect_not(pg_is_null(result, 1, 4));
    cr_expect(str_is(pg_str(result, 1, 5), "{\"a\":1}"));
    cr_expect_eq(pg_get_bytes(result, 1, 6).length, 1);
    cr_expect(pg_bool(result, 1, 7));
    cr_expect(str_is(pg_str(result, 1, 8), "2026-03-29 01:30:00.123+00"));
    pg_result_free(result);
    for (int type = 0; type < 9; type++)
        pg_array_free(arrays[type]);
    pg_free(pg);
}

Test(io_pg, an_empty_array_is_no_row) {
    Pg *pg = open_pg(10000);
    PgArray *array = pg_array_new(PG_ARRAY_INT32);
    PgParam param = pg_array_param(array);
    PgResult *result = NULL;

    cr_assert_eq(pg_query(pg, "SELECT unnest($1::int4[])", &param, 1, &result), 0);
    cr_expect_eq(pg_rows(result), 0);
    pg_result_free(result);
    pg_array_free(array);
    pg_free(pg);
}

Test(io_pg, a_pipeline_stores_all_or_nothing_and_names_the_query_that_failed) {
    Pg *pg = open_table("pipe");
    PgParam one = pg_number(1), two = pg_number(2);

    for (int round = 0; round < 2; round++) {
        pg_begin(pg);
        pg_send(pg, "BEGIN", NULL, 0);
        pg_send(pg, "INSERT INTO pipe VALUES ($1, 'a')", &two, 1);
        pg_send(pg, "INSERT INTO pipe VALUES ($1, 'a')", &one, 1);
        pg_send(pg, "INSERT INTO pipe VALUES ($1, 'secret value')", &one, 1);
        pg_send(pg, "DELETE FROM pipe", NULL, 0);
        pg_send(pg, "COMMIT", NULL, 0);
        cr_assert_eq(pg_finish(pg, true, NULL, 0), PG_E_SQL);
        cr_expect_eq(pg_failure(pg)->query, 3);
        cr_expect_str_eq(pg_failure(pg)->sqlstate, "23505");
        cr_expect_str_eq(pg_failure(pg)->constraint, "pipe_pkey");
        cr_expect_str_eq(pg_failure(pg)->table, "pipe");
        cr_expect_null(strstr(pg_failure(pg)->message, "secret"));
        cr_expect_eq(number(pg, "SELECT count(*) FROM pipe"), 0);
    }
    pg_begin(pg);
    pg_send(pg, "BEGIN", NULL, 0);
    pg_send(pg, "INSERT INTO pipe VALUES ($1, 'a')", &two, 1);
    pg_send(pg, "DELETE FROM pipe WHERE id = $1", &one, 1);
    pg_send(pg, "COMMIT", NULL, 0);
    cr_assert_eq(pg_finish(pg, true, NULL, 0), 0);
    cr_expect_eq(number(pg, "SELECT count(*) FROM pipe"), 1);
    pg_free(pg);
}

Test(io_pg, a_value_in_an_error_is_not_told) {
    Pg *pg = open_pg(10000);
    PgParam secret = pg_text(STR("hunter2"));

    cr_assert_eq(pg_query(pg, "SELECT $1::int4", &secret, 1, NULL), PG_E_SQL);
    cr_expect_str_eq(pg_failure(pg)->sqlstate, "22P02");
    cr_expect_null(strstr(pg_failure(pg)->message, "hunter2"), "%s", pg_failure(pg)->message);
    cr_expect_not_null(strstr(pg_failure(pg)->message, "integer"));
    pg_free(pg);
}

Test(io_pg, a_nul_byte_is_refused_and_nothing_before_it_is_stored) {
    Pg *pg = open_table("nul");
    PgParam bad = pg_text(str_from("a\0b", 3));

    pg_begin(pg);
    pg_send(pg, "INSERT INTO nul VALUES (1, 'a')", NULL, 0);
    pg_send(pg, "INSERT INTO nul VALUES (2, $1)", &bad, 1);
    pg_send(pg, "INSERT INTO nul VALUES (3, 'a')", NULL, 0);
    cr_assert_eq(pg_finish(pg, true, NULL, 0), PG_E_SQL);
    cr_expect_str_eq(pg_failure(pg)->sqlstate, "22021");
    cr_expect_eq(pg_failure(pg)->query, 1);
    cr_expect_eq(number(pg, "SELECT count(*) FROM nul"), 0);
    pg_free(pg);
}

Test(io_pg, a_raised_sqlstate_of_ours_is_told_apart_and_aborts_the_rest) {
    Pg *pg = open_table("fence");

    cr_assert_eq(pg_exec(pg,
                         "CREATE OR REPLACE FUNCTION raise_it() RETURNS int LANGUAGE plpgsql AS "
                         "$$ BEGIN RAISE EXCEPTION 'fenced' USING ERRCODE = 'HR001'; END $$"),
                 0);
    pg_begin(pg);
    pg_send(pg, "BEGIN", NULL, 0);
    pg_send(pg, "SELECT raise_it()", NULL, 0);
    pg_send(pg, "INSERT INTO fence VALUES (1, 'a')", NULL, 0);
    pg_send(pg, "COMMIT", NULL, 0);
    cr_assert_eq(pg_finish(pg, true, NULL, 0), PG_E_SQL);
    cr_expect_str_eq(pg_failure(pg)->sqlstate, "HR001");
    cr_expect_eq(pg_failure(pg)->query, 1);
    cr_expect_eq(number(pg, "SELECT count(*) FROM fence"), 0);
    pg_free(pg);
}

Test(io_pg, a_transaction_over_two_pipelines_is_rolled_back_when_the_second_fails) {
    Pg *pg = open_table("two");

    pg_begin(pg);
    pg_send(pg, "BEGIN", NULL, 0);
    pg_send(pg, "INSERT INTO two VALUES (1, 'a')", NULL, 0);
    cr_assert_eq(pg_finish(pg, false, NULL, 0), 0);
    pg_begin(pg);
    pg_send(pg, "INSERT INTO two VALUES (1, 'b')", NULL, 0);
    pg_send(pg, "COMMIT", NULL, 0);
    cr_assert_eq(pg_finish(pg, true, NULL, 0), PG_E_SQL);
    cr_expect_eq(number(pg, "SELECT count(*) FROM two"), 0);
    pg_free(pg);
}

/* Text of the given length in a fresh allocation. */
static char *filler(size_t length) {
    char *text = alloc_bytes(length + 1);

    memset(text, 'x', length);
    text[length] = '\0';
    return text;
}

Test(io_pg, twenty_megabytes_in_both_directions_do_not_block_each_other, .timeout = 60) {
    Pg *pg = open_table("big");
    char *text = filler(4096);
    PgResult **results = alloc_array(ROWS, sizeof *results);
    PgParam params[2];

    pg_begin(pg);
    for (int i = 0; i < ROWS; i++) {
        params[0] = pg_number(i);
        params[1] = pg_text(str_of(text));
        pg_send(pg, "INSERT INTO big VALUES ($1, $2) RETURNING id, t", params, 2);
    }
    cr_assert_eq(pg_finish(pg, true, results, ROWS), 0, "%s", pg_failure(pg)->message);
    for (uint32_t i = 0; i < ROWS; i++) {
        cr_assert_eq(pg_int(results[i], 0, 0), i);
        cr_assert_eq(pg_str(results[i], 0, 1).length, 4096);
        pg_result_free(results[i]);
    }
    cr_expect_eq(number(pg, "SELECT count(*) FROM big"), ROWS);
    alloc_free(results);
    alloc_free(text);
    pg_free(pg);
}

Test(io_pg, five_thousand_rows_go_in_with_one_unnest) {
    Pg *pg = open_table("many");
    PgArray *ids = pg_array_new(PG_ARRAY_INT32), *texts = pg_array_new(PG_ARRAY_TEXT);
    PgResult *result = NULL;
    PgParam params[2];

    for (int i = 0; i < ROWS; i++) {
        pg_array_add_int(ids, i);
        pg_array_add_bytes(texts, STR("hello"));
    }
    params[0] = pg_array_param(ids);
    params[1] = pg_array_param(texts);
    cr_assert_eq(pg_query(pg, "INSERT INTO many SELECT * FROM unnest($1::int4[], $2::text[])",
                          params, 2, &result),
                 0, "%s", pg_failure(pg)->message);
    cr_expect_eq(pg_affected(result), ROWS);
    pg_result_free(result);
    pg_array_free(ids);
    pg_array_free(texts);
    pg_free(pg);
}

/* ── losing the connection ──────────────────────────────────────────────────────────────────── */

static void terminate(Pg *killer, int64_t pid) {
    PgParam param = pg_number(pid);
    PgResult *result = NULL;

    cr_assert_eq(pg_query(killer, "SELECT pg_terminate_backend($1)", &param, 1, &result), 0);
    pg_result_free(result);
}

static void *terminate_soon(void *context) {
    int64_t *pid = context;
    Pg *killer = open_pg(10000);

    usleep(300000);
    terminate(killer, *pid);
    pg_free(killer);
    return NULL;
}

static int lose_during(Pg *pg, const char *last, bool is_commit_last) {
    int64_t pid = number(pg, "SELECT pg_backend_pid()");
    pthread_t thread;
    int r;

    pthread_create(&thread, NULL, terminate_soon, &pid);
    pg_begin(pg);
    pg_send(pg, "BEGIN", NULL, 0);
    pg_send(pg, "INSERT INTO lost VALUES (1, 'a')", NULL, 0);
    pg_send(pg, "SELECT pg_sleep(3)", NULL, 0);
    pg_send(pg, last, NULL, 0);
    r = pg_finish(pg, is_commit_last, NULL, 0);
    pthread_join(thread, NULL);
    return r;
}

Test(io_pg, a_connection_lost_at_commit_leaves_the_outcome_unknown_and_comes_back) {
    Pg *pg = open_table("lost");

    cr_expect_eq(lose_during(pg, "COMMIT", true), PG_E_UNKNOWN);
    cr_expect_not(pg_is_connected(pg));
    cr_expect_str_eq(pg_failure(pg)->sqlstate, "57P01");
    cr_expect_eq(number(pg, "SELECT count(*) FROM lost"), 0);
    cr_expect_eq(lose_during(pg, "SELECT 1", false), PG_E_UNAVAILABLE);
    cr_expect_eq(number(pg, "SELECT count(*) FROM lost"), 0);
    pg_free(pg);
}

Test(io_pg, a_connection_lost_while_idle_is_told_and_the_next_query_has_a_new_one) {
    Pg *pg = open_pg(10000), *killer = open_pg(10000);

    terminate(killer, number(pg, "SELECT pg_backend_pid()"));
    usleep(100000);
    cr_expect_eq(pg_query(pg, "SELECT 1", NULL, 0, NULL), PG_E_UNAVAILABLE);
    cr_expect_eq(number(pg, "SELECT 1"), 1);
    pg_free(pg);
    pg_free(killer);
}

Test(io_pg, a_query_that_takes_too_long_is_ended_by_the_server) {
    Pg *pg = open_pg(200);

    cr_expect_eq(pg_query(pg, "SELECT pg_sleep(5)", NULL, 0, NULL), PG_E_SQL);
    cr_expect_str_eq(pg_failure(pg)->sqlstate, "57014");
    cr_expect_eq(number(pg, "SELECT 1"), 1);
    pg_free(pg);
}

Test(io_pg, a_server_that_stands_still_is_given_up_in_time, .timeout = 60) {
    Pg *pg = open_table("still");
    Pg *quick = open_pg(500);
    pid_t backend = (pid_t)number(quick, "SELECT pg_backend_pid()");
    int64_t begin_ms = clock_monotonic_ms();

    kill(backend, SIGSTOP);
    pg_begin(quick);
    pg_send(quick, "INSERT INTO still VALUES (1, 'a')", NULL, 0);
    cr_expect_eq(pg_finish(quick, true, NULL, 0), PG_E_UNKNOWN);
    cr_expect_lt(clock_monotonic_ms() - begin_ms, 8000);
    cr_expect_not(pg_is_connected(quick));
    kill(backend, SIGCONT);
    cr_expect_eq(number(quick, "SELECT 1"), 1);
    pg_free(quick);
    pg_free(pg);
}

Test(io_pg, nobody_listening_is_unavailable_at_once_and_not_hammered) {
    Pg *pg = pg_new(&(PgSettings){.dsn = "postgresql://127.0.0.1:1/none"});

    cr_expect_eq(pg_query(pg, "SELECT 1", NULL, 0, NULL), PG_E_UNAVAILABLE);
    cr_expect_str_eq(pg_failure(pg)->sqlstate, "08006");
    for (int i = 0; i < 1000; i++)
        cr_expect_eq(pg_connect(pg), PG_E_UNAVAILABLE);
    pg_free(pg);
}

Test(io_pg, a_statement_whose_table_changed_is_prepared_again) {
    Pg *pg = open_table("changing");
    PgResult *result = NULL;

    cr_assert_eq(pg_query(pg, "SELECT * FROM changing", NULL, 0, NULL), 0);
    cr_assert_eq(pg_exec(pg, "ALTER TABLE changing ADD u int"), 0);
    cr_expect_eq(pg_query(pg, "SELECT * FROM changing", NULL, 0, NULL), PG_E_SQL);
    cr_expect_str_eq(pg_failure(pg)->sqlstate, "0A000");
    cr_expect_eq(pg_query(pg, "SELECT * FROM changing", NULL, 0, &result), 0);
    pg_result_free(result);
    pg_free(pg);
}

Test(io_pg, more_texts_than_can_be_prepared_still_work) {
    Pg *pg = open_pg(10000);
    char sql[64];

    for (int i = 0; i < 600; i++) {
        snprintf(sql, sizeof sql, "SELECT %d", i);
        cr_assert_eq(number(pg, sql), i);
    }
    cr_expect_eq(number(pg, "SELECT count(*) FROM pg_prepared_statements"), 512);
    pg_free(pg);
}

Test(io_pg, a_notification_arrives_and_silence_is_told) {
    Pg *pg = open_pg(10000), *other = open_pg(10000);
    Str channel, payload;

    cr_assert_eq(pg_exec(pg, "LISTEN door"), 0);
    cr_expect_eq(pg_wait_notify(pg, 50, &channel, &payload), PG_E_NONE);
    cr_assert_eq(pg_exec(other, "NOTIFY door, 'knock'"), 0);
    cr_assert_eq(pg_wait_notify(pg, 2000, &channel, &payload), 0);
    cr_expect(str_is(channel, "door"));
    cr_expect(str_is(payload, "knock"));
    cr_expect_eq(pg_wait_notify(pg, 10, &channel, &payload), PG_E_NONE);
    pg_free(pg);
    pg_free(other);
}

Test(io_pg, several_statements_without_parameters_run_and_their_error_is_told) {
    Pg *pg = open_table("script");

    cr_expect_eq(pg_exec(pg, "INSERT INTO script VALUES (1, 'a'); SELECT nothing_there"), PG_E_SQL);
    cr_expect_str_eq(pg_failure(pg)->sqlstate, "42703");
    cr_expect_not_null(strstr(pg_failure(pg)->message, "nothing_there"));
    cr_expect_eq(number(pg, "SELECT count(*) FROM script"), 0);
    cr_expect_eq(pg_exec(pg, "COPY script FROM STDIN"), PG_E_SQL);
    cr_expect_str_eq(pg_failure(pg)->sqlstate, "0A000");
    cr_expect_eq(number(pg, "SELECT 1"), 1);
    pg_free(pg);
}
