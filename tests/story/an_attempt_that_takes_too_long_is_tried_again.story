The worker ends an attempt by its own clock. When it does not, the coordinator does so ten seconds
later; that attempt is charged and tried again. A queue that is long is no attempt.

plan   a: attemptTimeout 2000, attempts 2, backoff 100

> start
< task a#0
> started a#0 @60000
< timer a#0 at 72000
> timer a#0 @71999
< timer a#0 at 72000
> timer a#0 @72000
< revoke a#0
< row a#0 FAILED RETRIED error TIMEOUT
< wait a#1 RETRY until 72100
> timer a#1 @72100
< wake a#1
< task a#1
> started a#1 @72200
> timer a#1 @84200
< revoke a#1
< row a#1 TIMED_OUT -> closed error TIMEOUT
< finish FAILED error TIMEOUT
