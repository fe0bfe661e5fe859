/* Keyed hashes, beside the vectors of RFC 4231 and RFC 2202, and their text forms. */

#include <criterion/criterion.h>
#include <string.h>

#include "common/seal/mac.h"

static void expect_mac(MacAlgorithm algorithm, Str key, Str text, const char *hex) {
    Str pieces[] = {str_slice(text, 0, 3), str_slice(text, 3, SIZE_MAX)};
    Mac whole = mac_make(algorithm, key, &text, 1);
    Mac in_pieces = mac_make(algorithm, key, pieces, 2);
    Mac wanted;

    cr_assert(mac_from_hex(str_of(hex), &wanted));
    cr_expect(mac_equals(&whole, &wanted), "%s", hex);
    cr_expect(mac_equals(&in_pieces, &wanted), "%s in pieces", hex);
}

Test(mac, the_vectors_of_the_standards_hold) {
    Str data = STR("what do ya want for nothing?");
    static char many[131];

    memset(many, 0xaa, sizeof many);
    expect_mac(MAC_SHA256, STR("Jefe"), data,
               "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    expect_mac(MAC_SHA512, STR("Jefe"), data,
               "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
               "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737");
    expect_mac(MAC_SHA1, STR("Jefe"), data, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    expect_mac(MAC_SHA256, str_from(many, sizeof many),
               STR("Test Using Larger Than Block-Size Key - Hash Key First"),
               "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

Test(mac, no_key_and_no_text_are_keys_and_texts_too) {
    expect_mac(MAC_SHA256, STR_NONE, STR(""),
               "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

Test(mac, one_bit_or_one_byte_makes_another) {
    Str text = STR("text"), other = STR("tezt");
    Mac mac = mac_make(MAC_SHA256, STR("key"), &text, 1);
    Mac same = mac, shorter = mac;

    cr_expect(mac_equals(&mac, &same));
    same.bytes[31] ^= 1;
    cr_expect_not(mac_equals(&mac, &same));
    shorter.length = 31;
    cr_expect_not(mac_equals(&mac, &shorter));
    same = mac_make(MAC_SHA256, STR("key"), &other, 1);
    cr_expect_not(mac_equals(&mac, &same));
    same = mac_make(MAC_SHA256, STR("kez"), &text, 1);
    cr_expect_not(mac_equals(&mac, &same));
}

Test(mac, hex_is_read_in_any_case_and_nothing_else_is) {
    static const char *const bad[] = {"", "a", "abc", "zz", "a ", "0x", "ab cd"};
    Mac mac, other;

    cr_assert(mac_from_hex(STR("00ffAb"), &mac));
    cr_expect_eq(mac.length, 3);
    cr_expect_arr_eq(mac.bytes, "\x00\xff\xab", 3);
    cr_assert(mac_from_hex(STR("00FFaB"), &other));
    cr_expect(mac_equals(&mac, &other));
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        cr_expect_not(mac_from_hex(str_of(bad[i]), &mac), "%s", bad[i]);
}

Test(mac, base64_is_read_as_rfc_4648_writes_it) {
    static const struct {
        const char *text, *bytes;
    } cases[] = {
        {"",         ""     },
        {"Zg==",     "f"    },
        {"Zm8=",     "fo"   },
        {"Zm9v",     "foo"  },
        {"Zm9vYg==", "foob" },
        {"Zm9vYmE=", "fooba"},
        {"Zm9vYmE",  "fooba"}
    };
    static const char *const bad[] = {"Z", "Zm9vY", "Zm9v-g==", "Z m8=", "Zg==Zg==", "Zm_v"};
    uint8_t bytes[8];
    uint32_t length;

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        cr_assert(base64_read(str_of(cases[i].text), bytes, sizeof bytes, &length));
        cr_expect(str_is(str_from((char *)bytes, length), cases[i].bytes), "%s", cases[i].text);
    }
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        cr_expect_not(base64_read(str_of(bad[i]), bytes, sizeof bytes, &length), "%s", bad[i]);
    cr_expect_not(base64_read(STR("Zm9vYmFyYmF6"), bytes, sizeof bytes, &length), "no room");
}
