/* A list of blocks; the newest one is carved from its front. */

#include "common/base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/check.h"

#define BLOCK_BYTES_MIN 4096
#define BLOCK_BYTES_KEPT (1u << 20) /* a spare larger than this is given back */
#define ALIGNMENT 16u

struct ArenaBlock {
    ArenaBlock *older;
    size_t bytes;
    _Alignas(ALIGNMENT) char data[];
};

static size_t round_up(size_t bytes) {
    CHECK(bytes <= SIZE_MAX / 4);
    return (bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
}

static ArenaBlock *block_take(Arena *arena, size_t bytes) {
    ArenaBlock *block = arena->spare;
    size_t size = BLOCK_BYTES_MIN;

    if (block != NULL && block->bytes >= bytes) {
        arena->spare = NULL;
        return block;
    }
    if (arena->block != NULL)
        size = MIN(arena->block->bytes * 2, (size_t)BLOCK_BYTES_KEPT);
    size = MAX(size, bytes);
    block = alloc_bytes(sizeof *block + size);
    block->bytes = size;
    return block;
}

void arena_init(Arena *arena, size_t bytes_max) {
    *arena = (Arena){.bytes_max = bytes_max};
}

static void free_blocks(ArenaBlock *block) {
    while (block != NULL) {
        ArenaBlock *older = block->older;

        alloc_free(block);
        block = older;
    }
}

void arena_done(Arena *arena) {
    size_t bytes_max = arena->bytes_max;

    free_blocks(arena->block);
    alloc_free(arena->spare);
    arena_init(arena, bytes_max);
}

void arena_reset(Arena *arena) {
    ArenaBlock *keep = arena->block;

    if (keep != NULL && keep->bytes <= BLOCK_BYTES_KEPT) {
        free_blocks(keep->older);
        alloc_free(arena->spare);
        arena->spare = keep;
    } else {
        free_blocks(keep);
    }
    arena->block = NULL;
    arena->next = NULL;
    arena->end = NULL;
    arena->used_bytes = 0;
}

void *arena_alloc(Arena *arena, size_t bytes) {
    size_t rounded = round_up(bytes ? bytes : 1);
    void *result;

    if ((size_t)(arena->end - arena->next) < rounded) {
        ArenaBlock *block = block_take(arena, rounded);

        block->older = arena->block;
        arena->block = block;
        arena->next = block->data;
        arena->end = block->data + block->bytes;
    }
    result = arena->next;
    arena->next += rounded;
    arena->used_bytes += rounded;
    return result;
}

void *arena_zero(Arena *arena, size_t bytes) {
    return memset(arena_alloc(arena, bytes), 0, bytes);
}

void *arena_copy(Arena *arena, const void *source, size_t bytes) {
    void *copy = arena_alloc(arena, bytes);

    if (bytes > 0)
        memcpy(copy, source, bytes);
    return copy;
}

void *arena_grow(Arena *arena, void *old, size_t old_bytes, size_t bytes) {
    size_t old_rounded = round_up(old_bytes ? old_bytes : 1);
    size_t rounded = round_up(bytes ? bytes : 1);
    void *result;

    if (old == NULL)
        return arena_alloc(arena, bytes);
    if (rounded <= old_rounded)
        return old;
    if ((char *)old + old_rounded == arena->next &&
        (size_t)(arena->end - arena->next) >= rounded - old_rounded) {
        arena->next += rounded - old_rounded;
        arena->used_bytes += rounded - old_rounded;
        return old;
    }
    result = arena_alloc(arena, bytes);
    memcpy(result, old, old_bytes);
    return result;
}

bool arena_room(const Arena *arena, size_t bytes) {
    if (arena->bytes_max == 0)
        return true;
    return arena->used_bytes <= arena->bytes_max && bytes <= arena->bytes_max - arena->used_bytes;
}

char *arena_printf(Arena *arena, const char *format, ...) {
    va_list args;
    char *text;
    int length;

    va_start(args, format);
    length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    CHECK(length >= 0);

    text = arena_alloc(arena, (size_t)length + 1);
    va_start(args, format);
    vsnprintf(text, (size_t)length + 1, format, args);
    va_end(args);
    return text;
}
