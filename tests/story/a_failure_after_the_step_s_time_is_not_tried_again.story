A failure that comes in after the step's timeout, before its timer rang, is the last one.

plan   a: attempts 5, backoff 10, timeout 5000

> start
< task a#0
> failed a#0 NETWORK retryable @5000
< row a#0 FAILED -> closed error NETWORK
< finish FAILED error NETWORK
