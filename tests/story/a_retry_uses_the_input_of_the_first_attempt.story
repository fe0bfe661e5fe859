The input is frozen when the step is opened: what other branches do meanwhile does not change it
(n8n evaluates again, #20450).

plan   a -> b
       a -> c
       b: attempts 2, backoff 10
       b: input {"c":"${ .steps.c.status }"}
       c: guard true

> start
< task a#0
> ok a#0
< row a#0 COMPLETED
< task b#0 input {"c":"PENDING"}
< task c#0
> failed b#0 NETWORK retryable
< row b#0 FAILED RETRIED
< wait b#1 RETRY until 10
> ok c#0
< row c#0 COMPLETED
> timer b#1 @10
< wake b#1
< task b#1 input {"c":"PENDING"}
> ok b#1
< row b#1 COMPLETED
< finish COMPLETED
