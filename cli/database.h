#pragma once

/*
 * Database: how commands reach PostgreSQL. The connection is --dsn, else HEADRACE_PG_DSN, else the
 * content of the file HEADRACE_PG_DSN_FILE.
 */

#include "common/io/pg.h"

/* NULL: it cannot be reached; standard error says why. Nothing on it waits for a lock for long. */
Pg *database_open(const char *dsn_or_null, const char *command);

/* Prints "headrace COMMAND: what: why (SQLSTATE)" and returns the exit code for it. */
int database_complain(const Pg *pg, const char *command, const char *what);
