Cancel: the run is CANCELLING until what is out has come in.

plan   a -> b

> start
< task a#0
> cancel changed my mind @50
< status CANCELLING error CANCELLED
< revoke a#0
< timer at 10050
> cancel again
! late
> cancelled a#0
< row a#0 CANCELLED -> closed error CANCELLED
< finish CANCELLED error CANCELLED
