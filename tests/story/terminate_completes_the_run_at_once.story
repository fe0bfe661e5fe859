TERMINATE ends the run now: what only waits is cancelled, what runs is revoked and may come in.

plan   a -> t
       a -> b
       d -> z
       d: delay 60000
       t: terminate {"status":"COMPLETED","output":{"done":true}}

> start
< task a#0
< wait d#0 TIMER until 60000
> ok a#0 @10
< row a#0 COMPLETED
< row t#0 COMPLETED -> closed output {"done":true}
< wake d#0
< row d#0 CANCELLED -> closed
< row b#0 CANCELLED -> closed
< finish COMPLETED output {"done":true}
