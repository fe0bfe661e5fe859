Work that completes in spite of the cancel is recorded as completed, and nothing follows it.

plan   a -> b

> start
< task a#0
> started a#0 @1000
> cancel @2000
< status CANCELLING
< revoke a#0
> ok a#0 {"x":1} @2500
< row a#0 COMPLETED -> closed output {"x":1}
< finish CANCELLED
