/*
 * migrate: brings the schema of the database to the newest version.
 *
 * Each file runs in one transaction that also records it, so a file is applied whole or not at all;
 * a run that was killed is simply run again. An advisory lock lets only one run work at a time: the
 * second waits and then finds nothing left to do.
 */

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/database.h"
#include "cli/migration.h"

/* Any number will do that nobody else locks; this one spells "headrace". */
#define LOCK "7521978395094279013"

static int usage(FILE *to, int code) {
    fprintf(to, "Usage: headrace migrate up|status [--dsn DSN] [--dir FOLDER]\n\n"
                "  up        applies what is missing, each file in a transaction of its own\n"
                "  status    says what is applied; exit code 1 when something is missing\n"
                "  --dsn     PostgreSQL, role headrace_migrate or a superuser (HEADRACE_PG_DSN)\n"
                "  --dir     the migrations (HEADRACE_SQL_DIR); by default those installed\n\n"
                "Before the first time: psql -f roles.sql, as a superuser, makes the roles.\n");
    return code;
}

static int print_status(const MigrationList *list) {
    int code = EXIT_DONE;

    for (uint32_t i = 0; i < list->count; i++) {
        const Migration *migration = &list->migrations[i];
        const char *state = !migration->is_applied  ? "missing"
                            : migration->is_changed ? "changed since"
                                                    : "applied";

        printf("%04d %-16s %-14s %s\n", migration->version, migration->name, state,
               migration->applied_at);
        if (!migration->is_applied || migration->is_changed)
            code = EXIT_NOT_DONE;
    }
    if (list->unknown[0])
        printf("%s is applied, and newer than this program\n", list->unknown);
    return code;
}

/* A file that was applied and then edited would leave two databases that claim to be equal. */
static int check_unchanged(const MigrationList *list) {
    for (uint32_t i = 0; i < list->count; i++) {
        const Migration *migration = &list->migrations[i];

        if (!migration->is_changed)
            continue;
        fprintf(stderr,
                "headrace migrate: %s was applied at %s with other content; applied files are "
                "never changed: put it back and write a new one\n",
                migration->path, migration->applied_at);
        return EXIT_NOT_DONE;
    }
    return EXIT_DONE;
}

/* The line of a character of the text, counted like editors do. */
static unsigned line_of(const Buf *text, uint32_t position) {
    unsigned line = 1;
    uint32_t seen = 0;

    for (size_t i = 0; i < text->length && seen + 1 < position; i++) {
        seen += ((unsigned char)text->data[i] & 0xc0) != 0x80;
        line += text->data[i] == '\n';
    }
    return line;
}

static int apply_failed(Pg *pg, const Migration *migration) {
    PgFailure failure = *pg_failure(pg);

    pg_exec(pg, "ROLLBACK");
    fprintf(stderr, "headrace migrate: %s", migration->path);
    if (failure.position)
        fprintf(stderr, ":%u", line_of(&migration->text, failure.position));
    fprintf(stderr, ": %s (%s); nothing of this file is applied\n", failure.message,
            failure.sqlstate);
    if (strcmp(failure.sqlstate, "42704") == 0 && strstr(failure.message, "role"))
        fprintf(stderr, "Make the roles first: psql -f roles.sql, as a superuser.\n");
    return EXIT_NOT_DONE;
}

static int record(Pg *pg, const Migration *migration) {
    PgParam params[] = {pg_number(migration->version), pg_text(str_of(migration->name)),
                        pg_text(str_of(migration->sha256))};

    return pg_query(pg,
                    "INSERT INTO headrace.schema_migration (version, name, sha256) "
                    "VALUES ($1, $2, $3)",
                    params, 3, NULL);
}

static int apply(Pg *pg, const Migration *migration) {
    int r = pg_exec(pg, "BEGIN");

    if (r == 0)
        r = pg_exec(pg, migration->text.data);
    if (r == 0)
        r = record(pg, migration);
    if (r == 0)
        r = pg_exec(pg, "COMMIT");
    if (r)
        return apply_failed(pg, migration);
    printf("applied %04d %s\n", migration->version, migration->name);
    return EXIT_DONE;
}

static int lock(Pg *pg) {
    PgResult *result = NULL;
    int r = pg_query(pg, "SELECT pg_try_advisory_lock(" LOCK ")", NULL, 0, &result);
    bool is_held;

    if (r)
        return r;
    is_held = pg_bool(result, 0, 0);
    pg_result_free(result);
    if (is_held)
        return 0;
    printf("waiting for another run of headrace migrate\n");
    fflush(stdout);
    return pg_query(pg, "SELECT pg_advisory_lock(" LOCK ")", NULL, 0, NULL);
}

static int up(Pg *pg, MigrationList *list) {
    uint32_t applied = 0;
    int code;

    /* Our sessions wait five seconds for a lock; another run may take longer. */
    if (pg_exec(pg, "SET lock_timeout = 0") || lock(pg) || migration_list_compare(list, pg))
        return database_complain(pg, "migrate", "cannot begin");
    code = check_unchanged(list);
    for (uint32_t i = 0; code == EXIT_DONE && i < list->count; i++) {
        if (list->migrations[i].is_applied)
            continue;
        code = apply(pg, &list->migrations[i]);
        applied += code == EXIT_DONE;
    }
    if (code == EXIT_DONE)
        printf("the schema is at %04d; %u applied now\n", list->migrations[list->count - 1].version,
               applied);
    return code;
}

static int status(Pg *pg, MigrationList *list) {
    if (migration_list_compare(list, pg))
        return database_complain(pg, "migrate", "cannot ask");
    return print_status(list);
}

static int run(const char *verb, const char *dsn, const char *folder) {
    MigrationList list;
    int code = EXIT_NO_INPUT;
    Pg *pg;

    if (migration_list_read(folder, &list)) {
        pg = database_open(dsn, "migrate");
        code = EXIT_UNAVAILABLE;
        if (pg)
            code = strcmp(verb, "up") == 0 ? up(pg, &list) : status(pg, &list);
        pg_free(pg);
    }
    migration_list_done(&list);
    return code;
}

int cmd_migrate(int argc, char **argv) {
    static const struct option options[] = {
        {"dsn",              required_argument, NULL, 'd'},
        {"dir",              required_argument, NULL, 'f'},
        {"help",                  no_argument, NULL, 'h'},
        {0},
    };
    const char *dsn = NULL, *folder = NULL;
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
        if (option == 'd')
            dsn = optarg;
        else if (option == 'f')
            folder = optarg;
        else if (option == 'h')
            return usage(stdout, EXIT_DONE);
        else
            return usage(stderr, EXIT_USAGE);
    }
    if (optind + 1 != argc ||
        (strcmp(argv[optind], "up") != 0 && strcmp(argv[optind], "status") != 0))
        return usage(stderr, EXIT_USAGE);
    return run(argv[optind], dsn, folder);
}
