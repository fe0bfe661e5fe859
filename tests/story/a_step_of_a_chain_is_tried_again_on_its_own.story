A failure ends the chain: the next attempt is a visit of its own, with any run, and a takeover in
between knows it.

plan   a -> b
       b: attempts 2, backoff 10

> start
< task a#0
> ok a#0 run 7 continues
< row a#0 COMPLETED
> failed b#0 NETWORK retryable run 7 index 1
< row b#0 FAILED RETRIED
< wait b#1 RETRY until 10
> timer b#1 @10
< wake b#1
< task b#1
> takeover
> ok b#1 run 9
< row b#1 COMPLETED
< finish COMPLETED
