/* tenant: makes a customer. Everything else about tenants is the API's. */

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/database.h"
#include "common/io/clock.h"

static int usage(FILE *to, int code) {
    fprintf(to, "Usage: headrace tenant create NAME [--display-name TEXT] [--dsn DSN]\n"
                "       headrace tenant list [--dsn DSN]\n\n"
                "  NAME            letters a to z, digits and dashes; at most 63\n"
                "  --display-name  what people read\n"
                "  --dsn           PostgreSQL, role headrace_migrate (HEADRACE_PG_DSN)\n\n"
                "create prints the tenant's id.\n");
    return code;
}

static bool is_name(Str name) {
    if (name.length == 0 || name.length > 63 || name.data[0] == '-')
        return false;
    for (size_t i = 0; i < name.length; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-", name.data[i]))
            return false;
    return true;
}

static int create(Pg *pg, const char *name, const char *display_name) {
    Uuid id = clock_uuid_v7();
    PgParam tenant[] = {pg_uuid(&id), pg_text(str_of(name)), pg_text(str_of(display_name))};
    PgParam trail[] = {pg_uuid(&id), pg_text(str_of(uuid_text(id).text))};
    int r;

    pg_begin(pg);
    pg_send(pg, "BEGIN", NULL, 0);
    pg_send(pg,
            "INSERT INTO headrace.tenant (id, name, display_name, created_by) "
            "VALUES ($1, $2, $3, 'cli')",
            tenant, 3);
    pg_send(pg,
            "INSERT INTO headrace.audit_log (tenant_id, writer, seq, actor, verb, object_kind, "
            "object_id, prev_hash, hash) VALUES ($1, 'cli', 0, 'cli', 'create', 'tenant', $2, "
            "'', '')",
            trail, 2);
    pg_send(pg, "COMMIT", NULL, 0);
    r = pg_finish(pg, true, NULL, 0);
    if (r == PG_E_SQL && strcmp(pg_failure(pg)->sqlstate, "23505") == 0) {
        fprintf(stderr, "headrace tenant: %s exists already\n", name);
        return EXIT_NOT_DONE;
    }
    if (r)
        return database_complain(pg, "tenant", "not created");
    printf("%s\n", uuid_text(id).text);
    return EXIT_DONE;
}

static int list(Pg *pg) {
    PgResult *rows = NULL;

    if (pg_query(pg,
                 "SELECT id, name, CASE WHEN is_active THEN 'active' ELSE 'inactive' END, "
                 "display_name FROM headrace.tenant ORDER BY name",
                 NULL, 0, &rows))
        return database_complain(pg, "tenant", "cannot be listed");
    for (uint32_t row = 0; row < pg_rows(rows); row++)
        printf("%.*s  %-8.*s  %-20.*s  %.*s\n", STR_ARGS(pg_str(rows, row, 0)),
               STR_ARGS(pg_str(rows, row, 2)), STR_ARGS(pg_str(rows, row, 1)),
               STR_ARGS(pg_str(rows, row, 3)));
    pg_result_free(rows);
    return EXIT_DONE;
}

static int run(const char *name, const char *display_name, const char *dsn) {
    Pg *pg = database_open(dsn, "tenant");
    int code;

    if (!pg)
        return EXIT_UNAVAILABLE;
    code = name ? create(pg, name, display_name) : list(pg);
    pg_free(pg);
    return code;
}

int cmd_tenant(int argc, char **argv) {
    static const struct option options[] = {
        {"display-name",     required_argument, NULL, 'n'},
        {"dsn",              required_argument, NULL, 'd'},
        {"help",                  no_argument, NULL, 'h'},
        {0},
    };
    const char *dsn = NULL, *display_name = "";
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
        if (option == 'd')
            dsn = optarg;
        else if (option == 'n')
            display_name = optarg;
        else if (option == 'h')
            return usage(stdout, EXIT_DONE);
        else
            return usage(stderr, EXIT_USAGE);
    }
    if (optind + 1 == argc && strcmp(argv[optind], "list") == 0)
        return run(NULL, NULL, dsn);
    if (optind + 2 != argc || strcmp(argv[optind], "create") != 0)
        return usage(stderr, EXIT_USAGE);
    if (!is_name(str_of(argv[optind + 1]))) {
        fprintf(stderr, "headrace tenant: \"%s\" is no name for a tenant\n\n", argv[optind + 1]);
        return usage(stderr, EXIT_USAGE);
    }
    return run(argv[optind + 1], display_name, dsn);
}
