noMatch END_BRANCH: a SWITCH in which nothing matches ends its branch and is no failure.

plan   a: timeout 1000
       s: switch {"cases":[{"when":"false","nextSteps":["a"]}],"noMatch":"END_BRANCH"}

> start
< row s#0 COMPLETED -> none
< row a#0 SKIPPED DEAD_PATH
< finish COMPLETED
