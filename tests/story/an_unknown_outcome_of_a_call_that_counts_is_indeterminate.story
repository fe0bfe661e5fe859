The same when the worker itself does not know; what was surely not sent is tried again.

plan   a: once, attempts 3, backoff 10

> start
< task a#0
> failed a#0 NETWORK retryable not-sent
< row a#0 FAILED RETRIED
< wait a#1 RETRY until 10
> timer a#1 @10
< wake a#1
< task a#1
> failed a#1 NETWORK retryable unknown
< row a#1 INDETERMINATE -> closed error NETWORK
< finish FAILED error NETWORK
