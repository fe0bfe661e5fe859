/*
 * key: makes and revokes keys of the API.
 *
 * A key is hr_<id>_<secret>: the id as a UUID, the secret as 64 hexadecimal digits (256 random
 * bits). It is shown once; the database keeps the SHA-256 of the secret's text.
 */

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/database.h"
#include "common/base/hash.h"
#include "common/io/clock.h"

#define SECRET_BYTES 32

typedef struct KeyOptions {
    const char *dsn, *tenant, *role, *name, *user;
} KeyOptions;

static int usage(FILE *to, int code) {
    fprintf(to, "Usage: headrace key create --tenant NAME --role ROLE [--name TEXT] [--user ID]\n"
                "       headrace key revoke ID\n\n"
                "  --tenant  its name or id\n"
                "  --role    ADMIN, EDITOR, OPERATOR or VIEWER\n"
                "  --name    what people call the key (cli)\n"
                "  --user    whom requests with it act for (the key itself)\n"
                "  --dsn     PostgreSQL, role headrace_migrate (HEADRACE_PG_DSN)\n"
                "  ID        of the key: the part between hr_ and the next _, or the whole key\n\n"
                "create prints the key, once: it is stored nowhere.\n");
    return code;
}

/* The word that the database has for a role; NULL: there is no such role. */
static const char *role_word(const char *role) {
    static const char *const words[] = {"admin", "editor", "operator", "viewer"};

    for (size_t i = 0; role && i < ARRAY_SIZE(words); i++)
        if (str_equal_nocase(str_of(role), str_of(words[i])))
            return words[i];
    return NULL;
}

/* ── create ─────────────────────────────────────────────────────────────────────────────────── */

static int find_tenant(Pg *pg, const char *tenant, Uuid *ret_id) {
    PgParam param = pg_text(str_of(tenant));
    PgResult *rows = NULL;
    int code = EXIT_DONE;

    if (pg_query(pg, "SELECT id FROM headrace.tenant WHERE name = $1 OR id::text = lower($1)",
                 &param, 1, &rows))
        return database_complain(pg, "key", "the tenant cannot be looked up");
    if (pg_rows(rows) == 1) {
        *ret_id = pg_get_uuid(rows, 0, 0);
    } else {
        fprintf(stderr, "headrace key: there is no tenant \"%s\"\n", tenant);
        code = EXIT_NOT_DONE;
    }
    pg_result_free(rows);
    return code;
}

static void audit(Pg *pg, const Uuid *tenant, const char *verb, const UuidText *id) {
    PgParam params[] = {pg_uuid(tenant), pg_text(str_of(verb)), pg_text(str_of(id->text))};

    pg_send(pg,
            "INSERT INTO headrace.audit_log (tenant_id, writer, seq, actor, verb, object_kind, "
            "object_id, prev_hash, hash) VALUES ($1, 'cli', 0, 'cli', $2, 'api_key', $3, '', '')",
            params, 3);
}

static int store(Pg *pg, const KeyOptions *options, const Uuid *tenant, const Uuid *id,
                 const Sha256 *digest) {
    UuidText text = uuid_text(*id);
    PgParam params[] = {
        pg_uuid(id),
        pg_uuid(tenant),
        pg_text(str_of(options->name)),
        pg_bytes(str_from((const char *)digest->bytes, sizeof digest->bytes)),
        pg_text(str_of(options->user)),
        pg_text(str_of(role_word(options->role))),
    };

    pg_begin(pg);
    pg_send(pg, "BEGIN", NULL, 0);
    pg_send(pg,
            "INSERT INTO headrace.api_key (id, tenant_id, name, secret_sha256, user_id, role, "
            "created_by) VALUES ($1, $2, $3, $4, $5, $6, 'cli')",
            params, ARRAY_SIZE(params));
    audit(pg, tenant, "create", &text);
    pg_send(pg, "COMMIT", NULL, 0);
    return pg_finish(pg, true, NULL, 0);
}

