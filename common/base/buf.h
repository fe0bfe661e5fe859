#pragma once

/*
 * Buf: bytes being written. Grows on the heap; free it with buf_done(). A NUL is always kept behind
 * the bytes (not counted), so buf.data can be read as a C string once something was written.
 */

#include <stddef.h>

#include "common/base/defs.h"
#include "common/base/str.h"

typedef struct Buf {
    char *data;
    size_t length;
    size_t capacity;
} Buf;

void buf_done(Buf *buf);
void buf_clear(Buf *buf); /* keeps the memory */

/* Room for bytes more; returns where they go. Does not change the length. */
char *buf_reserve(Buf *buf, size_t bytes);

void buf_add(Buf *buf, const void *bytes, size_t length);
void buf_add_str(Buf *buf, Str text);
void buf_add_text(Buf *buf, const char *text);
void buf_add_char(Buf *buf, char c);
void buf_printf(Buf *buf, const char *format, ...) _printf_(2, 3);

Str buf_str(const Buf *buf); /* valid until the next write */

/* The bytes, owned by the caller from now on (alloc_free()); the buffer is empty again. */
char *buf_take(Buf *buf, size_t *ret_length);
