settings.timeoutMs ends the run TIMED_OUT once its running work has come in.

plan   a -> b
       settings: {"timeoutMs":10000}

> start
< timer at 10000
< task a#0
> timer @9999
< timer at 10000
> timer @10000
< status CANCELLING error TIMEOUT
< revoke a#0
< timer at 20000
> ok a#0 @10500
< row a#0 COMPLETED -> closed
< finish TIMED_OUT error TIMEOUT
