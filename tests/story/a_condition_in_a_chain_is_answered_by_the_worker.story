In a chain the worker answers a CONDITION as well; the ports it names are believed, since it is the
same program on the same bytes.

plan   a -> q
       q true> b
       q false> c
       q: condition .steps.a.output.x

> start
< task a#0
> ok a#0 run 7 continues {"x":false}
< row a#0 COMPLETED
= q RUNNING QUEUED
> ok q#0 run 7 index 1 ports false continues
< row q#0 COMPLETED -> false
< row b#0 SKIPPED DEAD_PATH
= c RUNNING QUEUED
> ok c#0 run 7 index 2 {"c":1}
< row c#0 COMPLETED
< finish COMPLETED output {"c":{"c":1}}
