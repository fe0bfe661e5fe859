#pragma once

/*
 * Scrub: secrets taken out of what leaves the worker. Every string (and key) of a document is
 * searched for each secret as it is, percent-encoded, JSON-escaped, and inside base64 of either
 * alphabet; what is found becomes `[secret KEY]`. A number that is a secret becomes that text.
 *
 * Secrets shorter than SCRUB_BYTES_MIN are not looked for: they are found everywhere.
 */

#include "common/json/json.h"

#define SCRUB_BYTES_MIN 4

typedef struct Scrub Scrub;

/* secrets: object, key → value; the texts inside a value are secrets too. Lives in the arena. */
const Scrub *scrub_new(Arena *arena, const Json *secrets);

Str scrub_text(const Scrub *scrub, Arena *arena, Str text); /* any text */
Json scrub_json(const Scrub *scrub, Arena *arena, const Json *value);

/* A JSON text; what is not one is scrubbed as text. The same bytes when nothing was found. */
Str scrub_document(const Scrub *scrub, Arena *arena, Str text);
