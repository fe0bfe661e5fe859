/* The API keys seen lately. */

#include <criterion/criterion.h>
#include <stdio.h>

#include "trigger-gateway/api/keys.h"

#define ID "0193f2c4-5a6b-7c8d-9e0f-a1b2c3d4e5f6"
#define NOW 1000000

static Keys keys;

static void start(void) {
    keys_init(&keys, 7, &(BucketRate){.per_second = 1, .burst = 2});
}

static void stop(void) {
    keys_done(&keys);
}

TestSuite(keys, .init = start, .fini = stop);

static ApiKey sent(const char *secret) {
    char text[200];
    ApiKey key;

    snprintf(text, sizeof text, "Bearer hr_" ID "_%s", secret);
    cr_assert(api_key_read(str_of(text), &key));
    return key;
}

static void learn(const char *secret, Role role) {
    KeyAnswer answer = {
        .is_known = secret != NULL,
        .digest = sha256_of(str_of(secret)),
        .principal = {.role = role},
    };
    ApiKey key = sent("any");

    keys_learn(&keys, &key.id, &answer, NOW);
}

static KeyVerdict check(const char *secret, int64_t now_ms, KeyCheck *ret_check) {
    ApiKey key = sent(secret);

    return keys_check(&keys, &key, now_ms, ret_check);
}

Test(keys, a_key_nobody_has_asked_for_must_be_looked_up) {
    KeyCheck result;

    cr_expect_eq(check("right", NOW, &result), KEY_UNKNOWN_YET);
    learn("right", ROLE_EDITOR);
    cr_assert_eq(check("right", NOW, &result), KEY_TAKEN);
    cr_expect_eq(result.principal->role, ROLE_EDITOR);
    cr_expect_eq(result.left, 1);
}

Test(keys, another_secret_is_refused_and_takes_nothing) {
    KeyCheck result;

    learn("right", ROLE_ADMIN);
    for (int i = 0; i < 10; i++)
        cr_expect_eq(check("wrong", NOW, &result), KEY_REFUSED);
    cr_expect_eq(check("right", NOW, &result), KEY_TAKEN);
}

Test(keys, what_is_known_is_looked_up_again_after_half_a_minute) {
    KeyCheck result;

    learn("right", ROLE_ADMIN);
    cr_expect_eq(check("right", NOW + KEYS_KNOWN_MS - 1, &result), KEY_TAKEN);
    cr_expect_eq(check("right", NOW + KEYS_KNOWN_MS, &result), KEY_UNKNOWN_YET);
}

Test(keys, a_key_that_does_not_exist_is_remembered_for_a_shorter_time) {
    KeyCheck result;

    learn(NULL, ROLE_VIEWER);
    cr_expect_eq(check("any", NOW, &result), KEY_REFUSED);
    cr_expect_eq(check("other", NOW, &result), KEY_REFUSED);
    cr_expect_eq(check("any", NOW + KEYS_MISSING_MS, &result), KEY_UNKNOWN_YET);
}

Test(keys, a_key_that_asks_too_often_is_limited_also_when_it_is_looked_up_again) {
    KeyCheck result;

    learn("right", ROLE_ADMIN);
    cr_expect_eq(check("right", NOW, &result), KEY_TAKEN);
    cr_expect_eq(check("right", NOW, &result), KEY_TAKEN);
    cr_assert_eq(check("right", NOW, &result), KEY_LIMITED);
    cr_expect(result.wait_ms > 0 && result.wait_ms <= 1001);
    learn("right", ROLE_ADMIN);
    cr_expect_eq(check("right", NOW, &result), KEY_LIMITED);
    cr_expect_eq(check("right", NOW + 1001, &result), KEY_TAKEN);
}

Test(keys, a_changed_role_counts_from_the_next_look_up) {
    KeyCheck result;

    learn("right", ROLE_ADMIN);
    learn("right", ROLE_VIEWER);
    cr_assert_eq(check("right", NOW, &result), KEY_TAKEN);
    cr_expect_eq(result.principal->role, ROLE_VIEWER);
}

Test(keys, made_up_ids_do_not_fill_the_memory) {
    for (uint32_t i = 0; i < KEYS_MAX + 100; i++) {
        Uuid id = {{0}};

        id.bytes[0] = (uint8_t)(i >> 16);
        id.bytes[1] = (uint8_t)(i >> 8);
        id.bytes[2] = (uint8_t)i;
        keys_learn(&keys, &id, &(KeyAnswer){0}, NOW);
        cr_assert(keys.entries.count <= KEYS_MAX);
    }
}
