#pragma once

/*
 * Mac: keyed hashes, their text forms, and comparing that takes the same time wherever the
 * difference is.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/base/str.h"

#define MAC_BYTES_MAX 64

typedef enum MacAlgorithm { MAC_SHA256, MAC_SHA1, MAC_SHA512 } MacAlgorithm;

typedef struct Mac {
    uint8_t bytes[MAC_BYTES_MAX];
    uint32_t length;
} Mac;

/* HMAC of the pieces one behind the other. */
Mac mac_make(MacAlgorithm algorithm, Str key, const Str *pieces, uint32_t count);

bool mac_equals(const Mac *mac, const Mac *other);

/* false: not the text form of that many bytes. Base64 may lack its padding. */
bool mac_from_hex(Str text, Mac *ret_mac);
bool mac_from_base64(Str text, Mac *ret_mac);

/* Bytes of any length from base64 (standard alphabet); false: not base64, or more than room. */
bool base64_read(Str text, uint8_t *bytes, uint32_t room, uint32_t *ret_length);
