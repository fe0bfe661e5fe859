A timeout does not unmake a call. Where it must not be made twice, the step is INDETERMINATE.

plan   a: once, timeout 2000

> start
< task a#0
> timer a#0 @2000
< revoke a#0
< row a#0 INDETERMINATE -> closed error TIMEOUT
< finish FAILED error TIMEOUT
