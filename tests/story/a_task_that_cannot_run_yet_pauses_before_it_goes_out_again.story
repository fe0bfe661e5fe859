A worker that cannot run a task yet (no lock to be had, the version not there) gives it back; it is
sent again after a second, uncharged, as often as it takes. What a second copy brings still counts.

plan   a -> b
       a: attempts 1
       b: once

> start
< task a#0
> released a#0 HOLD run 7
< wait a#0 RETRY until 1000
> timer a#0 @1000
< wake a#0
< task a#0 again 2
> released a#0 PLAN run 8
< wait a#0 RETRY until 2000
> ok a#0 run 9
< wake a#0
< row a#0 COMPLETED
< task b#0
> released b#0 HOLD
< wait b#0 RETRY until 2000
> timer b#0 @2000
< wake b#0
< task b#0 again 2
> ok b#0 run 9
< row b#0 COMPLETED
< finish COMPLETED
