N_OF_M is skipped as soon as n can no longer be reached, while another side still runs.

plan   a -> j
       q true> b
       q true> c
       b -> j
       c -> j
       q: condition false
       j: join {"policy":"N_OF_M","n":2}

> start
< task a#0
< row q#0 COMPLETED -> false
< row b#0 SKIPPED DEAD_PATH
< row c#0 SKIPPED DEAD_PATH
< row j#0 SKIPPED JOIN_UNSATISFIED
> ok a#0
< row a#0 COMPLETED
< finish COMPLETED
