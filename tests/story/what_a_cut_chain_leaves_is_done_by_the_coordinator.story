A worker that fell silent had a CONDITION in its hands: no task is made of that, the coordinator
asks it itself.

plan   a -> q
       q true> b
       q: condition .steps.a.output.x

> start
< task a#0
> ok a#0 run 7 continues {"x":true}
< row a#0 COMPLETED
= q RUNNING QUEUED
> lost q#0 unstarted
< row q#0 COMPLETED -> true
< task b#0
> ok q#0 run 7 index 1 ports true
! late
< late q#0 ENDED
> ok b#0
< row b#0 COMPLETED
< finish COMPLETED
