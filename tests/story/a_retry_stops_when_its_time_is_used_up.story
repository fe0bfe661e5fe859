maxElapsedMs: a retry that would begin too late is not made.

plan   a: attempts 10, backoff 1000, factor 1, elapsed 2500

> start
< task a#0
> failed a#0 NETWORK retryable @500
< row a#0 FAILED RETRIED
< wait a#1 RETRY until 1500
> timer a#1 @1500
< wake a#1
< task a#1
> failed a#1 NETWORK retryable @1600
< row a#1 FAILED -> closed error NETWORK
< finish FAILED error NETWORK
