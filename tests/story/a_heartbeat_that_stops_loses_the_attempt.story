heartbeatTimeoutMs: a step that began and says nothing for so long is lost and sent again.

plan   a: heartbeatTimeout 5000

> start
< task a#0
> started a#0 @1000
> progress a#0 @4000
> timer a#0 @6000
< timer a#0 at 9000
> timer a#0 @9000
< row a#0 FAILED LOST error LEASE_LOST
< task a#1
> ok a#1
< row a#1 COMPLETED
< finish COMPLETED
