#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "common/base/hash.h"

typedef struct HexText {
    char text[2 * SHA256_BYTES + 1];
} HexText;

static HexText hex(Sha256 hash) {
    HexText result;

    for (int i = 0; i < SHA256_BYTES; i++)
        snprintf(result.text + 2 * i, 3, "%02x", hash.bytes[i]);
    return result;
}

Test(hash, known_answers_of_sha_256) {
    cr_expect_str_eq(hex(sha256_of(STR_NONE)).text,
                     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    cr_expect_str_eq(hex(sha256_of(STR("abc"))).text,
                     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

Test(hash, pieces_are_told_apart) {
    const Str one[] = {STR("ab"), STR("c")};
    const Str two[] = {STR("a"), STR("bc")};
    const Str three[] = {STR("abc")};
    const Str four[] = {STR("ab"), STR("c"), STR("")};
    HexText hashes[] = {
        hex(sha256_of_pieces(one, 2)),
        hex(sha256_of_pieces(two, 2)),
        hex(sha256_of_pieces(three, 1)),
        hex(sha256_of_pieces(four, 3)),
    };

    for (size_t i = 0; i < ARRAY_SIZE(hashes); i++)
        for (size_t j = i + 1; j < ARRAY_SIZE(hashes); j++)
            cr_expect_str_neq(hashes[i].text, hashes[j].text);
}

Test(hash, pieces_are_framed_by_eight_bytes_of_length) {
    const Str pieces[] = {STR("ab"), STR("c")};

    cr_assert_str_eq(hex(sha256_of_pieces(pieces, 2)).text,
                     hex(sha256_of(STR("\0\0\0\0\0\0\0\2ab\0\0\0\0\0\0\0\1c"))).text);
}

Test(hash, no_pieces_are_the_hash_of_nothing) {
    cr_assert_str_eq(hex(sha256_of_pieces(NULL, 0)).text, hex(sha256_of(STR(""))).text);
}

Test(hash, the_prefix_reads_the_most_significant_byte_first) {
    Sha256 hash = {
        .bytes = {1, 2, 3, 4, 5, 6, 7, 8, 9}
    };

    cr_assert_eq(sha256_prefix(&hash), 0x0102030405060708u);
}
