A fork starts its branches at once. A join waits for all of them by default, whoever comes first
(the counts of Kestra PR #10296 and Hatchet #4778 were lost by reading and then writing).

plan   a -> b, c
       b -> d
       c -> d

> start
< task a#0
> ok a#0
< row a#0 COMPLETED
< task b#0
< task c#0
> ok c#0 {"c":1}
< row c#0 COMPLETED
= d PENDING NONE
> ok b#0 {"b":1}
< row b#0 COMPLETED
< task d#0
> ok d#0
< row d#0 COMPLETED
< finish COMPLETED output {"d":null}
