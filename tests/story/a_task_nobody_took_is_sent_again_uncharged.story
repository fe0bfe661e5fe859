A task that fell silent before anybody began is sent again: the same attempt, another number.
Whichever copy answers, counts.

plan   a: attempts 1

> start
< task a#0
> lost a#0 unstarted
< task a#0 again 2
> lost a#0 unstarted
< task a#0 again 3
> ok a#0 {"x":1}
< row a#0 COMPLETED output {"x":1}
< finish COMPLETED
