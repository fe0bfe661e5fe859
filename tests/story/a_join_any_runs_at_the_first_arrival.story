ANY runs at the first arrival. Who comes later is absorbed; the step runs once. What it sees is what
had been recorded when it was opened.

plan   a -> j
       b -> j
       j: join "ANY"
       j: attempts 2, backoff 10
       j: input {"joined":"${ .join.joined }","b":"${ .steps.b.status }"}

> start
< task a#0
< task b#0
> ok a#0
< row a#0 COMPLETED
< task j#0 input {"joined":["a"],"b":"PENDING"}
> ok b#0
< row b#0 COMPLETED
> failed j#0 NETWORK retryable        @5
< row j#0 FAILED RETRIED
< wait j#1 RETRY until 15
> timer j#1                           @15
< wake j#1
< task j#1 input {"joined":["a"],"b":"PENDING"}
> ok j#1
< row j#1 COMPLETED
< finish COMPLETED
