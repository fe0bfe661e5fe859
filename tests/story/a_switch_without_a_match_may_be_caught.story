The errors of the engine itself are like those of workers: they may be caught by type.

plan   a !NO_MATCH> h
       a: switch {"cases":[{"when":"false","nextSteps":["b"]}]}
       b: timeout 1000

> start
< row a#0 FAILED_HANDLED -> error0 error NO_MATCH
< row b#0 SKIPPED DEAD_PATH
< task h#0
> ok h#0
< row h#0 COMPLETED
< finish COMPLETED
