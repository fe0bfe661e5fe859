After a takeover the input is evaluated again, and is the same bytes: a step sees what was recorded
when it was opened, whatever was recorded since.

plan   a -> j
       c -> j
       j: join "ANY"
       j: input {"joined":"${ .join.joined }","c":"${ .steps.c.status }","at":"${ now }"}

> start
< task a#0
< task c#0
> ok a#0 @1000
< row a#0 COMPLETED
< task j#0 input {"joined":["a"],"c":"PENDING","at":1700000001}
> ok c#0 @2000
< row c#0 COMPLETED
> takeover
> resend j#0 @9000
< task j#0 input {"joined":["a"],"c":"PENDING","at":1700000001}
> ok j#0
< row j#0 COMPLETED
< finish COMPLETED
