In an ending nothing is opened any more, error edges neither, and nothing is tried again.

plan   a !> h
       b -> z
       a: attempts 5, backoff 10

> start
< task a#0
< task b#0
> failed b#0 AUTH
< row b#0 FAILED -> closed
< revoke a#0
> failed a#0 NETWORK retryable
< row a#0 FAILED -> closed error NETWORK
< finish FAILED error AUTH
