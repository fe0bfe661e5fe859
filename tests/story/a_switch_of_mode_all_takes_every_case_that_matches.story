A SWITCH of mode ALL takes every case that is true; a join behind them runs once.

plan   a -> z
       b -> z
       c -> z
       s: switch {"mode":"ALL","cases":[{"when":"true","nextSteps":["a"]},{"when":"false","nextSteps":["b"]},{"when":"true","nextSteps":["c"]}]}

> start
< row s#0 COMPLETED -> case0,case2
< task a#0
< row b#0 SKIPPED DEAD_PATH
< task c#0
> ok c#0
< row c#0 COMPLETED
> ok a#0
< row a#0 COMPLETED
< task z#0
> ok z#0
< row z#0 COMPLETED
< finish COMPLETED
