/* Cursors: a version byte and 16 bytes of id, 17 bytes in 23 characters of base64url. */

#include "trigger-gateway/api/page.h"

#include <string.h>

#define VERSION 1
#define RAW_BYTES (1 + UUID_BYTES)
#define TEXT_BYTES 23

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

PageCursor page_cursor(Uuid last) {
    uint8_t raw[RAW_BYTES + 1] = {VERSION};
    PageCursor cursor = {0};
    uint32_t bits = 0;
    int held = 0, next = 0;

    memcpy(raw + 1, last.bytes, UUID_BYTES);
    /* One byte of padding behind the raw ones fills the last character. */
    for (int i = 0; next < TEXT_BYTES; i++) {
        bits = bits << 8 | raw[i];
        for (held += 8; held >= 6 && next < TEXT_BYTES; held -= 6)
            cursor.text[next++] = alphabet[bits >> (held - 6) & 63];
    }
    return cursor;
}

bool page_from_cursor(Str text, Uuid *ret_last) {
    uint8_t raw[RAW_BYTES];
    uint32_t bits = 0;
    int held = 0, next = 0;

    if (text.length != TEXT_BYTES)
        return false;
    for (size_t i = 0; i < text.length; i++) {
        const char *found = text.data[i] ? strchr(alphabet, text.data[i]) : NULL;

        if (found == NULL)
            return false;
        bits = bits << 6 | (uint32_t)(found - alphabet);
        held += 6;
        if (held >= 8) {
            held -= 8;
            raw[next++] = (uint8_t)(bits >> held & 255);
        }
    }
    if (raw[0] != VERSION || (bits & ((1u << held) - 1)) != 0)
        return false;
    memcpy(ret_last->bytes, raw + 1, UUID_BYTES);
    return true;
}
