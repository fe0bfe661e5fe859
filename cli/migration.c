/* Migrations on disk and in the database, side by side. */

#include "cli/migration.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/alloc.h"
#include "common/base/hash.h"

#define FILE_BYTES_MAX (16u << 20)

/* ── the folder ─────────────────────────────────────────────────────────────────────────────── */

/* Beside the installed program, and beside the one that was just built. */
static const char *const places[] = {"../share/headrace/sql", "../../deploy/sql"};

static bool find_folder(const char *given, char *folder, size_t room) {
    char program[400];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    char *slash;

    if (!given)
        given = getenv("HEADRACE_SQL_DIR");
    if (given) {
        snprintf(folder, room, "%s", given);
        return true;
    }
    program[MAX(length, 0)] = '\0';
    slash = strrchr(program, '/');
    if (slash)
        *slash = '\0';
    for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
        snprintf(folder, room, "%s/%s", program, places[i]);
        if (access(folder, R_OK) == 0)
            return true;
    }
    return false;
}

/* "0001_tenants.sql" */
static bool read_name(const char *file, Migration *migration) {
    Str name = str_of(file);
    int64_t version;

    if (name.length < 10 || name.data[4] != '_' || !str_ends(name, STR(".sql")))
        return false;
    if (!str_to_int64(str_slice(name, 0, 4), 0, 9999, &version))
        return false;
    migration->version = (int)version;
    name = str_slice(name, 5, name.length - 9);
    snprintf(migration->name, sizeof migration->name, "%.*s", STR_ARGS(name));
    return true;
}

static bool read_text(Migration *migration) {
    FILE *file = fopen(migration->path, "re");
    Sha256 hash;
    size_t got = 1;

    while (file && got > 0 && migration->text.length < FILE_BYTES_MAX) {
        got = fread(buf_reserve(&migration->text, 65536), 1, 65536, file);
        migration->text.length += got;
    }
    if (!file || ferror(file) || got > 0) {
        fprintf(stderr, "headrace migrate: %s: %s\n", migration->path,
                got > 0 && file ? "larger than 16 MiB" : strerror(errno));
        if (file)
            fclose(file);
        return false;
    }
    fclose(file);
    buf_add_char(&migration->text, '\0');
    migration->text.length--;
    hash = sha256_of(buf_str(&migration->text));
    for (size_t i = 0; i < SHA256_BYTES; i++)
        snprintf(migration->sha256 + 2 * i, 3, "%02x", hash.bytes[i]);
    return true;
}

static int by_version(const void *a, const void *b) {
    return ((const Migration *)a)->version - ((const Migration *)b)->version;
}

static bool list_files(DIR *directory, const char *folder, MigrationList *list) {
    struct dirent *entry;

    while ((entry = readdir(directory))) {
        Migration *migration = &list->migrations[list->count];

        if (list->count == MIGRATIONS_MAX || !read_name(entry->d_name, migration))
            continue;
        snprintf(migration->path, sizeof migration->path, "%s/%s", folder, entry->d_name);
        list->count++;
        if (!read_text(migration))
            return false;
    }
    qsort(list->migrations, list->count, sizeof *list->migrations, by_version);
    for (uint32_t i = 0; i < list->count; i++) {
        if (list->migrations[i].version == (int)i + 1)
            continue;
        fprintf(stderr, "headrace migrate: %s: %04u is missing or there twice\n", folder, i + 1);
        return false;
    }
    return true;
}

bool migration_list_read(const char *folder_or_null, MigrationList *ret_list) {
    char folder[440];
    DIR *directory;
    bool is_good;

    *ret_list = (MigrationList){0};
    if (!find_folder(folder_or_null, folder, sizeof folder)) {
        fprintf(stderr, "headrace migrate: no migrations beside the program; give --dir\n");
        return false;
    }
    directory = opendir(folder);
    if (!directory) {
        fprintf(stderr, "headrace migrate: %s: %s\n", folder, strerror(errno));
        return false;
    }
    ret_list->migrations = alloc_array(MIGRATIONS_MAX + 1, sizeof *ret_list->migrations);
    is_good = list_files(directory, folder, ret_list);
    closedir(directory);
    if (is_good && ret_list->count == 0)
        fprintf(stderr, "headrace migrate: %s: no file is named like 0001_name.sql\n", folder);
    return is_good && ret_list->count > 0;
}

void migration_list_done(MigrationList *list) {
    for (uint32_t i = 0; list->migrations && i < list->count; i++)
        buf_done(&list->migrations[i].text);
    list->migrations = alloc_free(list->migrations);
}

/* ── the database ───────────────────────────────────────────────────────────────────────────── */

static void copy_str(char *to, size_t room, Str text) {
    snprintf(to, room, "%.*s", STR_ARGS(text));
}

static void compare_row(MigrationList *list, const PgResult *rows, uint32_t row) {
    int64_t version = pg_int(rows, row, 0);
    Migration *migration;

    if (version < 1 || version > list->count) {
        copy_str(list->unknown, sizeof list->unknown, pg_str(rows, row, 3));
        return;
    }
    migration = &list->migrations[version - 1];
    migration->is_applied = true;
    migration->is_changed = !str_is(pg_str(rows, row, 1), migration->sha256);
    copy_str(migration->applied_at, sizeof migration->applied_at, pg_str(rows, row, 2));
}

int migration_list_compare(MigrationList *list, Pg *pg) {
    PgResult *rows = NULL;
    bool is_empty;
    int r;

    r = pg_query(pg, "SELECT to_regclass('headrace.schema_migration') IS NULL", NULL, 0, &rows);
    if (r)
        return r;
    is_empty = pg_bool(rows, 0, 0);
    rows = pg_result_free(rows);
    if (is_empty)
        return 0;
    r = pg_query(pg,
                 "SELECT version, sha256, date_trunc('second', applied_at)::text, "
                 "lpad(version::text, 4, '0') || '_' || name "
                 "FROM headrace.schema_migration ORDER BY version",
                 NULL, 0, &rows);
    for (uint32_t row = 0; r == 0 && row < pg_rows(rows); row++)
        compare_row(list, rows, row);
    pg_result_free(rows);
    return r;
}
