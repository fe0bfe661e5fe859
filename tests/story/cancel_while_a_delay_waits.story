A cancel ends a delay in the same turn.

plan   d -> a
       d: delay 86400000

> start
< wait d#0 TIMER until 86400000
> cancel
< status CANCELLING
< wake d#0
< row d#0 CANCELLED -> closed
< finish CANCELLED
