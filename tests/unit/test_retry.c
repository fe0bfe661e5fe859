#include <criterion/criterion.h>

#include "common/model/limits.h"
#include "common/model/retry.h"

static Rand dice_of(uint64_t seed) {
    Rand dice;

    rand_seed(&dice, seed);
    return dice;
}

static RetryPolicy policy_of(Jitter jitter) {
    RetryPolicy policy = retry_policy_default();

    policy.jitter = jitter;
    return policy;
}

Test(retry, the_default_is_four_attempts_from_one_second_doubling_to_a_minute) {
    RetryPolicy policy = retry_policy_default();

    cr_expect_eq(policy.attempts_max, 4);
    cr_expect_eq(policy.initial_ms, 1000);
    cr_expect_eq(policy.factor, 2.0);
    cr_expect_eq(policy.cap_ms, 60000);
    cr_expect_eq(policy.elapsed_ms_max, 0);
    cr_expect_eq(policy.jitter, JITTER_FULL);
}

Test(retry, without_jitter_the_delay_doubles_up_to_the_cap) {
    static const int64_t delays[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};
    RetryPolicy policy = policy_of(JITTER_NONE);
    Rand dice = dice_of(1);

    for (uint32_t i = 0; i < 8; i++)
        cr_expect_eq(retry_delay_ms(&policy, i + 1, 0, &dice), delays[i]);
}

Test(retry, a_factor_of_one_keeps_the_delay) {
    RetryPolicy policy = policy_of(JITTER_NONE);
    Rand dice = dice_of(1);

    policy.factor = 1;
    for (uint32_t i = 1; i <= ATTEMPTS_MAX; i++)
        cr_expect_eq(retry_delay_ms(&policy, i, 0, &dice), 1000);
}

Test(retry, the_largest_numbers_do_not_overflow) {
    RetryPolicy policy = policy_of(JITTER_NONE);
    Rand dice = dice_of(1);

    policy.initial_ms = BACKOFF_MS_MAX;
    policy.cap_ms = BACKOFF_MS_MAX;
    policy.factor = 100;
    cr_expect_eq(retry_delay_ms(&policy, UINT32_MAX, 0, &dice), BACKOFF_MS_MAX);
    policy.initial_ms = 1;
    cr_expect_eq(retry_delay_ms(&policy, UINT32_MAX, 0, &dice), BACKOFF_MS_MAX);
}

Test(retry, an_initial_delay_above_the_cap_is_the_cap) {
    RetryPolicy policy = policy_of(JITTER_NONE);
    Rand dice = dice_of(1);

    policy.initial_ms = 5000;
    policy.cap_ms = 3000;
    cr_expect_eq(retry_delay_ms(&policy, 1, 0, &dice), 3000);
}

Test(retry, no_delay_at_all_is_allowed) {
    RetryPolicy policy = policy_of(JITTER_FULL);
    Rand dice = dice_of(1);

    policy.initial_ms = 0;
    cr_expect_eq(retry_delay_ms(&policy, 7, 0, &dice), 0);
}

Test(retry, full_jitter_reaches_from_nothing_to_the_whole_delay) {
    RetryPolicy policy = policy_of(JITTER_FULL);
    Rand dice = dice_of(7);
    int64_t lowest = INT64_MAX, highest = 0;

    for (int i = 0; i < 10000; i++) {
        int64_t delay_ms = retry_delay_ms(&policy, 1, 0, &dice);

        lowest = MIN(lowest, delay_ms);
        highest = MAX(highest, delay_ms);
    }
    cr_expect_lt(lowest, 10);
    cr_expect_geq(lowest, 0);
    cr_expect_gt(highest, 990);
    cr_expect_leq(highest, 1000);
}

Test(retry, equal_jitter_keeps_half_of_the_delay) {
    RetryPolicy policy = policy_of(JITTER_EQUAL);
    Rand dice = dice_of(7);
    int64_t lowest = INT64_MAX, highest = 0;

    for (int i = 0; i < 10000; i++) {
        int64_t delay_ms = retry_delay_ms(&policy, 1, 0, &dice);

        lowest = MIN(lowest, delay_ms);
        highest = MAX(highest, delay_ms);
    }
    cr_expect_geq(lowest, 500);
    cr_expect_lt(lowest, 505);
    cr_expect_leq(highest, 1000);
    cr_expect_gt(highest, 995);
}

Test(retry, the_same_dice_give_the_same_delays) {
    RetryPolicy policy = policy_of(JITTER_FULL);
    Rand one = dice_of(3), two = dice_of(3);

    for (uint32_t i = 1; i < 20; i++)
        cr_expect_eq(retry_delay_ms(&policy, i, 0, &one), retry_delay_ms(&policy, i, 0, &two));
}

Test(retry, retry_after_lengthens_the_delay_and_is_cut_at_a_day) {
    RetryPolicy policy = policy_of(JITTER_NONE);
    Rand dice = dice_of(1);

    cr_expect_eq(retry_delay_ms(&policy, 1, 5000, &dice), 5000);
    cr_expect_eq(retry_delay_ms(&policy, 1, 10, &dice), 1000, "it never shortens");
    cr_expect_eq(retry_delay_ms(&policy, 1, INT64_MAX, &dice), BACKOFF_MS_MAX);
}

Test(retry, what_may_pass_by_itself_is_tried_again_by_default) {
    static const ErrorType passing[] = {ERROR_NETWORK,  ERROR_TIMEOUT,    ERROR_HTTP_5XX,
                                        ERROR_HTTP_429, ERROR_LEASE_LOST, ERROR_INTERNAL};
    RetryPolicy policy = retry_policy_default();
    uint32_t wanted = 0;

    for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++) {
        cr_expect(retry_wants(&policy, passing[i]), "%s", error_type_word(passing[i]));
        wanted |= 1u << passing[i];
    }
    for (int type = 0; type < _ERROR_TYPE_COUNT; type++) {
        if ((wanted & (1u << type)) == 0)
            cr_expect_not(retry_wants(&policy, (ErrorType)type), "%s",
                          error_type_word((ErrorType)type));
    }
}

Test(retry, a_list_of_its_own_replaces_the_default) {
    RetryPolicy policy = retry_policy_default();

    policy.retry_on = 1u << ERROR_VALIDATION | 1u << ERROR_USER;
    cr_expect(retry_wants(&policy, ERROR_VALIDATION));
    cr_expect(retry_wants(&policy, ERROR_USER));
    cr_expect_not(retry_wants(&policy, ERROR_NETWORK));
}

Test(retry, the_set_of_error_types_fits_the_bits_it_is_kept_in) {
    cr_expect_leq(_ERROR_TYPE_COUNT, 32);
}
