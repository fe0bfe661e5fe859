/* SHA-256 is OpenSSL's; the framing of pieces is ours. */

#include "common/base/hash.h"

#include <openssl/sha.h>

#include "common/base/buf.h"

Sha256 sha256_of(Str bytes) {
    Sha256 hash;

    SHA256((const unsigned char *)(bytes.data ? bytes.data : ""), bytes.length, hash.bytes);
    return hash;
}

Sha256 sha256_of_pieces(const Str *pieces, size_t count) {
    _cleanup_(buf_done) Buf framed = {0};

    for (size_t i = 0; i < count; i++) {
        uint64_t length = pieces[i].length;
        unsigned char prefix[8];

        for (int byte = 0; byte < 8; byte++)
            prefix[byte] = (unsigned char)(length >> (56 - 8 * byte));
        buf_add(&framed, prefix, sizeof prefix);
        buf_add_str(&framed, pieces[i]);
    }
    return sha256_of(buf_str(&framed));
}

uint64_t sha256_prefix(const Sha256 *hash) {
    uint64_t prefix = 0;

    for (int i = 0; i < 8; i++)
        prefix = prefix << 8 | hash->bytes[i];
    return prefix;
}
