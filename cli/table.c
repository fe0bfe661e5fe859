/* Rows for people. */

#include "cli/table.h"

#include <stdio.h>
#include <string.h>

#define CELL_WIDTH_MAX 60

int table_width(Str text) {
    int width = 0;

    for (size_t i = 0; i < text.length; i++)
        width += ((unsigned char)text.data[i] & 0xc0) != 0x80;
    return width;
}

/* "2026-11-24T23:04:39.65158+00:00" is "2026-11-24 23:04:39". */
static bool is_moment(Str text) {
    return text.length >= 20 && text.data[4] == '-' && text.data[10] == 'T' && text.data[13] == ':';
}

static Str shown(Arena *arena, Str text) {
    char *copy = arena_copy(arena, text.data, text.length);

    for (size_t i = 0; i < text.length; i++)
        if ((unsigned char)copy[i] < 0x20 || copy[i] == 0x7f)
            copy[i] = '?';
    return str_from(copy, text.length);
}

Str table_cell(Arena *arena, const Json *value) {
    Str text = json_str(value);

    if (value == NULL || json_is(value, JSON_NULL))
        return STR("-");
    if (!json_is(value, JSON_STRING))
        return shown(arena, json_text(arena, value));
    if (text.length == 0)
        return STR("-");
    if (is_moment(text))
        return str_printf(arena, "%.10s %.8s", text.data, text.data + 11);
    return shown(arena, text);
}

static void print_cell(Str text, int width, bool is_last) {
    int shown_width = table_width(text);

    printf("%.*s", STR_ARGS(text));
    if (!is_last)
        printf("%*s", width - shown_width + 2, "");
}

static int width_of(Arena *arena, const TableColumn *column, const Json *rows) {
    int width = (int)strlen(column->title);

    for (uint32_t row = 0; row < rows->count; row++) {
        const Json *value = json_member(json_at(rows, row), str_of(column->member));
        int cell = table_width(table_cell(arena, value));

        width = MAX(width, MIN(cell, CELL_WIDTH_MAX));
    }
    return width;
}

void table_print(Arena *arena, const TableColumn *columns, size_t count, const Json *rows) {
    int *widths = arena_alloc(arena, count * sizeof *widths);

    for (size_t i = 0; i < count; i++) {
        widths[i] = width_of(arena, &columns[i], rows);
        print_cell(str_of(columns[i].title), widths[i], i + 1 == count);
    }
    putchar('\n');
    for (uint32_t row = 0; row < rows->count; row++) {
        for (size_t i = 0; i < count; i++) {
            const Json *value = json_member(json_at(rows, row), str_of(columns[i].member));

            print_cell(table_cell(arena, value), widths[i], i + 1 == count);
        }
        putchar('\n');
    }
}
