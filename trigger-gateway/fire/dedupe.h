#pragma once

/*
 * Dedupe: the id a sender gave to a delivery, so that the same delivery sent again starts the same
 * execution.
 *
 * Where a signature covers an id, only that one counts: who repeats a signed request cannot make a
 * new event of it by adding a header. Where the signature covers a time but the body has no id,
 * what was signed is the id.
 */

#include "common/base/arena.h"
#include "common/json/json.h"
#include "trigger-gateway/fire/field.h"

#define DEDUPE_BYTES_MAX 200 /* of an id that is kept as it is; longer ones are hashed */

typedef struct Delivery {
    Str scheme; /* "github", "stripe", "slack", "standard", "hmac", "none" */
    Fields headers;
    Str raw;              /* the body's bytes */
    const Json *body;     /* NULL: not JSON */
    Str id_header;        /* of hmac, as configured, or none */
    Str timestamp_header; /* of hmac, as configured, or none: a time is signed */
} Delivery;

/* In the arena, or borrowed. STR_NONE: the delivery has no id, each request is an event. */
Str dedupe_id(const Delivery *delivery, Arena *arena);
