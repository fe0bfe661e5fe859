`output` maps the run's output; without it, it is what ended branches gave, by step
(Conductor's "last executed task" is a race).

plan   a -> b
       a -> c
       output: {"sum":"${ .steps.b.output.n + .steps.c.output.n }"}

> start
< task a#0
> ok a#0
< row a#0 COMPLETED
< task b#0
< task c#0
> ok c#0 {"n":2}
< row c#0 COMPLETED
> ok b#0 {"n":1}
< row b#0 COMPLETED
< finish COMPLETED output {"sum":3}
