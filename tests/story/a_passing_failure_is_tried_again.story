A step that fails twice for a passing reason is tried three times; then the run goes on. The result
of the successful attempt is the step's result (n8n returned the first failure, PR #16516).

plan   a -> b
       a: attempts 3, backoff 100

> start
< task a#0

> failed a#0 NETWORK retryable        @1000
< row a#0 FAILED RETRIED error NETWORK
< wait a#1 RETRY until 1100
< timer a#1 at 1100
= a WAITING RETRY
> timer a#1                           @1100
< wake a#1
< task a#1

> ok a#0
! late
< late a#0 ATTEMPT COMPLETED

> failed a#1 NETWORK retryable        @1200
< row a#1 FAILED RETRIED error NETWORK
< wait a#2 RETRY until 1400
> timer a#2                           @1400
< wake a#2
< task a#2

> ok a#2 {"x":1}
< row a#2 COMPLETED output {"x":1}
< task b#0
> ok b#0 {"y":2}
< row b#0 COMPLETED output {"y":2}
< finish COMPLETED output {"b":{"y":2}}
