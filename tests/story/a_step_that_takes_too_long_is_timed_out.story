timeoutMs counts from the opening, over all attempts and waits. It routes like any error and is not
tried again; a late success is inert.

plan   a !TIMEOUT> h
       a: timeout 5000, attempts 9, backoff 3000

> start
< task a#0
< timer a#0 at 5000
> failed a#0 NETWORK retryable @1000
< row a#0 FAILED RETRIED
< wait a#1 RETRY until 4000
> timer a#0 @3999
> timer a#1 @4000
< wake a#1
< task a#1
< timer a#1 at 5000
> timer a#1 @5000
< revoke a#1
< row a#1 FAILED_HANDLED -> error0 error TIMEOUT
< task h#0
> ok a#1
! late
< late a#1
> ok h#0
< row h#0 COMPLETED
< finish COMPLETED
