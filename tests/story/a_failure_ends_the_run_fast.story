failFast is the rule: a failure that nobody handles opens nothing more, cancels what waits, and
revokes what runs. The outcome of what ran is recorded as it was.

plan   a -> x
       b -> y
       c: delay 60000

> start
< task a#0
< task b#0
< wait c#0 TIMER until 60000
> failed a#0 AUTH @10
< row a#0 FAILED -> closed error AUTH
< revoke b#0
< wake c#0
< row c#0 CANCELLED -> closed
= x PENDING NONE
> ok b#0 {"b":1} @20
< row b#0 COMPLETED -> closed output {"b":1}
< finish FAILED error AUTH
