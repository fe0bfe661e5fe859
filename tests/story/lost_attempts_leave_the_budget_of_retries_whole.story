A lost attempt is no retry: after it, all of the step's attempts are left.

plan   a: attempts 2, backoff 10

> start
< task a#0
> started a#0
> lost a#0
< row a#0 FAILED LOST
< task a#1
> failed a#1 NETWORK retryable
< row a#1 FAILED RETRIED
< wait a#2 RETRY until 10
> timer a#2 @10
< wake a#2
< task a#2
> failed a#2 NETWORK retryable
< row a#2 FAILED -> closed error NETWORK
< finish FAILED
