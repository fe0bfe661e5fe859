#pragma once

/*
 * Alloc: memory that is there or the process ends. Work is delivered again, so an honest crash is a
 * retry; nobody carries out-of-memory upward.
 *
 * Everything given here is freed with alloc_free(), which accepts NULL and returns NULL.
 */

#include <stddef.h>

/* Uninitialised bytes; bytes may be 0. */
void *alloc_bytes(size_t bytes);

/* Zeroed bytes. */
void *alloc_zero(size_t bytes);

/* count * bytes, zeroed; an overflow of the product ends the process. */
void *alloc_array(size_t count, size_t bytes);

/* Grows or shrinks; old may be NULL. */
void *alloc_again(void *old, size_t bytes);

/* A copy of the bytes, with a NUL behind them. */
void *alloc_copy(const void *source, size_t bytes);

void *alloc_free(void *pointer);

/* For _cleanup_(alloc_free_p) on any pointer variable. */
void alloc_free_p(void *pointer_to_pointer);
