/* Any header for any scheme: refused, and nothing is read that is not there. */

#include "common/base/check.h"
#include "common/seal/signature.h"
#include "tests/fuzz/fuzz.h"

static Str find_header(void *context, Str name) {
    (void)name;
    return *(const Str *)context;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    Str secret = STR("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), header, rest;
    SignatureRule rule = {.header = STR("x"),
                          .timestamp_header = STR("t"),
                          .template_text = STR("{timestamp}.{body}")};
    SignatureRequest request = {.now_ms = 1700000000000, .header = find_header, .context = &header};

    if (length == 0)
        return 0;
    rule.scheme = (SignatureScheme)(1 + bytes[0] % 5);
    rule.is_base64 = (bytes[0] & 0x80) != 0;
    rest = str_from((const char *)bytes + 1, length - 1);
    header = str_split(&rest, '\n');
    request.body = rest;
    if (rest.length > 0 && (bytes[0] & 0x40) != 0)
        rule.template_text = rest;
    CHECK(signature_check(&rule, &secret, 1, &request) > 0);
    return 0;
}
