#pragma once

/*
 * Hash: SHA-256 over pieces, each piece length-prefixed, so that ("ab","c") and ("a","bc") differ.
 * Used for derived ids, plan hashes and stored token hashes; the result is stable for ever.
 */

#include <stddef.h>
#include <stdint.h>

#include "common/base/str.h"

#define SHA256_BYTES 32

typedef struct Sha256 {
    uint8_t bytes[SHA256_BYTES];
} Sha256;

/* Plain SHA-256 of the bytes. */
Sha256 sha256_of(Str bytes);

/* Length-prefixed SHA-256 of count pieces. */
Sha256 sha256_of_pieces(const Str *pieces, size_t count);

/* The first eight bytes as a number, most significant first. */
uint64_t sha256_prefix(const Sha256 *hash);
