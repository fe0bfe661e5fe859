/* Webhook signatures: one function a scheme, one table. */

#include "common/seal/signature.h"

#include <string.h>

#include "common/base/check.h"
#include "common/seal/mac.h"

#define SECRET_BYTES_MAX 256 /* of a decoded whsec_ secret */
#define PIECES_MAX 32        /* of what is signed by a template */

typedef struct Check {
    const SignatureRule *rule;
    const Str *secrets;
    uint32_t secret_count;
    const SignatureRequest *request;
} Check;

static Str header_of(const Check *check, Str name) {
    return check->request->header(check->request->context, name);
}

/* Whether the time a request was signed at lies within the window. */
static int check_time(const Check *check, Str seconds) {
    int64_t tolerance = check->rule->tolerance_s ? check->rule->tolerance_s : SIGNATURE_TOLERANCE_S;
    int64_t at, now = check->request->now_ms / 1000;

    if (!str_to_int64(seconds, 0, INT64_MAX / 1000, &at))
        return SIGNATURE_E_MALFORMED;
    return at < now - tolerance || at > now + tolerance ? SIGNATURE_E_EXPIRED : 0;
}

/* Any of the secrets over the pieces gives the signature. Every secret is tried. */
static bool is_signed(const Check *check, const Mac *given, const Str *pieces, uint32_t count) {
    bool is_genuine = false;

    for (uint32_t i = 0; i < check->secret_count; i++) {
        Mac made = mac_make((MacAlgorithm)check->rule->algorithm, check->secrets[i], pieces, count);

        is_genuine = mac_equals(&made, given) || is_genuine;
    }
    return is_genuine;
}

static int check_github(const Check *check) {
    Str header = header_of(check, STR("x-hub-signature-256"));
    Mac given;

    if (header.length == 0)
        return SIGNATURE_E_MISSING;
    if (!str_starts(header, STR("sha256=")) || !mac_from_hex(str_slice(header, 7, 128), &given))
        return SIGNATURE_E_MALFORMED;
    return is_signed(check, &given, &check->request->body, 1) ? 0 : SIGNATURE_E_MISMATCH;
}

/* "t=…,v1=…,v1=…,v0=…": the time, and as many signatures as secrets are in use. */
static int check_stripe(const Check *check) {
    Str rest = header_of(check, STR("stripe-signature")), all = rest, time = STR_NONE;
    bool has_signature = false, is_genuine = false;
    int r;

    if (rest.length == 0)
        return SIGNATURE_E_MISSING;
    while (rest.data != NULL) {
        Str part = str_trim(str_split(&rest, ','));

        if (str_starts(part, STR("t=")) && time.length == 0)
            time = str_slice(part, 2, part.length);
    }
    r = check_time(check, time);
    if (r)
        return r;
    while (all.data != NULL) {
        Str part = str_trim(str_split(&all, ','));
        Str pieces[] = {time, STR("."), check->request->body};
        Mac given;

        if (!str_starts(part, STR("v1=")) || !mac_from_hex(str_slice(part, 3, 128), &given))
            continue;
        has_signature = true;
        is_genuine = is_signed(check, &given, pieces, 3) || is_genuine;
    }
    if (!has_signature)
        return SIGNATURE_E_MALFORMED;
    return is_genuine ? 0 : SIGNATURE_E_MISMATCH;
}

static int check_slack(const Check *check) {
    Str header = header_of(check, STR("x-slack-signature"));
    Str time = header_of(check, STR("x-slack-request-timestamp"));
    Str pieces[] = {STR("v0:"), time, STR(":"), check->request->body};
    Mac given;
    int r;

    if (header.length == 0 || time.length == 0)
        return SIGNATURE_E_MISSING;
    if (!str_starts(header, STR("v0=")) || !mac_from_hex(str_slice(header, 3, 128), &given))
        return SIGNATURE_E_MALFORMED;
    r = check_time(check, time);
    if (r)
        return r;
    return is_signed(check, &given, pieces, 4) ? 0 : SIGNATURE_E_MISMATCH;
}

/* Secrets of this scheme are base64 behind "whsec_". */
static bool is_standard_signed(const Check *check, const Mac *given, const Str *pieces) {
    bool is_genuine = false;

    for (uint32_t i = 0; i < check->secret_count; i++) {
        uint8_t bytes[SECRET_BYTES_MAX];
        uint32_t length;
        Str secret = check->secrets[i];
        Mac made;

        if (str_starts(secret, STR("whsec_")))
            secret = str_slice(secret, 6, secret.length);
        if (!base64_read(secret, bytes, sizeof bytes, &length))
            continue;
        made = mac_make(MAC_SHA256, str_from((const char *)bytes, length), pieces, 5);
        is_genuine = mac_equals(&made, given) || is_genuine;
    }
    return is_genuine;
}

static int check_standard(const Check *check) {
    Str id = header_of(check, STR("webhook-id")), time = header_of(check, STR("webhook-timestamp"));
    Str rest = header_of(check, STR("webhook-signature"));
    Str pieces[] = {id, STR("."), time, STR("."), check->request->body};
    bool has_signature = false, is_genuine = false;
    int r;

    if (id.length == 0 || time.length == 0 || rest.length == 0)
        return SIGNATURE_E_MISSING;
    r = check_time(check, time);
    if (r)
        return r;
    while (rest.data != NULL) {
        Str part = str_split(&rest, ' ');
        Mac given;

        /* v1a is a signature of another kind, by a key pair: it proves nothing here. */
        if (!str_starts(part, STR("v1,")) || !mac_from_base64(str_slice(part, 3, 128), &given))
            continue;
        has_signature = true;
        is_genuine = is_standard_signed(check, &given, pieces) || is_genuine;
    }
    if (!has_signature)
        return SIGNATURE_E_MALFORMED;
    return is_genuine ? 0 : SIGNATURE_E_MISMATCH;
}

