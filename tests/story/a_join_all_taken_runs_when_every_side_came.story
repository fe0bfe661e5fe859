ALL_TAKEN runs when every edge was taken.

plan   a -> j
       b -> j
       j: join "ALL_TAKEN"

> start
< task a#0
< task b#0
> ok a#0
< row a#0 COMPLETED
> ok b#0
< row b#0 COMPLETED
< task j#0
> ok j#0
< row j#0 COMPLETED
< finish COMPLETED
