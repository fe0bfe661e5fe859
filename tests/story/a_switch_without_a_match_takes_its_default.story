A SWITCH in which no case is true takes its default.

plan   a: timeout 1000
       d: timeout 1000
       s: switch {"cases":[{"when":"false","nextSteps":["a"]}],"defaultSteps":["d"]}

> start
< row s#0 COMPLETED -> default
< row a#0 SKIPPED DEAD_PATH
< task d#0
> ok d#0
< row d#0 COMPLETED
< finish COMPLETED
