`now` is the moment at which the step was opened, the end of the attempt that opened it; a retry
sees the same moment. Workers' clocks are bent into what can be.

plan   a -> b
       b: attempts 2, backoff 500
       b: input {"at":"${ now }"}

> start
< task a#0
> ok a#0 ended 2000 @2500
< row a#0 COMPLETED
< task b#0 input {"at":1700000002}
> failed b#0 NETWORK retryable @2600
< row b#0 FAILED RETRIED
< wait b#1 RETRY until 3100
> timer b#1 @3100
< wake b#1
< task b#1 input {"at":1700000002}
> ok b#1 ended 999999 @4000
< row b#1 COMPLETED
< finish COMPLETED
