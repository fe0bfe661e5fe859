The input is frozen when the step is opened: what other branches do meanwhile does not change it
(n8n evaluates again, #20450).

plan   a -> j
       c -> j
       j: join "ANY"
       j: attempts 2, backoff 10
       j: input {"joined":"${ .join.joined }","c":"${ .steps.c.status }"}

> start
< task a#0
< task c#0
> ok a#0
< row a#0 COMPLETED
< task j#0 input {"joined":["a"],"c":"PENDING"}
> failed j#0 NETWORK retryable
< row j#0 FAILED RETRIED
< wait j#1 RETRY until 10
> ok c#0
< row c#0 COMPLETED
> timer j#1 @10
< wake j#1
< task j#1 input {"joined":["a"],"c":"PENDING"}
> ok j#1
< row j#1 COMPLETED
< finish COMPLETED