static int create_key(Pg *pg, const KeyOptions *options) {
    unsigned char random[SECRET_BYTES];
    char secret[2 * SECRET_BYTES + 1];
    Uuid id = clock_uuid_v7(), tenant;
    Sha256 digest;
    int code = find_tenant(pg, options->tenant, &tenant);

    if (code)
        return code;
    clock_random(random, sizeof random);
    for (size_t i = 0; i < SECRET_BYTES; i++)
        snprintf(secret + 2 * i, 3, "%02x", random[i]);
    digest = sha256_of(str_of(secret));
    if (store(pg, options, &tenant, &id, &digest))
        return database_complain(pg, "key", "not created");
    printf("hr_%s_%s\n", uuid_text(id).text, secret);
    return EXIT_DONE;
}

/* ── revoke ─────────────────────────────────────────────────────────────────────────────────── */

static bool read_id(const char *text, Uuid *ret_id) {
    Str id = str_of(text);

    if (str_starts(id, STR("hr_")))
        id = str_slice(id, 3, UUID_TEXT_BYTES - 1);
    return uuid_from_text(id, ret_id);
}

static int revoke_key(Pg *pg, const Uuid *id) {
    PgParam param = pg_uuid(id);
    UuidText text = uuid_text(*id);
    PgResult *rows = NULL;
    Uuid tenant;

    if (pg_query(pg,
                 "UPDATE headrace.api_key SET revoked_at = coalesce(revoked_at, now()), "
                 "updated_at = now() WHERE id = $1 RETURNING tenant_id",
                 &param, 1, &rows))
        return database_complain(pg, "key", "not revoked");
    if (pg_rows(rows) == 0) {
        fprintf(stderr, "headrace key: there is no key %s\n", text.text);
        pg_result_free(rows);
        return EXIT_NOT_DONE;
    }
    tenant = pg_get_uuid(rows, 0, 0);
    pg_result_free(rows);
    pg_begin(pg);
    audit(pg, &tenant, "revoke", &text);
    if (pg_finish(pg, true, NULL, 0))
        return database_complain(pg, "key", "revoked, but the trail could not be written");
    printf("revoked %s\n", text.text);
    return EXIT_DONE;
}

/* ── arguments ──────────────────────────────────────────────────────────────────────────────── */

static int run(const KeyOptions *options, const Uuid *revoked) {
    Pg *pg = database_open(options->dsn, "key");
    int code;

    if (!pg)
        return EXIT_UNAVAILABLE;
    code = revoked ? revoke_key(pg, revoked) : create_key(pg, options);
    pg_free(pg);
    return code;
}

static bool read_options(int argc, char **argv, KeyOptions *options, bool *ret_help) {
    static const struct option known[] = {
        {"tenant",           required_argument, NULL, 't'},
        {"role",              required_argument, NULL, 'r'},
        {"name",                  required_argument, NULL, 'n'},
        {"user",required_argument, NULL, 'u'},
        {"dsn",               required_argument, NULL, 'd'},
        {"help",             no_argument, NULL, 'h'},
        {0             },
    };
    int option;

    while ((option = getopt_long(argc, argv, "", known, NULL)) >= 0) {
        if (option == 't')
            options->tenant = optarg;
        else if (option == 'r')
            options->role = optarg;
        else if (option == 'n')
            options->name = optarg;
        else if (option == 'u')
            options->user = optarg;
        else if (option == 'd')
            options->dsn = optarg;
        else if (option == 'h')
            *ret_help = true;
        else
            return false;
    }
    return true;
}

int cmd_key(int argc, char **argv) {
    KeyOptions options = {.name = "cli", .user = ""};
    bool is_help = false;
    Uuid id;

    if (!read_options(argc, argv, &options, &is_help))
        return usage(stderr, EXIT_USAGE);
    if (is_help)
        return usage(stdout, EXIT_DONE);
    if (optind + 1 == argc && strcmp(argv[optind], "create") == 0 && options.tenant &&
        role_word(options.role))
        return run(&options, NULL);
    if (optind + 2 == argc && strcmp(argv[optind], "revoke") == 0 && read_id(argv[optind + 1], &id))
        return run(&options, &id);
    return usage(stderr, EXIT_USAGE);
}
