/* AES-256-GCM is OpenSSL's; what is bound to what is ours. */

#include "common/seal/seal.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/check.h"

#define VERSION 1
#define TAG_BYTES 16
#define KEYS_MAX 16
#define SEALED_HEAD_BYTES (1 + UUID_BYTES + SEAL_NONCE_BYTES)

typedef struct SealKey {
    char id[SEAL_KEY_ID_BYTES_MAX + 1];
    uint8_t bytes[SEAL_KEY_BYTES];
} SealKey;

struct SealKeys {
    SealKey keys[KEYS_MAX];
    uint32_t count;
};

/* The key file ------------------------------------------------------------------------------ */

static int digit_of(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool read_hex(Str text, uint8_t *bytes, size_t count) {
    if (text.length != count * 2)
        return false;
    for (size_t i = 0; i < count; i++) {
        int high = digit_of(text.data[2 * i]), low = digit_of(text.data[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static bool is_id_char(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '-';
}

static const SealKey *find_key(const SealKeys *keys, Str id) {
    for (uint32_t i = 0; i < keys->count; i++)
        if (str_is(id, keys->keys[i].id))
            return &keys->keys[i];
    return NULL;
}

/* NULL, or what is wrong with the line. */
static const char *read_line(SealKeys *keys, Str line) {
    Str rest = line, id = str_trim(str_split(&rest, ':'));
    SealKey *key = &keys->keys[keys->count];

    if (keys->count == KEYS_MAX)
        return "more than 16 keys";
    if (id.length == 0 || id.length > SEAL_KEY_ID_BYTES_MAX)
        return "an id must have 1 to 32 characters";
    for (size_t i = 0; i < id.length; i++)
        if (!is_id_char(id.data[i]))
            return "an id is made of letters, digits, '_' and '-'";
    if (find_key(keys, id) != NULL)
        return "the id is there twice";
    if (rest.data == NULL || !read_hex(str_trim(rest), key->bytes, SEAL_KEY_BYTES))
        return "behind the id and ':' 64 hex digits are expected";
    memcpy(key->id, id.data, id.length);
    keys->count++;
    return NULL;
}

int seal_keys_read(Str text, SealKeys **ret_keys, Buf *ret_message) {
    _cleanup_(seal_keys_free_p) SealKeys *keys = alloc_zero(sizeof *keys);
    uint32_t number = 0;

    while (text.data != NULL) {
        Str line = str_trim(str_split(&text, '\n'));
        const char *wrong;

        number++;
        if (line.length == 0 || line.data[0] == '#')
            continue;
        wrong = read_line(keys, line);
        if (wrong != NULL) {
            buf_printf(ret_message, "key file, line %u: %s", number, wrong);
            return SEAL_E_KEY_FILE;
        }
    }
    if (keys->count == 0) {
        buf_add_text(ret_message, "the key file holds no key");
        return SEAL_E_KEY_FILE;
    }
    *ret_keys = keys;
    keys = NULL;
    return 0;
}

SealKeys *seal_keys_free(SealKeys *keys) {
    if (keys == NULL)
        return NULL;
    OPENSSL_cleanse(keys, sizeof *keys);
    return alloc_free(keys);
}

const char *seal_keys_first(const SealKeys *keys) {
    return keys->keys[0].id;
}

/* The cipher -------------------------------------------------------------------------------- */

typedef struct Cipher {
    const uint8_t *key;
    const uint8_t *nonce;
    Str bound; /* authenticated, not encrypted */
} Cipher;

static EVP_CIPHER_CTX *cipher_start(const Cipher *cipher, int is_closing) {
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int length;

    CHECK(context != NULL);
    CHECK(EVP_CipherInit_ex(context, EVP_aes_256_gcm(), NULL, cipher->key, cipher->nonce,
                            is_closing) == 1);
    CHECK(EVP_CipherUpdate(context, NULL, &length, (const uint8_t *)cipher->bound.data,
                           (int)cipher->bound.length) == 1);
    return context;
}

static void encrypt(const Cipher *cipher, Str text, Buf *buf) {
    EVP_CIPHER_CTX *context = cipher_start(cipher, 1);
    uint8_t *to = (uint8_t *)buf_reserve(buf, text.length + TAG_BYTES);
    int length = 0, rest = 0;

    CHECK(EVP_CipherUpdate(context, to, &length, (const uint8_t *)(text.data ? text.data : ""),
                           (int)text.length) == 1);
    CHECK(EVP_CipherFinal_ex(context, to + length, &rest) == 1);
    CHECK((size_t)(length + rest) == text.length);
    CHECK(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, TAG_BYTES, to + text.length) == 1);
    EVP_CIPHER_CTX_free(context);
    buf->length += text.length + TAG_BYTES;
    buf->data[buf->length] = '\0';
}

static int decrypt(const Cipher *cipher, Str sealed, Buf *buf) {
    size_t text_length = sealed.length - TAG_BYTES;
    EVP_CIPHER_CTX *context;
    uint8_t tag[TAG_BYTES], *to;
    int length = 0, rest = 0, is_whole;

    CHECK(sealed.length >= TAG_BYTES);
    context = cipher_start(cipher, 0);
    to = (uint8_t *)buf_reserve(buf, text_length + TAG_BYTES);
    memcpy(tag, sealed.data + text_length, TAG_BYTES);
    CHECK(EVP_CipherUpdate(context, to, &length, (const uint8_t *)sealed.data, (int)text_length) ==
          1);
    CHECK(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, TAG_BYTES, tag) == 1);
    is_whole = EVP_CipherFinal_ex(context, to + length, &rest);
    EVP_CIPHER_CTX_free(context);
    if (is_whole != 1) {
        OPENSSL_cleanse(to, text_length);
        to[0] = '\0';
        return SEAL_E_TAMPERED;
    }
    buf->length += text_length;
    buf->data[buf->length] = '\0';
    return 0;
}

static void bind(Buf *bound, Str piece) {
    uint32_t length = (uint32_t)piece.length;
    const char prefix[] = {(char)(length >> 24), (char)(length >> 16), (char)(length >> 8),
                           (char)length};

    buf_add(bound, prefix, sizeof prefix);
    buf_add_str(bound, piece);
}

/* Data keys --------------------------------------------------------------------------------- */

static void bind_key(Buf *bound, TenantId tenant, Uuid id, const char *key_id) {
    bind(bound, STR("headrace data key"));
    bind(bound, uuid_bytes(&tenant.uuid));
    bind(bound, uuid_bytes(&id));
    bind(bound, str_of(key_id));
}

void seal_wrap_key(const SealKeys *keys, TenantId tenant, const DataKey *key,
                   const uint8_t nonce[SEAL_NONCE_BYTES], Buf *ret_wrapped) {
    _cleanup_(buf_done) Buf bound = {0};
    const SealKey *first = &keys->keys[0];
    Cipher cipher = {.key = first->bytes, .nonce = nonce};

    bind_key(&bound, tenant, key->id, first->id);
    cipher.bound = buf_str(&bound);
    buf_add_char(ret_wrapped, VERSION);
    buf_add_char(ret_wrapped, (char)strlen(first->id));
    buf_add_text(ret_wrapped, first->id);
    buf_add(ret_wrapped, nonce, SEAL_NONCE_BYTES);
    encrypt(&cipher, str_from((const char *)key->bytes, SEAL_KEY_BYTES), ret_wrapped);
}

int seal_unwrap_key(const SealKeys *keys, TenantId tenant, Uuid id, Str wrapped, DataKey *ret_key) {
    _cleanup_(seal_forget) Buf plain = {0};
    _cleanup_(buf_done) Buf bound = {0};
    size_t id_length = wrapped.length > 1 ? (unsigned char)wrapped.data[1] : 0;
    Str key_id = str_slice(wrapped, 2, id_length);
    Str body = str_slice(wrapped, 2 + id_length + SEAL_NONCE_BYTES, wrapped.length);
    const SealKey *key;
    Cipher cipher;
    int r;

    if (wrapped.length == 0 || wrapped.data[0] != VERSION || key_id.length != id_length ||
        body.length != SEAL_KEY_BYTES + TAG_BYTES)
        return SEAL_E_FORMAT;
    key = find_key(keys, key_id);
    if (key == NULL)
        return SEAL_E_NO_KEY;
    bind_key(&bound, tenant, id, key->id);
    cipher = (Cipher){
        .key = key->bytes,
        .nonce = (const uint8_t *)wrapped.data + 2 + id_length,
        .bound = buf_str(&bound),
    };
    r = decrypt(&cipher, body, &plain);
    if (r)
        return r;
    ret_key->id = id;
    memcpy(ret_key->bytes, plain.data, SEAL_KEY_BYTES);
    return 0;
}

void seal_forget_key(DataKey *key) {
    OPENSSL_cleanse(key, sizeof *key);
}

/* Values ------------------------------------------------------------------------------------ */

static void bind_place(Buf *bound, const SealPlace *place, Uuid key_id) {
    bind(bound, STR("headrace value"));
    bind(bound, uuid_bytes(&place->tenant.uuid));
    bind(bound, str_of(place->table));
    bind(bound, uuid_bytes(&place->row));
    bind(bound, str_of(place->column));
    bind(bound, uuid_bytes(&key_id));
}

void seal_close(const DataKey *key, const SealPlace *place, const uint8_t nonce[SEAL_NONCE_BYTES],
                Str text, Buf *ret_sealed) {
    _cleanup_(buf_done) Buf bound = {0};
    Cipher cipher = {.key = key->bytes, .nonce = nonce};

    bind_place(&bound, place, key->id);
    cipher.bound = buf_str(&bound);
    buf_add_char(ret_sealed, VERSION);
    buf_add(ret_sealed, key->id.bytes, UUID_BYTES);
    buf_add(ret_sealed, nonce, SEAL_NONCE_BYTES);
    encrypt(&cipher, text, ret_sealed);
}

int seal_key_of(Str sealed, Uuid *ret_id) {
    if (sealed.length < SEALED_HEAD_BYTES + TAG_BYTES || sealed.data[0] != VERSION)
        return SEAL_E_FORMAT;
    memcpy(ret_id->bytes, sealed.data + 1, UUID_BYTES);
    return 0;
}

int seal_open(const DataKey *key, const SealPlace *place, Str sealed, Buf *ret_text) {
    _cleanup_(buf_done) Buf bound = {0};
    Cipher cipher = {.key = key->bytes};
    Uuid id;
    int r = seal_key_of(sealed, &id);

    if (r)
        return r;
    if (!uuid_equal(id, key->id))
        return SEAL_E_NO_KEY;
    bind_place(&bound, place, id);
    cipher.bound = buf_str(&bound);
    cipher.nonce = (const uint8_t *)sealed.data + 1 + UUID_BYTES;
    return decrypt(&cipher, str_slice(sealed, SEALED_HEAD_BYTES, sealed.length), ret_text);
}

void seal_forget(Buf *buf) {
    if (buf->data != NULL)
        OPENSSL_cleanse(buf->data, buf->capacity);
    buf_done(buf);
}
