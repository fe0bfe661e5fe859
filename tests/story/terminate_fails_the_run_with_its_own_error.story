TERMINATE may fail the run; the error is the author's. Its own step has done what it was told.

plan   a -> t
       t: terminate {"status":"FAILED","error":{"type":"NO_STOCK","message":"sold out"}}

> start
< task a#0
> ok a#0
< row a#0 COMPLETED
< row t#0 COMPLETED -> closed error USER:NO_STOCK
< finish FAILED error USER:NO_STOCK
