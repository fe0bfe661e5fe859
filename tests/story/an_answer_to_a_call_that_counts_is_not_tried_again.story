Idempotency NONE and an answer that says "try again": the call was made, so it is not made again.

plan   a: once, attempts 3, backoff 10

> start
< task a#0
> failed a#0 HTTP_5XX status 503 retryable
< row a#0 FAILED -> closed error HTTP_5XX
< finish FAILED error HTTP_5XX
