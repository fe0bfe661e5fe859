/* API keys as they are sent. */

#include "trigger-gateway/api/principal.h"

#include <string.h>

#define SCHEME STR("Bearer ")
#define PREFIX STR("hr_")
#define ID_BARE_BYTES 32

/* With its four dashes or without. */
static bool read_id(Str text, Uuid *ret_id) {
    char dashed[UUID_TEXT_BYTES];
    size_t next = 0;

    if (text.length != ID_BARE_BYTES)
        return uuid_from_text(text, ret_id);
    for (size_t i = 0; i < ID_BARE_BYTES; i++) {
        if (i == 8 || i == 12 || i == 16 || i == 20)
            dashed[next++] = '-';
        dashed[next++] = text.data[i];
    }
    return uuid_from_text(str_from(dashed, next), ret_id);
}

bool api_key_read(Str authorization, ApiKey *ret_key) {
    Str scheme = str_slice(authorization, 0, SCHEME.length);
    ApiKey key;
    Str text, id;

    if (!str_equal_nocase(scheme, SCHEME))
        return false;
    text = str_trim(str_slice(authorization, SCHEME.length, authorization.length));
    if (text.length > API_KEY_BYTES_MAX || !str_starts(text, PREFIX))
        return false;
    text = str_slice(text, PREFIX.length, text.length);
    id = str_split(&text, '_');
    if (text.data == NULL || text.length == 0 || !read_id(id, &key.id))
        return false;
    key.digest = sha256_of(text);
    *ret_key = key;
    return true;
}

bool api_key_proves(const ApiKey *key, const Sha256 *stored) {
    uint8_t difference = 0;

    for (int i = 0; i < SHA256_BYTES; i++)
        difference |= (uint8_t)(key->digest.bytes[i] ^ stored->bytes[i]);
    return difference == 0;
}
