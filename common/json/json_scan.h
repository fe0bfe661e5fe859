#pragma once

/*
 * Scan: eight bytes of a string at a time. Private to common/json.
 *
 * A byte is plain when it stands for itself in a JSON string: ASCII from 0x20 up, but for the quote
 * and the backslash. Everything else deserves a closer look by the caller.
 */

#include <endian.h>
#include <stdint.h>
#include <string.h>

#define SCAN_BYTES 8
#define SCAN_ONES 0x0101010101010101u
#define SCAN_TOPS 0x8080808080808080u

/* The first byte in memory is the lowest one of the word on every machine. */
static inline uint64_t scan_load(const char *from) {
    uint64_t word;

    memcpy(&word, from, sizeof word);
    return le64toh(word);
}

/*
 * The top bit of the lowest byte that is below bound (up to 0x80) is exact; bits above it may be
 * wrong because the subtraction borrows. Only the lowest one is ever used.
 */
static inline uint64_t scan_below(uint64_t word, uint8_t bound) {
    return (word - SCAN_ONES * bound) & ~word & SCAN_TOPS;
}

static inline uint64_t scan_equal(uint64_t word, char wanted) {
    return scan_below(word ^ (SCAN_ONES * (uint8_t)wanted), 1);
}

/* Marks the first byte that is not plain. */
static inline uint64_t scan_special(uint64_t word) {
    return scan_below(word, 0x20) | scan_equal(word, '"') | scan_equal(word, '\\') |
           (word & SCAN_TOPS);
}

static inline int scan_is_plain(char c) {
    return (unsigned char)c >= 0x20 && (unsigned char)c < 0x80 && c != '"' && c != '\\';
}

/* The first byte from here on that is not plain, or end. */
static inline const char *scan_plain(const char *from, const char *end) {
    while (end - from >= SCAN_BYTES) {
        uint64_t special = scan_special(scan_load(from));

        if (special)
            return from + __builtin_ctzll(special) / 8;
        from += SCAN_BYTES;
    }
    while (from < end && scan_is_plain(*from))
        from++;
    return from;
}

/* The same, and it stops at DEL: jq escapes that, too, though nobody must. */
static inline const char *scan_clean(const char *from, const char *end) {
    while (end - from >= SCAN_BYTES) {
        uint64_t word = scan_load(from);
        uint64_t special = scan_special(word) | scan_equal(word, 0x7F);

        if (special)
            return from + __builtin_ctzll(special) / 8;
        from += SCAN_BYTES;
    }
    while (from < end && scan_is_plain(*from) && *from != 0x7F)
        from++;
    return from;
}
