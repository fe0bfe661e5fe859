#pragma once

/*
 * Arena: memory of one turn, given back at once.
 *
 * An arena may have a budget: arena_room() tells whether some bytes still fit, so that code that
 * works on foreign input can refuse instead of growing without end. arena_alloc() itself never
 * fails and does not look at the budget; who builds from foreign input asks first.
 *
 * Not thread-safe. Everything given stays valid until arena_reset() or arena_done().
 */

#include <stdbool.h>
#include <stddef.h>

#include "common/base/defs.h"

typedef struct ArenaBlock ArenaBlock;

typedef struct Arena {
    ArenaBlock *block; /* newest block, or NULL */
    char *next;
    char *end;
    size_t used_bytes; /* handed out since the last reset */
    size_t bytes_max;  /* budget, 0: none */
    ArenaBlock *spare; /* one block kept over a reset */
} Arena;

/* bytes_max 0 means: no budget. */
void arena_init(Arena *arena, size_t bytes_max);

/* Frees all memory; the arena may be used again. */
void arena_done(Arena *arena);

/* Forgets everything, keeps one block for the next turn. */
void arena_reset(Arena *arena);

/* Aligned for every type; never NULL. */
void *arena_alloc(Arena *arena, size_t bytes);
void *arena_zero(Arena *arena, size_t bytes);
void *arena_copy(Arena *arena, const void *source, size_t bytes);

/* Grows the newest allocation in place when it can; else copies old_bytes. old may be NULL. */
void *arena_grow(Arena *arena, void *old, size_t old_bytes, size_t bytes);

/* Whether bytes more stay within the budget. */
bool arena_room(const Arena *arena, size_t bytes);

/* Text made like printf, NUL behind it. */
char *arena_printf(Arena *arena, const char *format, ...) _printf_(2, 3);
