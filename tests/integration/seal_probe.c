/*
 * Seals a variable for tests in other languages: seal_probe KEYFILE TENANT VARIABLE, the JSON of
 * the value on standard input. Answers the id of a new data key, the wrapped key, and the sealed
 * value, each on a line, the bytes in hexadecimal.
 */

#include <stdio.h>

#include "common/base/check.h"
#include "common/io/clock.h"
#include "common/seal/seal.h"

static void read_all(FILE *file, Buf *buf) {
    int c;

    while ((c = getc(file)) != EOF)
        buf_add_char(buf, (char)c);
}

static void show(const Buf *bytes) {
    for (size_t i = 0; i < bytes->length; i++)
        printf("%02x", (unsigned char)bytes->data[i]);
    printf("\n");
}

int main(int argc, char **argv) {
    _cleanup_(buf_done) Buf lines = {0}, message = {0}, text = {0}, wrapped = {0}, sealed = {0};
    SealPlace place = {.table = "variable", .column = "value"};
    uint8_t nonce[SEAL_NONCE_BYTES];
    SealKeys *keys;
    DataKey key = {.id = clock_uuid_v7()};
    FILE *file;

    CHECK(argc == 4);
    file = fopen(argv[1], "r");
    CHECK(file != NULL);
    read_all(file, &lines);
    fclose(file);
    read_all(stdin, &text);
    CHECK(seal_keys_read(buf_str(&lines), &keys, &message) == 0);
    CHECK(uuid_from_text(str_of(argv[2]), &place.tenant.uuid));
    CHECK(uuid_from_text(str_of(argv[3]), &place.row));
    clock_random(key.bytes, sizeof key.bytes);
    clock_random(nonce, sizeof nonce);
    seal_wrap_key(keys, place.tenant, &key, nonce, &wrapped);
    clock_random(nonce, sizeof nonce);
    seal_close(&key, &place, nonce, buf_str(&text), &sealed);
    printf("%s\n", uuid_text(key.id).text);
    show(&wrapped);
    show(&sealed);
    seal_keys_free(keys);
    return 0;
}
