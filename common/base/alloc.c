/* The only file that calls malloc. */

#include "common/base/alloc.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"

void *alloc_bytes(size_t bytes) {
    void *pointer = malloc(bytes ? bytes : 1);

    CHECK(pointer != NULL);
    return pointer;
}

void *alloc_zero(size_t bytes) {
    return alloc_array(1, bytes);
}

void *alloc_array(size_t count, size_t bytes) {
    size_t product;
    void *pointer;

    CHECK(!__builtin_mul_overflow(count, bytes, &product));
    pointer = calloc(count ? count : 1, bytes ? bytes : 1);
    CHECK(pointer != NULL);
    return pointer;
}

void *alloc_again(void *old, size_t bytes) {
    void *pointer = realloc(old, bytes ? bytes : 1);

    CHECK(pointer != NULL);
    return pointer;
}

void *alloc_copy(const void *source, size_t bytes) {
    char *copy = alloc_bytes(bytes + 1);

    if (bytes > 0)
        memcpy(copy, source, bytes);
    copy[bytes] = '\0';
    return copy;
}

void *alloc_free(void *pointer) {
    free(pointer);
    return NULL;
}

void alloc_free_p(void *pointer_to_pointer) {
    free(*(void **)pointer_to_pointer);
}
