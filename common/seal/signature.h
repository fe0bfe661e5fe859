#pragma once

/*
 * Signature: whether a webhook comes from who it says, over the raw bytes, before anything is
 * parsed.
 *
 *   scheme    signed text                  header
 *   github    body                         X-Hub-Signature-256: sha256=<hex>
 *   stripe    <t>.<body>                   Stripe-Signature: t=<s>,v1=<hex>[,v1=<hex>…]
 *   slack     v0:<ts>:<body>               X-Slack-Signature: v0=<hex>, X-Slack-Request-Timestamp
 *   standard  <id>.<ts>.<body>             webhook-signature: v1,<base64> …, webhook-id, -timestamp
 *   hmac      template, or body            configured
 *
 * Every check fails closed: no header, no signature of a known version, no secret, or a time
 * outside the window is a refusal. Several secrets are tried, so that a secret can be rotated.
 * Comparing takes the same time wherever the difference is.
 *
 * Pure but for OpenSSL.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/base/str.h"

enum {
    SIGNATURE_E_MISSING = 1, /* a header that the scheme needs is not there */
    SIGNATURE_E_MALFORMED,   /* a header is not what the scheme says */
    SIGNATURE_E_EXPIRED,     /* signed too long ago, or in the future */
    SIGNATURE_E_MISMATCH,    /* signed by somebody else, or something else was signed */
};

#define SIGNATURE_TOLERANCE_S 300

typedef enum SignatureScheme {
    SIGNATURE_NONE,
    SIGNATURE_GITHUB,
    SIGNATURE_STRIPE,
    SIGNATURE_SLACK,
    SIGNATURE_STANDARD,
    SIGNATURE_HMAC,
} SignatureScheme;

typedef enum SignatureAlgorithm { HMAC_SHA256, HMAC_SHA1, HMAC_SHA512 } SignatureAlgorithm;

/* The words of definitions; false: no such scheme or algorithm. */
bool signature_scheme_from_word(Str word, SignatureScheme *ret_scheme);
bool signature_algorithm_from_word(Str word, SignatureAlgorithm *ret_algorithm);

typedef struct SignatureRule {
    SignatureScheme scheme;
    int64_t tolerance_s; /* 0: SIGNATURE_TOLERANCE_S */
    /* hmac only */
    Str header;
    Str prefix;           /* before the signature in the header */
    Str timestamp_header; /* seconds since 1970; none: no window */
    Str id_header;
    Str template_text; /* with {body}, {timestamp}, {id}; none: the body */
    bool is_base64;
    SignatureAlgorithm algorithm;
} SignatureRule;

typedef struct SignatureRequest {
    Str body;
    int64_t now_ms;
    /* The value of a header, by its name in lower case; STR_NONE when it is not there. */
    Str (*header)(void *context, Str name);
    void *context;
} SignatureRequest;

/* 0: genuine. secrets are the texts of the variables, newest first. */
int signature_check(const SignatureRule *rule, const Str *secrets, uint32_t secret_count,
                    const SignatureRequest *request);

const char *
signature_refusal_word(int r); /* "MISSING", … for logs; callers are told nothing more */
