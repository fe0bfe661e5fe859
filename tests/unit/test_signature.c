/* A webhook is let in when its signature is right, and for no other reason. */

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/seal/mac.h"
#include "common/seal/signature.h"

#define NOW_MS 1700000000000
#define NOW "1700000000"

typedef struct Header {
    const char *name;
    const char *value;
} Header;

static Header headers[4];
static Str body = STR("{\"n\":1}");
static Str secret = STR("It's a Secret to Everybody");

static Str find_header(void *context, Str name) {
    (void)context;
    for (size_t i = 0; i < ARRAY_SIZE(headers) && headers[i].name != NULL; i++)
        if (str_is(name, headers[i].name))
            return str_of(headers[i].value);
    return STR_NONE;
}

static int check_with(const SignatureRule *rule, const Str *secrets, uint32_t count) {
    SignatureRequest request = {.body = body, .now_ms = NOW_MS, .header = find_header};

    return signature_check(rule, secrets, count, &request);
}

static int check(SignatureRule rule) {
    return check_with(&rule, &secret, 1);
}

static const char *hex_of(Str key, Str text, const char *prefix) {
    static char hex[2 * MAC_BYTES_MAX + 64];
    Mac mac = mac_make(MAC_SHA256, key, &text, 1);
    int at = snprintf(hex, sizeof hex, "%s", prefix);

    for (uint32_t i = 0; i < mac.length; i++)
        at += snprintf(hex + at, sizeof hex - (size_t)at, "%02x", mac.bytes[i]);
    return hex;
}

Test(signature, the_example_of_github_is_genuine) {
    SignatureRule rule = {.scheme = SIGNATURE_GITHUB};

    body = STR("Hello, World!");
    headers[0] =
        (Header){"x-hub-signature-256",
                 "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"};
    cr_expect_eq(check(rule), 0);
    body = STR("Hello, World?");
    cr_expect_eq(check(rule), SIGNATURE_E_MISMATCH);
}

Test(signature, a_github_header_that_is_missing_or_odd_is_refused) {
    SignatureRule rule = {.scheme = SIGNATURE_GITHUB};
    static const char *const odd[] = {"sha1=757107ea", "sha256=", "sha256=zz", "757107ea",
                                      "sha256=757"};

    cr_expect_eq(check(rule), SIGNATURE_E_MISSING);
    for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
        headers[0] = (Header){"x-hub-signature-256", odd[i]};
        cr_expect_eq(check(rule), SIGNATURE_E_MALFORMED, "%s", odd[i]);
    }
}

Test(signature, a_shortened_signature_is_no_signature) {
    SignatureRule rule = {.scheme = SIGNATURE_GITHUB};
    char shortened[64];

    snprintf(shortened, sizeof shortened, "%.20s", hex_of(secret, body, "sha256="));
    headers[0] = (Header){"x-hub-signature-256", shortened};
    cr_expect_neq(check(rule), 0);
}

Test(signature, without_a_secret_nobody_is_let_in) {
    SignatureRule rule = {.scheme = SIGNATURE_GITHUB};

    headers[0] = (Header){"x-hub-signature-256", hex_of(STR_NONE, body, "sha256=")};
    cr_expect_eq(check_with(&rule, NULL, 0), SIGNATURE_E_MISMATCH);
}

Test(signature, during_a_rotation_the_old_secret_still_counts) {
    SignatureRule rule = {.scheme = SIGNATURE_GITHUB};
    Str both[] = {STR("new"), secret};

    headers[0] = (Header){"x-hub-signature-256", hex_of(secret, body, "sha256=")};
    cr_expect_eq(check_with(&rule, both, 2), 0);
    cr_expect_eq(check_with(&rule, both, 1), SIGNATURE_E_MISMATCH);
}

static const char *stripe_header(const char *time) {
    static char header[512];
    char text[256];

    snprintf(text, sizeof text, "%s.%.*s", time, STR_ARGS(body));
    snprintf(header, sizeof header, "t=%s,v0=00,v1=%064d,%s", time, 0,
             hex_of(secret, str_of(text), "v1="));
    return header;
}

Test(signature, stripe_takes_any_of_its_v1_signatures) {
    headers[0] = (Header){"stripe-signature", stripe_header(NOW)};
    cr_expect_eq(check((SignatureRule){.scheme = SIGNATURE_STRIPE}), 0);
    headers[0] = (Header){"stripe-signature", "t=" NOW ",v0=00"};
    cr_expect_eq(check((SignatureRule){.scheme = SIGNATURE_STRIPE}), SIGNATURE_E_MALFORMED);
    headers[0] = (Header){"stripe-signature", "v1=00"};
    cr_expect_eq(check((SignatureRule){.scheme = SIGNATURE_STRIPE}), SIGNATURE_E_MALFORMED);
}

