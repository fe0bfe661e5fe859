/* API keys as they are sent. */

#include <criterion/criterion.h>

#include "trigger-gateway/api/principal.h"

#define ID "0193f2c4-5a6b-7c8d-9e0f-a1b2c3d4e5f6"

Test(principal, a_key_is_its_id_and_the_digest_of_its_secret) {
    Sha256 stored = sha256_of(STR("s3cret_with_underscores-and.more"));
    ApiKey key;

    cr_assert(api_key_read(STR("Bearer hr_" ID "_s3cret_with_underscores-and.more"), &key));
    cr_expect_str_eq(uuid_text(key.id).text, ID);
    cr_expect(api_key_proves(&key, &stored));
}

Test(principal, the_id_may_come_without_dashes_and_the_scheme_in_any_case) {
    ApiKey key;

    cr_assert(api_key_read(STR("bearer  hr_0193f2c45a6b7c8d9e0fa1b2c3d4e5f6_x "), &key));
    cr_expect_str_eq(uuid_text(key.id).text, ID);
}

Test(principal, another_secret_proves_nothing) {
    Sha256 stored = sha256_of(STR("right"));
    ApiKey key;

    cr_assert(api_key_read(STR("Bearer hr_" ID "_wrong"), &key));
    cr_expect_not(api_key_proves(&key, &stored));
    stored = sha256_of(STR("wrong"));
    stored.bytes[31] ^= 1;
    cr_expect_not(api_key_proves(&key, &stored));
}

Test(principal, what_is_no_key_is_refused) {
    static const char *const others[] = {
        "",
        "Bearer",
        "Bearer ",
        "Basic aHI6eA==",
        "Bearer hr_",
        "Bearer hr_" ID,
        "Bearer hr_" ID "_",
        "Bearer hr_not-an-id_secret",
        "Bearer hr_0193f2c45a6b7c8d9e0fa1b2c3d4e5fz_secret",
        "Bearer xx_" ID "_secret",
        "hr_" ID "_secret",
    };
    char long_key[400] = "Bearer hr_" ID "_";
    ApiKey key;

    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        cr_expect_not(api_key_read(str_of(others[i]), &key), "%s", others[i]);
    for (size_t i = 47; i < sizeof long_key - 1; i++)
        long_key[i] = 'a';
    cr_expect_not(api_key_read(str_of(long_key), &key));
}
