/* A connection for one command. */

#include "cli/database.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "common/base/alloc.h"
#include "common/io/log.h"

#define DSN_BYTES_MAX 4096

/* The first line of the file; NULL and a complaint when there is none. */
static char *read_dsn(const char *path, const char *command) {
    _cleanup_(alloc_free_p) char *line = alloc_zero(DSN_BYTES_MAX);
    FILE *file = fopen(path, "re");
    char *dsn = NULL;

    if (file && fgets(line, DSN_BYTES_MAX, file))
        dsn = str_dup(str_trim(str_of(line)));
    if (file)
        fclose(file);
    if (!dsn)
        fprintf(stderr, "headrace %s: %s: there is no connection string in it\n", command, path);
    return dsn;
}

static char *find_dsn(const char *given, const char *command) {
    const char *text = given ? given : getenv("HEADRACE_PG_DSN");
    const char *path = getenv("HEADRACE_PG_DSN_FILE");

    if (text)
        return str_dup(str_of(text));
    if (path)
        return read_dsn(path, command);
    fprintf(stderr, "headrace %s: neither --dsn nor HEADRACE_PG_DSN is given\n", command);
    return NULL;
}

int database_complain(const Pg *pg, const char *command, const char *what) {
    const PgFailure *failure = pg_failure(pg);

    fprintf(stderr, "headrace %s: %s: %s (%s)\n", command, what, failure->message,
            failure->sqlstate);
    return strncmp(failure->sqlstate, "08", 2) == 0 ? EXIT_UNAVAILABLE : EXIT_NOT_DONE;
}

Pg *database_open(const char *dsn_or_null, const char *command) {
    _cleanup_(alloc_free_p) char *dsn = find_dsn(dsn_or_null, command);
    Pg *pg;

    if (!dsn)
        return NULL;
    /* People read what follows: the connection's own lines of JSON would say it twice. */
    log_setup("cli", command, LOG_ERROR);
    pg = pg_new(&(PgSettings){.dsn = dsn, .application_name = "headrace"});
    if (pg_connect(pg) == 0)
        return pg;
    database_complain(pg, command, "PostgreSQL");
    return pg_free(pg);
}
