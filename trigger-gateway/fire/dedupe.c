/* The sender's own id of a delivery. */

#include "trigger-gateway/fire/dedupe.h"

#include "common/base/defs.h"
#include "common/base/hash.h"

typedef struct SchemeIds {
    const char *scheme;
    const char *headers[4]; /* the first one that is there */
    const char *member;     /* of the body */
    const char *time;       /* header with the time that is signed */
    bool signs_time;        /* so what is signed is never the same for two events */
} SchemeIds;

#define NO_HEADERS                                                                                 \
    { NULL }

static const SchemeIds schemes[] = {
    {"github",   {"x-github-delivery"},                                  NULL,       NULL,                        false},
    {"stripe",   NO_HEADERS,                                             "id",       NULL,                        true },
    {"slack",    NO_HEADERS,                                             "event_id", "x-slack-request-timestamp", true },
    {"standard", {"webhook-id"},                                         NULL,       NULL,                        true },
    {"hmac",     {"idempotency-key"},                                    NULL,       NULL,                        false},
    {"none",     {"idempotency-key", "webhook-id", "x-github-delivery"}, NULL,       NULL,                        false},
};

static const SchemeIds *ids_of(Str scheme) {
    for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
        if (str_is(scheme, schemes[i].scheme))
            return &schemes[i];
    }
    return &schemes[ARRAY_SIZE(schemes) - 1];
}

static Str hashed(Arena *arena, const char *prefix, const Sha256 *hash) {
    static const char digits[] = "0123456789abcdef";
    char hex[2 * SHA256_BYTES + 1];

    for (size_t i = 0; i < SHA256_BYTES; i++) {
        hex[2 * i] = digits[hash->bytes[i] >> 4];
        hex[2 * i + 1] = digits[hash->bytes[i] & 15];
    }
    hex[2 * SHA256_BYTES] = '\0';
    return str_printf(arena, "%s%s", prefix, hex);
}

/* What is stored must be text, and short. */
static Str kept(Arena *arena, Str id) {
    bool fits = id.length <= DEDUPE_BYTES_MAX && str_is_utf8(id) && str_find_char(id, '\0') < 0;

    Sha256 hash = sha256_of(id);

    return id.length == 0 || fits ? id : hashed(arena, "sha256:", &hash);
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

static Str signed_id(const Delivery *delivery, const SchemeIds *ids, Arena *arena) {
    Str header = ids->time ? str_of(ids->time) : delivery->timestamp_header;
    const Str pieces[] = {fields_find(delivery->headers, header), delivery->raw};
    Sha256 hash = sha256_of_pieces(pieces, ARRAY_SIZE(pieces));

    return hashed(arena, "signed:", &hash);
}

Str dedupe_id(const Delivery *delivery, Arena *arena) {
    const SchemeIds *ids = ids_of(delivery->scheme);
    Str id;

    if (ids->member != NULL)
        id = json_str(json_member(delivery->body, str_of(ids->member)));
    else
        id = header_id(delivery, ids);
    if (id.length == 0 && (ids->signs_time || delivery->timestamp_header.length > 0))
        return signed_id(delivery, ids, arena);
    return kept(arena, id);
}
