#pragma once

/*
 * Bucket: tokens that come back with time; each request takes one. Pure arithmetic: the time comes
 * in.
 */

#include <stdbool.h>
#include <stdint.h>

typedef struct Bucket {
    double tokens;
    int64_t filled_ms; /* 0: never used, full */
} Bucket;

typedef struct BucketRate {
    double per_second; /* > 0 */
    double burst;      /* >= 1 */
} BucketRate;

/* Takes one; false: there is none, nothing changes. */
bool bucket_take(Bucket *bucket, const BucketRate *rate, int64_t now_ms);

/* Whole tokens left, and ms until there is one more. */
int64_t bucket_left(const Bucket *bucket);
int64_t bucket_wait_ms(const Bucket *bucket, const BucketRate *rate);
