In an ending the timeouts of steps no longer count; what runs has the ten seconds of the ending.

plan   a -> b
       a: timeout 5000, heartbeatTimeout 2000

> start
< task a#0
> started a#0 @3000
> cancel @4000
< status CANCELLING
< revoke a#0
> timer a#0 @5000
> timer a#0 @5500
= a RUNNING RUNNING
> timer @14000
< row a#0 CANCELLED -> closed
< finish CANCELLED
