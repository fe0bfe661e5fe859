#pragma once

/*
 * Place: where in a definition the reader is. A chain on the stack, from a value to the document's
 * root; the JSON pointer is only written when somebody must be told.
 *
 * Foreign names that go into a message are shown shortened and without control characters, so that
 * a terminal can print them.
 */

#include "common/base/str.h"

typedef struct Place Place;

struct Place {
    const Place *outer; /* NULL: the root */
    Str key;            /* none: an element of an array */
    uint32_t index;
};

Place place_root(void);
Place place_key(const Place *outer, Str key);
Place place_index(const Place *outer, uint32_t index);

/* RFC 6901; "" for the root. */
Str place_pointer(Arena *arena, const Place *place);

/* In the arena, at most 64 bytes of it, NUL-terminated, always UTF-8. */
const char *text_shown(Arena *arena, Str text);

/*
 * The text with '?' for every byte that no database and no JSON may hold: NUL, and what is not
 * UTF-8, as when a message was cut inside a letter.
 */
Str text_storable(Arena *arena, Str text);

/*
 * How many letters must change to make one word of the other: at most 2, and less than half of
 * them; else NEAR_NEVER.
 */
#define NEAR_NEVER 99u
uint32_t text_distance(Str a, Str b);
