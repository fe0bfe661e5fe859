/* The sender's own id of a delivery. */

#include "trigger-gateway/fire/dedupe.h"

#include "common/base/defs.h"
#include "common/base/hash.h"

typedef struct SchemeIds {
    const char *scheme;
    const char *headers[4]; /* the first one that is there */
    const char *member;     /* of the body */
    bool signs_time;        /* so the signature is never the same for two events */
} SchemeIds;

static const SchemeIds schemes[] = {
    {.scheme = "github",         .headers = {"x-github-delivery"}},
    {.scheme = "stripe",         .member = "id",                   .signs_time = true},
    {.scheme = "slack",                          .member = "event_id",                                          .signs_time = true},
    {.scheme = "standard",        .headers = {"webhook-id"},.signs_time = true},
    {.scheme = "hmac",.headers = {"idempotency-key"}         },
    {.scheme = "none",           .headers = {"idempotency-key", "webhook-id", "x-github-delivery"}                   },
};

static const SchemeIds *ids_of(Str scheme) {
    for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
        if (str_is(scheme, schemes[i].scheme))
            return &schemes[i];
    }
    return &schemes[ARRAY_SIZE(schemes) - 1];
}

static Str hashed(Arena *arena, const char *prefix, Str text) {
    static const char digits[] = "0123456789abcdef";
    Sha256 hash = sha256_of(text);
    char hex[2 * SHA256_BYTES + 1];

    for (size_t i = 0; i < SHA256_BYTES; i++) {
        hex[2 * i] = digits[hash.bytes[i] >> 4];
        hex[2 * i + 1] = digits[hash.bytes[i] & 15];
    }
    hex[2 * SHA256_BYTES] = '\0';
    return str_printf(arena, "%s%s", prefix, hex);
}

/* What is stored must be text, and short. */
static Str kept(Arena *arena, Str id) {
    bool fits = id.length <= DEDUPE_BYTES_MAX && str_is_utf8(id) && str_find_char(id, '\0') < 0;

    return id.length == 0 || fits ? id : hashed(arena, "sha256:", id);
}

static Str header_id(const Delivery *delivery, const SchemeIds *ids) {
    if (delivery->id_header.length > 0)
        return str_trim(fields_find(delivery->headers, delivery->id_header));
    for (size_t i = 0; i < ARRAY_SIZE(ids->headers) && ids->headers[i] != NULL; i++) {
        Str id = str_trim(fields_find(delivery->headers, str_of(ids->headers[i])));

        if (id.length > 0)
            return id;
    }
    return STR_NONE;
}

Str dedupe_id(const Delivery *delivery, Arena *arena) {
    const SchemeIds *ids = ids_of(delivery->scheme);
    bool signs_time = ids->signs_time || delivery->timestamp_header.length > 0;
    Str id;

    if (ids->member != NULL)
        id = json_str(json_member(delivery->body, str_of(ids->member)));
    else
        id = header_id(delivery, ids);
    if (id.length == 0 && signs_time && delivery->signature.length > 0)
        return hashed(arena, "signature:", delivery->signature);
    return kept(arena, id);
}
