#pragma once

/*
 * Str: text as pointer and length, never owning. The bytes belong to somebody else: a literal, an
 * arena, a message. There need not be a NUL behind them; embedded NULs are plain bytes.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/arena.h"

typedef struct Str {
    const char *data;
    size_t length;
} Str;

#define STR(literal) ((Str){.data = "" literal, .length = sizeof(literal) - 1})
#define STR_NONE ((Str){0})

/* For printf("%.*s"). */
#define STR_ARGS(str) (int)(str).length, (str).data

Str str_of(const char *text); /* NULL gives STR_NONE */
Str str_from(const char *data, size_t length);

bool str_equal(Str a, Str b);
bool str_is(Str a, const char *text);
int str_compare(Str a, Str b);       /* by bytes, then by length: codepoint order for UTF-8 */
bool str_equal_nocase(Str a, Str b); /* ASCII letters only */

bool str_starts(Str text, Str prefix);
bool str_ends(Str text, Str suffix);

/* Index of the first occurrence, or -1. */
ptrdiff_t str_find(Str text, Str needle);
ptrdiff_t str_find_char(Str text, char wanted);

/* From start (clamped) for at most length bytes. */
Str str_slice(Str text, size_t start, size_t length);
Str str_trim(Str text); /* ASCII white space on both sides */

/*
 * Takes the part before the separator off *rest and returns it; the last part empties *rest and
 * sets its data to NULL, so that `while (rest.data)` walks all parts.
 */
Str str_split(Str *rest, char separator);

/* A whole decimal integer in [low, high]; false leaves *ret alone. */
bool str_to_int64(Str text, int64_t low, int64_t high, int64_t *ret);

Str str_copy(Arena *arena, Str text);      /* a NUL is behind the copy */
char *str_dup(Str text);                   /* heap copy with NUL; free with alloc_free() */
const char *str_c(Arena *arena, Str text); /* NUL-terminated copy in the arena */
Str str_printf(Arena *arena, const char *format, ...) _printf_(2, 3);

uint64_t str_hash(Str text, uint64_t seed); /* for tables in memory; never stored */
bool str_is_utf8(Str text);                 /* strict: no surrogates, no overlong forms */

/* Bytes of the UTF-8 sequence that starts at data, 0 when none does; left > 0 bytes are there. */
size_t str_sequence(const char *data, size_t left);
