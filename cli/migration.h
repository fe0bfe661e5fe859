#pragma once

/*
 * Migration: the files NNNN_name.sql of a folder, in order, and what the database says about each.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/base/buf.h"
#include "common/io/pg.h"

typedef struct Migration {
    int version;
    char name[64];
    char path[700]; /* folder and file name */
    Buf text;
    char sha256[65];
    bool is_applied;
    bool is_changed; /* the database has another sha256 */
    char applied_at[40];
} Migration;

#define MIGRATIONS_MAX 1000 /* years of releases */

typedef struct MigrationList {
    Migration *migrations;
    uint32_t count;
    char unknown[64]; /* a version the database has and the folder does not; empty: none */
} MigrationList;

/*
 * The folder: the given one, else HEADRACE_SQL_DIR, else where the program was installed or built.
 * false: it cannot be read, or its files are not numbered 1, 2, 3 …; standard error says which.
 */
bool migration_list_read(const char *folder_or_null, MigrationList *ret_list);
void migration_list_done(MigrationList *list);

/* What the database has applied. 0 or the refusal of pg. */
int migration_list_compare(MigrationList *list, Pg *pg);
