/* Keyed hashes are OpenSSL's; their text forms are read here. */

#include "common/seal/mac.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "common/base/check.h"

static const char *const digests[] = {
    [MAC_SHA256] = "SHA256",
    [MAC_SHA1] = "SHA1",
    [MAC_SHA512] = "SHA512",
};

Mac mac_make(MacAlgorithm algorithm, Str key, const Str *pieces, uint32_t count) {
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *context = EVP_MAC_CTX_new(hmac);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string("digest", (char *)digests[algorithm], 0),
        OSSL_PARAM_construct_end(),
    };
    Mac mac = {0};
    size_t length;

    CHECK(context != NULL);
    CHECK(EVP_MAC_init(context, (const uint8_t *)(key.data ? key.data : ""), key.length, params) ==
          1);
    for (uint32_t i = 0; i < count; i++)
        CHECK(EVP_MAC_update(context, (const uint8_t *)(pieces[i].data ? pieces[i].data : ""),
                             pieces[i].length) == 1);
    CHECK(EVP_MAC_final(context, mac.bytes, &length, sizeof mac.bytes) == 1);
    mac.length = (uint32_t)length;
    EVP_MAC_CTX_free(context);
    EVP_MAC_free(hmac);
    return mac;
}

bool mac_equals(const Mac *mac, const Mac *other) {
    return mac->length == other->length &&
           CRYPTO_memcmp(mac->bytes, other->bytes, mac->length) == 0;
}

static int hex_value(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool mac_from_hex(Str text, Mac *ret_mac) {
    Mac mac = {.length = (uint32_t)(text.length / 2)};

    if (text.length == 0 || text.length % 2 || text.length > 2 * MAC_BYTES_MAX)
        return false;
    for (uint32_t i = 0; i < mac.length; i++) {
        int high = hex_value(text.data[2 * i]), low = hex_value(text.data[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        mac.bytes[i] = (uint8_t)(high << 4 | low);
    }
    *ret_mac = mac;
    return true;
}

static int base64_value(char c) {
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool base64_read(Str text, uint8_t *bytes, uint32_t room, uint32_t *ret_length) {
    uint32_t bits = 0, bit_count = 0, length = 0;

    while (text.length > 0 && text.data[text.length - 1] == '=')
        text.length--;
    if (text.length % 4 == 1)
        return false;
    for (size_t i = 0; i < text.length; i++) {
        int value = base64_value(text.data[i]);

        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        bit_count += 6;
        if (bit_count < 8)
            continue;
        bit_count -= 8;
        if (length == room)
            return false;
        bytes[length++] = (uint8_t)(bits >> bit_count);
    }
    *ret_length = length;
    return true;
}

bool mac_from_base64(Str text, Mac *ret_mac) {
    Mac mac = {0};

    if (text.length == 0 || !base64_read(text, mac.bytes, MAC_BYTES_MAX, &mac.length))
        return false;
    *ret_mac = mac;
    return true;
}
