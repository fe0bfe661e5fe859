A SWITCH in which no case is true and which has no default fails with NO_MATCH.

plan   a: timeout 1000
       s: switch {"cases":[{"when":"false","nextSteps":["a"]}]}

> start
< row s#0 FAILED -> closed error NO_MATCH
< finish FAILED error NO_MATCH
