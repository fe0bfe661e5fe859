TERMINATE with status CANCELLED: what runs has ten seconds to come in; then it is given up.

plan   a -> t
       b -> z
       t: terminate {"status":"CANCELLED"}

> start
< task a#0
< task b#0
> ok a#0 @100
< row a#0 COMPLETED
< row t#0 COMPLETED -> closed
< revoke b#0
> timer @10099
> timer @10100
< row b#0 CANCELLED -> closed
< finish CANCELLED
> ok b#0
! finished
< late b#0
