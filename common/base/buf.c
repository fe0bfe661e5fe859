/* Bytes being written. */

#include "common/base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/check.h"

#define BUF_BYTES_MIN 64

void buf_done(Buf *buf) {
    alloc_free(buf->data);
    *buf = (Buf){0};
}

void buf_clear(Buf *buf) {
    buf->length = 0;
    if (buf->data != NULL)
        buf->data[0] = '\0';
}

char *buf_reserve(Buf *buf, size_t bytes) {
    CHECK(bytes < SIZE_MAX / 4);
    if (buf->capacity - buf->length < bytes + 1 || buf->data == NULL) {
        size_t needed = buf->length + bytes + 1;

        buf->capacity = MAX(buf->capacity * 2, (size_t)BUF_BYTES_MIN);
        buf->capacity = MAX(buf->capacity, needed);
        buf->data = alloc_again(buf->data, buf->capacity);
        buf->data[buf->length] = '\0';
    }
    return buf->data + buf->length;
}

void buf_add(Buf *buf, const void *bytes, size_t length) {
    char *to = buf_reserve(buf, length);

    if (length > 0)
        memcpy(to, bytes, length);
    buf->length += length;
    buf->data[buf->length] = '\0';
}

void buf_add_str(Buf *buf, Str text) {
    buf_add(buf, text.data, text.length);
}

void buf_add_text(Buf *buf, const char *text) {
    buf_add(buf, text, strlen(text));
}

void buf_add_char(Buf *buf, char c) {
    buf_add(buf, &c, 1);
}

void buf_printf(Buf *buf, const char *format, ...) {
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    CHECK(length >= 0);

    va_start(args, format);
    vsnprintf(buf_reserve(buf, (size_t)length), (size_t)length + 1, format, args);
    va_end(args);
    buf->length += (size_t)length;
}

Str buf_str(const Buf *buf) {
    return (Str){.data = buf->data ? buf->data : "", .length = buf->length};
}

char *buf_take(Buf *buf, size_t *ret_length) {
    char *data;

    buf_reserve(buf, 0);
    data = buf->data;
    if (ret_length != NULL)
        *ret_length = buf->length;
    *buf = (Buf){0};
    return data;
}
