A worker that goes on says so: the next step is then in the same run's hands, and only that run's
next word counts.

plan   a -> b -> c

> start
< task a#0
> ok a#0 run 7 continues {"a":1}
< row a#0 COMPLETED
= b RUNNING QUEUED
> ok b#0 run 8 index 0
! late
< late b#0
> ok b#0 run 7 index 0
! late
< late b#0
> ok b#0 run 7 index 1 {"b":1}
< row b#0 COMPLETED
< task c#0
> ok c#0 run 9
< row c#0 COMPLETED
< finish COMPLETED
