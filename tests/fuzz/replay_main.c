/* Gives every file of a corpus folder to one fuzz target: `replay_NAME CORPUS`. */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/fuzz/fuzz.h"

/* Longer than any message the product accepts, so that nothing of a corpus is cut. */
#define INPUT_BYTES_MAX (16 * 1024 * 1024)

static int replay(const char *path) {
    FILE *file = fopen(path, "rb");
    uint8_t *bytes;
    size_t size;

    if (!file) {
        perror(path);
        return -1;
    }
    bytes = malloc(INPUT_BYTES_MAX);
    if (!bytes)
        abort();
    size = fread(bytes, 1, INPUT_BYTES_MAX, file);
    fclose(file);

    /* A copy of the exact size lets the address sanitizer see the first byte read behind it. */
    uint8_t *exact = realloc(bytes, size ? size : 1);
    if (!exact)
        abort();
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    return 0;
}

static int replay_folder(const char *folder, DIR *entries) {
    struct dirent *entry;
    char path[4096];
    int count = 0;

    while ((entry = readdir(entries))) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (replay(path) < 0)
            return -1;
        count++;
    }
    return count;
}

int main(int argc, char **argv) {
    DIR *entries = argc == 2 ? opendir(argv[1]) : NULL;
    int count;

    if (!entries) {
        printf("FAIL %s: give me a corpus folder\n", argv[0]);
        return 2;
    }
    count = replay_folder(argv[1], entries);
    closedir(entries);
    if (count <= 0) {
        printf("FAIL %s: no readable file in %s\n", argv[0], argv[1]);
        return 1;
    }
    printf("ok   %s: %d inputs\n", argv[1], count);
    return 0;
}
