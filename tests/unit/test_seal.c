/* A sealed value opens in its own place, with its own key, unchanged; and nowhere else. */

#include <criterion/criterion.h>
#include <string.h>

#include "common/seal/seal.h"

#define OLD_KEY "old:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define NEW_KEY "new:f00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static SealKeys *keys;
static DataKey key = {
    .id = {{9}},
      .bytes = { 7, 7, 7}
};
static Buf wrapped, sealed, text, message;
static const uint8_t nonce[SEAL_NONCE_BYTES] = {1, 2, 3};
static const Uuid key_id = {{9}};
static SealPlace place;

static void open_keys(void) {
    cr_assert_eq(seal_keys_read(STR(OLD_KEY), &keys, &message), 0);
    place = (SealPlace){.table = "variable", .column = "value", .row = {{5}}};
    seal_wrap_key(keys, place.tenant, &key, nonce, &wrapped);
    seal_close(&key, &place, nonce, STR("top secret"), &sealed);
}

static void close_keys(void) {
    seal_keys_free(keys);
    buf_done(&wrapped);
    buf_done(&sealed);
    buf_done(&message);
    seal_forget(&text);
}

TestSuite(seal, .init = open_keys, .fini = close_keys);

Test(seal, a_value_opens_in_its_place) {
    cr_assert_eq(seal_open(&key, &place, buf_str(&sealed), &text), 0);
    cr_expect(str_is(buf_str(&text), "top secret"));
}

Test(seal, an_empty_value_opens_too) {
    Buf empty = {0};

    seal_close(&key, &place, nonce, STR_NONE, &empty);
    cr_assert_eq(seal_open(&key, &place, buf_str(&empty), &text), 0);
    cr_expect_eq(text.length, 0);
    buf_done(&empty);
}

Test(seal, the_sealed_bytes_do_not_show_the_text) {
    cr_expect_eq(str_find(buf_str(&sealed), STR("secret")), -1);
}

Test(seal, in_another_row_column_table_or_tenant_it_does_not_open) {
    SealPlace other[] = {place, place, place, place};

    other[0].row.bytes[0]++;
    other[1].column = "token";
    other[2].table = "connection";
    other[3].tenant.uuid.bytes[0]++;
    for (size_t i = 0; i < ARRAY_SIZE(other); i++) {
        cr_expect_eq(seal_open(&key, &other[i], buf_str(&sealed), &text), SEAL_E_TAMPERED);
        cr_expect_eq(text.length, 0);
    }
}

Test(seal, no_byte_of_it_can_be_changed) {
    for (size_t i = 0; i < sealed.length; i++) {
        sealed.data[i] ^= 1;
        cr_expect_neq(seal_open(&key, &place, buf_str(&sealed), &text), 0);
        sealed.data[i] ^= 1;
    }
}

Test(seal, a_shortened_value_is_refused) {
    for (size_t length = 0; length < sealed.length; length++)
        cr_expect_neq(seal_open(&key, &place, str_slice(buf_str(&sealed), 0, length), &text), 0);
}

Test(seal, it_names_the_key_that_opens_it) {
    Uuid id;

    cr_assert_eq(seal_key_of(buf_str(&sealed), &id), 0);
    cr_expect(uuid_equal(id, key_id));
    key.id.bytes[0]++;
    cr_expect_eq(seal_open(&key, &place, buf_str(&sealed), &text), SEAL_E_NO_KEY);
}

Test(seal, a_data_key_unwraps_for_its_tenant_only) {
    DataKey again;

    cr_assert_eq(seal_unwrap_key(keys, place.tenant, key_id, buf_str(&wrapped), &again), 0);
    cr_expect_arr_eq(again.bytes, key.bytes, SEAL_KEY_BYTES);
    cr_expect_eq(seal_unwrap_key(keys, (TenantId){{{1}}}, key_id, buf_str(&wrapped), &again),
                 SEAL_E_TAMPERED);
    cr_expect_eq(seal_unwrap_key(keys, place.tenant, (Uuid){{1}}, buf_str(&wrapped), &again),
                 SEAL_E_TAMPERED);
}

Test(seal, after_a_rotation_old_keys_still_unwrap_and_the_new_one_wraps) {
    SealKeys *both;
    DataKey again;

    cr_assert_eq(seal_keys_read(STR("# rotated\n" NEW_KEY "\n" OLD_KEY "\n"), &both, &message), 0);
    cr_expect_str_eq(seal_keys_first(both), "new");
    cr_expect_eq(seal_unwrap_key(both, place.tenant, key_id, buf_str(&wrapped), &again), 0);
    seal_keys_free(both);
}

Test(seal, a_key_that_is_not_here_is_named_so) {
    SealKeys *others;
    DataKey again;

    cr_assert_eq(seal_keys_read(STR(NEW_KEY), &others, &message), 0);
    cr_expect_eq(seal_unwrap_key(others, place.tenant, key_id, buf_str(&wrapped), &again),
                 SEAL_E_NO_KEY);
    seal_keys_free(others);
}

Test(seal, a_broken_key_file_is_refused_with_its_line) {
    static const struct {
        const char *file, *message;
    } broken[] = {
        {"",                   "the key file holds no key"              },
        {"# nothing\n\n",      "the key file holds no key"              },
        {"\nk1:12",            "key file, line 2: behind the id"        },
        {"k1",                 "key file, line 1: behind the id"        },
        {":00",                "key file, line 1: an id must have"      },
        {"a b:00",             "key file, line 1: an id is made of"     },
        {OLD_KEY "\n" OLD_KEY, "key file, line 2: the id is there twice"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
        SealKeys *none = NULL;

        buf_clear(&message);
        cr_expect_eq(seal_keys_read(str_of(broken[i].file), &none, &message), SEAL_E_KEY_FILE);
        cr_expect(str_starts(buf_str(&message), str_of(broken[i].message)), "%s", message.data);
        cr_expect_null(none);
    }
}
