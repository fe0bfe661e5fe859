A `condition` on a step that is no CONDITION is a guard: when it is false the step is skipped, its
output is null, and the flow goes on behind it.

plan   a -> b -> c
       b: guard false
       c: input {"b":"${ .steps.b.output }"}

> start
< task a#0
> ok a#0
< row a#0 COMPLETED
< row b#0 SKIPPED GUARD
< task c#0 input {"b":null}
> ok c#0
< row c#0 COMPLETED
< finish COMPLETED
