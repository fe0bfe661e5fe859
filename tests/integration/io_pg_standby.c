/*
 * A commit whose standbys do not answer: HEADRACE_PG_DSN is a superuser of a server that nobody
 * else uses.
 */

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/io/pg.h"

static Pg *open_pg(void) {
    return pg_new(&(PgSettings){.dsn = getenv("HEADRACE_PG_DSN"), .statement_timeout_ms = 20000});
}

static int64_t number(Pg *pg, const char *sql) {
    PgResult *result = NULL;
    int64_t answer;

    cr_assert_eq(pg_query(pg, sql, NULL, 0, &result), 0, "%s", pg_failure(pg)->message);
    answer = pg_int(result, 0, 0);
    pg_result_free(result);
    return answer;
}

/* Somebody loses patience while the commit waits. */
static void *cancel_soon(void *context) {
    PgParam pid = pg_number(*(int64_t *)context);
    Pg *pg = open_pg();

    usleep(700000);
    cr_assert_eq(pg_query(pg, "SELECT pg_cancel_backend($1)", &pid, 1, NULL), 0);
    pg_free(pg);
    return NULL;
}

Test(io_pg_standby, a_commit_that_no_standby_confirmed_is_unknown, .timeout = 60) {
    Pg *pg = open_pg(), *other = open_pg();
    int64_t pid = number(pg, "SELECT pg_backend_pid()");
    pthread_t thread;

    cr_assert_eq(pg_exec(pg, "CREATE TABLE unsure (id int)"), 0);
    cr_assert_eq(pg_exec(pg, "ALTER SYSTEM SET synchronous_standby_names = 'nobody'"), 0);
    cr_assert_eq(pg_exec(pg, "SELECT pg_reload_conf()"), 0);
    usleep(300000);

    pthread_create(&thread, NULL, cancel_soon, &pid);
    pg_begin(pg);
    pg_send(pg, "BEGIN", NULL, 0);
    pg_send(pg, "INSERT INTO unsure VALUES (1)", NULL, 0);
    pg_send(pg, "COMMIT", NULL, 0);
    cr_expect_eq(pg_finish(pg, true, NULL, 0), PG_E_UNKNOWN);
    cr_expect_str_eq(pg_failure(pg)->sqlstate, "01000");
    pthread_join(thread, NULL);

    cr_expect_eq(number(other, "SELECT count(*) FROM unsure"), 1, "here, and nowhere else yet");
    cr_expect_eq(number(pg, "SELECT count(*) FROM unsure"), 1, "the connection is still good");
    pg_free(pg);
    pg_free(other);
}
