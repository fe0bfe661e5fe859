failFast false: the other branches finish; then the run has failed, with the first error.

plan   a -> x -> j
       b -> y -> j
       settings: {"failFast":false}

> start
< task a#0
< task b#0
> failed a#0 AUTH
< row a#0 FAILED -> none error AUTH
< row x#0 SKIPPED DEAD_PATH
> ok b#0
< row b#0 COMPLETED
< task y#0
> failed y#0 VALIDATION
< row y#0 FAILED -> none error VALIDATION
< row j#0 SKIPPED DEAD_PATH
< finish FAILED error AUTH
