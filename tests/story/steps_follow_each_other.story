Steps that follow each other run one after the other; what the last one gives is the run's output.

plan   a -> b -> c

> start
< task a#0 input {}
= a RUNNING QUEUED
= b PENDING NONE
> ok a#0 {"n":1}                      @10
< row a#0 COMPLETED output {"n":1}
< task b#0
> ok b#0 {"n":2}                      @20
< row b#0 COMPLETED
< task c#0
> ok c#0 {"n":3}                      @30
< row c#0 COMPLETED
< finish COMPLETED output {"c":{"n":3}}
> cancel
! finished
