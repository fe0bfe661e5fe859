/* Tokens that come back with time. */

#include <criterion/criterion.h>

#include "trigger-gateway/api/bucket.h"

static const BucketRate rate = {.per_second = 10, .burst = 3};

Test(bucket, a_new_bucket_gives_its_burst_and_then_refuses) {
    Bucket bucket = {0};

    for (int i = 0; i < 3; i++)
        cr_expect(bucket_take(&bucket, &rate, 1000));
    cr_expect_not(bucket_take(&bucket, &rate, 1000));
    cr_expect_eq(bucket_left(&bucket), 0);
    cr_expect(bucket_wait_ms(&bucket, &rate) >= 100);
    cr_expect(bucket_wait_ms(&bucket, &rate) <= 101);
}

Test(bucket, tokens_come_back_at_the_rate_up_to_the_burst) {
    Bucket bucket = {0};

    for (int i = 0; i < 3; i++)
        bucket_take(&bucket, &rate, 1000);
    cr_expect_not(bucket_take(&bucket, &rate, 1099));
    cr_expect(bucket_take(&bucket, &rate, 1101));
    cr_expect_not(bucket_take(&bucket, &rate, 1102));
    cr_expect(bucket_take(&bucket, &rate, 1000000));
    cr_expect_eq(bucket_left(&bucket), 2);
}

Test(bucket, a_clock_that_goes_back_gives_nothing) {
    Bucket bucket = {0};

    for (int i = 0; i < 3; i++)
        bucket_take(&bucket, &rate, 5000);
    cr_expect_not(bucket_take(&bucket, &rate, 1000));
    cr_expect_not(bucket_take(&bucket, &rate, 5050));
    cr_expect(bucket_take(&bucket, &rate, 5101));
}

Test(bucket, over_a_long_time_no_more_is_given_than_the_rate_allows) {
    Bucket bucket = {0};
    int taken = 0;

    for (int64_t ms = 1; ms <= 60000; ms += 7)
        taken += bucket_take(&bucket, &rate, ms);
    cr_expect(taken <= 603, "%d", taken);
    cr_expect(taken >= 598, "%d", taken);
}
