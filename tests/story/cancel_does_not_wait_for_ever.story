Work that does not answer is given up ten seconds after the cancel.

plan   a -> b

> start
< task a#0
> cancel @0
< status CANCELLING
< revoke a#0
< timer at 10000
> timer @10000
< row a#0 CANCELLED -> closed
< finish CANCELLED error CANCELLED
