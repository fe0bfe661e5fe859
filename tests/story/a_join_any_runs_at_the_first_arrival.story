ANY runs at the first arrival. Who comes later is absorbed; the step runs once.

plan   a -> j
       b -> j
       j: join "ANY"
       j: input {"joined":"${ .join.joined }"}

> start
< task a#0
< task b#0
> ok b#0
< row b#0 COMPLETED
< task j#0 input {"joined":["b"]}
> ok j#0
< row j#0 COMPLETED
= a RUNNING QUEUED
> ok a#0
< row a#0 COMPLETED
< finish COMPLETED output {"j":null}
