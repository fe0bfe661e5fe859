A disabled step is passed by as if its guard were false.

plan   a -> b
       a: disabled

> start
< row a#0 SKIPPED GUARD
< task b#0
> ok b#0
< row b#0 COMPLETED
< finish COMPLETED
