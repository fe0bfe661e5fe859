A DELAY until a moment that is past is over at once; one that is no moment is a VALIDATION failure.

plan   d -> e
       d: until 2001-01-01T00:00:00Z
       e: until ${ "tomorrow" }

> start
< row d#0 COMPLETED output null
< row e#0 FAILED -> closed error VALIDATION
< finish FAILED error VALIDATION
