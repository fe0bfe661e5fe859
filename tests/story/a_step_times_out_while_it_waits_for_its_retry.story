A wait for a retry does not outlive the step's timeout (Kestra: a kill during a retry failed, #5983).

plan   a: timeout 5000, attempts 9, backoff 60000, cap 60000

> start
< task a#0
> failed a#0 NETWORK retryable @1000
< row a#0 FAILED RETRIED
< wait a#1 RETRY until 61000
> timer a#1 @5000
< wake a#1
< row a#1 TIMED_OUT -> closed error TIMEOUT
< finish FAILED error TIMEOUT
