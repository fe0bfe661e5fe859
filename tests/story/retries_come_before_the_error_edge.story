An error edge is asked only when no attempt is left.

plan   a !> h
       a: attempts 2, backoff 50

> start
< task a#0
> failed a#0 HTTP_5XX status 503 retryable
< row a#0 FAILED RETRIED
< wait a#1 RETRY until 50
> timer a#1 @50
< wake a#1
< task a#1
> failed a#1 HTTP_5XX status 503 retryable
< row a#1 FAILED_HANDLED -> error0 error HTTP_5XX
< task h#0
> ok h#0
< row h#0 COMPLETED
< finish COMPLETED
