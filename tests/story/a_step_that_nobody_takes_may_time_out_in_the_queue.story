queueTimeoutMs ends a step that no worker took in time. Once one has begun it no longer counts.

plan   a -> b
       a: queueTimeout 3000
       b: queueTimeout 3000

> start
< task a#0
< timer a#0 at 3000
> started a#0 @2999
> timer a#0 @3000
> ok a#0 @4000
< row a#0 COMPLETED
< task b#0
> timer b#0 @7000
< revoke b#0
< row b#0 TIMED_OUT -> closed error TIMEOUT
< finish FAILED error TIMEOUT