/* Cuts "{timestamp}.{body}" into pieces; the number of them, 0 when there are too many. */
static uint32_t cut_template(const Check *check, Str time, Str id, Str pieces[PIECES_MAX]) {
    const struct {
        Str name, value;
    } places[] = {
        {STR("{body}"),      check->request->body},
        {STR("{timestamp}"), time                },
        {STR("{id}"),        id                  },
    };
    Str rest = check->rule->template_text;
    uint32_t count = 0;

    while (rest.length > 0) {
        ptrdiff_t at = str_find_char(rest, '{');
        bool is_place = false;

        if (count + 2 > PIECES_MAX)
            return 0;
        if (at != 0) {
            pieces[count++] = str_slice(rest, 0, at < 0 ? rest.length : (size_t)at);
            rest = str_slice(rest, pieces[count - 1].length, rest.length);
            continue;
        }
        for (size_t i = 0; i < ARRAY_SIZE(places) && !is_place; i++) {
            is_place = str_starts(rest, places[i].name);
            if (is_place) {
                pieces[count++] = places[i].value;
                rest = str_slice(rest, places[i].name.length, rest.length);
            }
        }
        if (!is_place) {
            pieces[count++] = str_slice(rest, 0, 1);
            rest = str_slice(rest, 1, rest.length);
        }
    }
    return count;
}

static int read_hmac(const Check *check, Str header, Mac *ret_given) {
    const SignatureRule *rule = check->rule;
    Str text;

    if (!str_starts(header, rule->prefix))
        return SIGNATURE_E_MALFORMED;
    text = str_slice(header, rule->prefix.length, header.length);
    if (rule->is_base64 ? !mac_from_base64(text, ret_given) : !mac_from_hex(text, ret_given))
        return SIGNATURE_E_MALFORMED;
    return 0;
}

static int check_hmac(const Check *check) {
    const SignatureRule *rule = check->rule;
    Str header = header_of(check, rule->header), time = STR_NONE, id = STR_NONE;
    Str pieces[PIECES_MAX] = {check->request->body};
    uint32_t count = 1;
    Mac given;
    int r;

    if (rule->timestamp_header.length > 0)
        time = header_of(check, rule->timestamp_header);
    if (rule->id_header.length > 0)
        id = header_of(check, rule->id_header);
    if (header.length == 0 || (rule->timestamp_header.length > 0 && time.length == 0) ||
        (rule->id_header.length > 0 && id.length == 0))
        return SIGNATURE_E_MISSING;
    r = rule->timestamp_header.length > 0 ? check_time(check, time) : 0;
    if (r == 0)
        r = read_hmac(check, header, &given);
    if (r)
        return r;
    if (rule->template_text.length > 0)
        count = cut_template(check, time, id, pieces);
    return count > 0 && is_signed(check, &given, pieces, count) ? 0 : SIGNATURE_E_MISMATCH;
}

static int check_none(const Check *check) {
    (void)check;
    return 0;
}

static const struct {
    const char *word;
    int (*check)(const Check *check);
} schemes[] = {
    [SIGNATURE_NONE] = {"none",     check_none    },
    [SIGNATURE_GITHUB] = {"github",   check_github  },
    [SIGNATURE_STRIPE] = {"stripe",   check_stripe  },
    [SIGNATURE_SLACK] = {"slack",    check_slack   },
    [SIGNATURE_STANDARD] = {"standard", check_standard},
    [SIGNATURE_HMAC] = {"hmac",     check_hmac    },
};

bool signature_scheme_from_word(Str word, SignatureScheme *ret_scheme) {
    for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
        if (str_is(word, schemes[i].word)) {
            *ret_scheme = (SignatureScheme)i;
            return true;
        }
    }
    return false;
}

bool signature_algorithm_from_word(Str word, SignatureAlgorithm *ret_algorithm) {
    static const char *const words[] = {
        [HMAC_SHA256] = "sha256",
        [HMAC_SHA1] = "sha1",
        [HMAC_SHA512] = "sha512",
    };

    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        if (str_is(word, words[i])) {
            *ret_algorithm = (SignatureAlgorithm)i;
            return true;
        }
    }
    return false;
}

int signature_check(const SignatureRule *rule, const Str *secrets, uint32_t secret_count,
                    const SignatureRequest *request) {
    Check check = {
        .rule = rule, .secrets = secrets, .secret_count = secret_count, .request = request};
    SignatureRule named = *rule;

    CHECK((size_t)rule->scheme < ARRAY_SIZE(schemes));
    if (rule->scheme != SIGNATURE_HMAC)
        named.algorithm = HMAC_SHA256; /* what the named schemes use is not a setting */
    check.rule = &named;
    return schemes[rule->scheme].check(&check);
}

const char *signature_refusal_word(int r) {
    static const char *const words[] = {
        [SIGNATURE_E_MISSING] = "MISSING",
        [SIGNATURE_E_MALFORMED] = "MALFORMED",
        [SIGNATURE_E_EXPIRED] = "EXPIRED",
        [SIGNATURE_E_MISMATCH] = "MISMATCH",
    };

    CHECK(r > 0 && (size_t)r < ARRAY_SIZE(words));
    return words[r];
}
