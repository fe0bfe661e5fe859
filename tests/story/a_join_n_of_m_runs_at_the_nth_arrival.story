N_OF_M runs when n edges were taken.

plan   a -> j
       b -> j
       c -> j
       j: join {"policy":"N_OF_M","n":2}

> start
< task a#0
< task b#0
< task c#0
> ok c#0
< row c#0 COMPLETED
= j PENDING NONE
> ok a#0
< row a#0 COMPLETED
< task j#0
> ok j#0
< row j#0 COMPLETED
= b RUNNING QUEUED
> ok b#0
< row b#0 COMPLETED
< finish COMPLETED
