A worker that said it would go on and then does not gives the next step back; so does silence.

plan   a -> b -> c

> start
< task a#0
> ok a#0 run 7 continues
< row a#0 COMPLETED
> released b#0 BUDGET run 7 index 1
< task b#0
> ok b#0 run 8 continues
< row b#0 COMPLETED
> lost c#0 unstarted
< task c#0
> ok c#0 run 9
< row c#0 COMPLETED
< finish COMPLETED
