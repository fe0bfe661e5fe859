A cancel ends a wait for a retry in the same turn (Kestra #5983).

plan   a: attempts 3, backoff 60000

> start
< task a#0
> failed a#0 NETWORK retryable @10
< row a#0 FAILED RETRIED
< wait a#1 RETRY until 60010
> cancel @20
< status CANCELLING
< wake a#1
< row a#1 CANCELLED -> closed
< finish CANCELLED error CANCELLED
> timer a#1 @60010
! finished
