A guard that is true changes nothing; one that is no boolean fails the step.

plan   a -> b
       a: guard true
       b: guard "yes"

> start
< task a#0
> ok a#0
< row a#0 COMPLETED
< row b#0 FAILED -> closed error EXPRESSION
< finish FAILED error EXPRESSION
