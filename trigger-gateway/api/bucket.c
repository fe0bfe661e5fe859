/* Tokens that come back with time. */

#include "trigger-gateway/api/bucket.h"

#include "common/base/defs.h"

bool bucket_take(Bucket *bucket, const BucketRate *rate, int64_t now_ms) {
    if (bucket->filled_ms == 0) {
        bucket->tokens = rate->burst;
    } else if (now_ms > bucket->filled_ms) {
        double gained = (double)(now_ms - bucket->filled_ms) * rate->per_second / 1000.0;

        bucket->tokens = MIN(rate->burst, bucket->tokens + gained);
    }
    /* A clock that went back gives nothing and takes nothing. */
    bucket->filled_ms = MAX(bucket->filled_ms, now_ms);
    if (bucket->tokens < 1.0)
        return false;
    bucket->tokens -= 1.0;
    return true;
}

int64_t bucket_left(const Bucket *bucket) {
    return (int64_t)bucket->tokens;
}

int64_t bucket_wait_ms(const Bucket *bucket, const BucketRate *rate) {
    double missing = (double)(bucket_left(bucket) + 1) - bucket->tokens;

    return (int64_t)(missing * 1000.0 / rate->per_second) + 1;
}
