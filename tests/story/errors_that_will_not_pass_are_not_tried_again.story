What the worker calls not retryable, and types that nobody wants retried, end the step at once.

plan   a -> b
       b: retry {"retryOn":["AUTH"]}

> start
< task a#0
> ok a#0
< row a#0 COMPLETED
< task b#0
> failed b#0 NETWORK retryable
< row b#0 FAILED -> closed error NETWORK
< finish FAILED error NETWORK