Test(signature, the_window_is_five_minutes_to_both_sides) {
    SignatureRule rule = {.scheme = SIGNATURE_STRIPE};
    static const struct {
        const char *time;
        int r;
    } times[] = {
        {"1699999700", 0                  },
        {"1699999699", SIGNATURE_E_EXPIRED},
        {"1700000300", 0                  },
        {"1700000301", SIGNATURE_E_EXPIRED},
    };

    for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
        headers[0] = (Header){"stripe-signature", stripe_header(times[i].time)};
        cr_expect_eq(check(rule), times[i].r, "%s", times[i].time);
    }
    rule.tolerance_s = 10;
    headers[0] = (Header){"stripe-signature", stripe_header("1699999700")};
    cr_expect_eq(check(rule), SIGNATURE_E_EXPIRED);
}

Test(signature, slack_signs_its_version_and_the_time) {
    headers[0] = (Header){"x-slack-signature", hex_of(secret, STR("v0:" NOW ":{\"n\":1}"), "v0=")};
    cr_expect_eq(check((SignatureRule){.scheme = SIGNATURE_SLACK}), SIGNATURE_E_MISSING);
    headers[1] = (Header){"x-slack-request-timestamp", NOW};
    cr_expect_eq(check((SignatureRule){.scheme = SIGNATURE_SLACK}), 0);
    headers[1] = (Header){"x-slack-request-timestamp", "1700000001"};
    cr_expect_eq(check((SignatureRule){.scheme = SIGNATURE_SLACK}), SIGNATURE_E_MISMATCH);
}

Test(signature, the_example_of_standard_webhooks_is_genuine) {
    SignatureRule rule = {.scheme = SIGNATURE_STANDARD};
    SignatureRequest request = {
        .body = STR("{\"test\": 2432232314}"), .now_ms = 1614265330000, .header = find_header};

    secret = STR("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    headers[0] = (Header){"webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"};
    headers[1] = (Header){"webhook-timestamp", "1614265330"};
    headers[2] =
        (Header){"webhook-signature", "v1a,xx v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="};
    cr_expect_eq(signature_check(&rule, &secret, 1, &request), 0);
    headers[0].value = "msg_other";
    cr_expect_eq(signature_check(&rule, &secret, 1, &request), SIGNATURE_E_MISMATCH);
    headers[2].value = "v1a,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    cr_expect_eq(signature_check(&rule, &secret, 1, &request), SIGNATURE_E_MALFORMED);
}

Test(signature, hmac_signs_what_its_template_says) {
    SignatureRule rule = {
        .scheme = SIGNATURE_HMAC,
        .header = STR("x-sig"),
        .prefix = STR("s="),
        .timestamp_header = STR("x-time"),
        .id_header = STR("x-id"),
        .template_text = STR("{id}:{timestamp}:{{body}}"),
    };

    headers[0] = (Header){"x-sig", hex_of(secret, STR("7:" NOW ":{{\"n\":1}}"), "s=")};
    headers[1] = (Header){"x-time", NOW};
    cr_expect_eq(check(rule), SIGNATURE_E_MISSING);
    headers[2] = (Header){"x-id", "7"};
    cr_expect_eq(check(rule), 0);
    headers[2].value = "8";
    cr_expect_eq(check(rule), SIGNATURE_E_MISMATCH);
}

Test(signature, hmac_without_a_template_signs_the_body_and_may_be_base64) {
    SignatureRule rule = {.scheme = SIGNATURE_HMAC, .header = STR("x-sig"), .is_base64 = true};

    secret = STR("key");
    body = STR("The quick brown fox jumps over the lazy dog");
    headers[0] = (Header){"x-sig", "97yD9DBThCSxMpjmqm+xQ+9NWaFJRhdZl0edvC0aPNg="};
    cr_expect_eq(check(rule), 0);
    rule.algorithm = HMAC_SHA1;
    headers[0].value = "3nybhbi3iqa8ino29wqQcBydtNk=";
    cr_expect_eq(check(rule), 0);
    rule.algorithm = HMAC_SHA512;
    cr_expect_eq(check(rule), SIGNATURE_E_MISMATCH);
}
