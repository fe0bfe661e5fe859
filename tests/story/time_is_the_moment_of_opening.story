`now` is the moment at which the step was opened, the end of the attempt that opened it; a retry
sees the same moment. A worker's clock is bent into what can be: nothing ends before it was opened,
or later than now.

plan   a -> b -> c -> d
       b: attempts 2, backoff 500
       b: input {"at":"${ now }"}
       c: input {"at":"${ now }"}
       d: input {"at":"${ now }"}

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
< task c#0 input {"at":1700000004}
> ok c#0 ended 1000 @5000
< row c#0 COMPLETED
< task d#0 input {"at":1700000004}
