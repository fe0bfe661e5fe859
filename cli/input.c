/* Reading a file to its end. */

#include "cli/input.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CHUNK_BYTES 65536

static bool refuse(const char *path, const char *why) {
    fprintf(stderr, "headrace: cannot read %s: %s\n", path, why);
    return false;
}

static bool read_all(FILE *file, const char *name, Buf *buf) {
    size_t got;

    while ((got = fread(buf_reserve(buf, CHUNK_BYTES), 1, CHUNK_BYTES, file)) > 0) {
        buf->length += got;
        if (buf->length > INPUT_BYTES_MAX)
            return refuse(name, "it is larger than 64 MiB");
    }
    if (ferror(file))
        return refuse(name, strerror(errno));
    return true;
}

bool input_read(const char *path, Buf *buf) {
    bool is_read;
    FILE *file;

    if (strcmp(path, "-") == 0)
        return read_all(stdin, "the standard input", buf);
    file = fopen(path, "re");
    if (file == NULL)
        return refuse(path, strerror(errno));
    is_read = read_all(file, path, buf);
    fclose(file);
    return is_read;
}
