#pragma once

/*
 * Table: rows for people, in columns as wide as their widest cell. Cells are members of JSON
 * objects; what a terminal cannot show becomes '?'.
 */

#include "common/json/json.h"

typedef struct TableColumn {
    const char *title;
    const char *member; /* of each row */
} TableColumn;

/* rows: an array of objects. Times are shown without their fraction. */
void table_print(Arena *arena, const TableColumn *columns, size_t count, const Json *rows);

/* One member as a cell shows it; borrowed from the arena or the value. */
Str table_cell(Arena *arena, const Json *value);

/* Characters of UTF-8 text, as far as columns of a terminal go. */
int table_width(Str text);
