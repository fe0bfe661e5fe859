A SWITCH asks its cases in their order and takes the first that is true. A join behind all of them
does not wait for the others (Conductor #2758: a join stuck when the switch took its default).

plan   a -> z
       b -> z
       c -> z
       s: switch {"cases":[{"when":"false","nextSteps":["a"]},{"when":"true","nextSteps":["b"]},{"when":"true","nextSteps":["c"]}]}

> start
< row s#0 COMPLETED -> case1 output "case1"
< row a#0 SKIPPED DEAD_PATH
< task b#0
< row c#0 SKIPPED DEAD_PATH
> ok b#0
< row b#0 COMPLETED
< task z#0
> ok z#0
< row z#0 COMPLETED
< finish COMPLETED
