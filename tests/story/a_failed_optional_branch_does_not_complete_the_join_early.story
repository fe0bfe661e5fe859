A failure is an edge's state, never a shortcut: the join waits for the other side (Netflix/conductor
#3317: it completed early when an optional task failed).

plan   a -> j
       b -> j
       a: continueOnError

> start
< task a#0
< task b#0
> failed a#0 AUTH
< row a#0 FAILED_HANDLED
= j PENDING NONE
> ok b#0
< row b#0 COMPLETED
< task j#0
> ok j#0
< row j#0 COMPLETED
< finish COMPLETED
