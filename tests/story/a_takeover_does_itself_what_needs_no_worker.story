After a takeover nobody knows of the worker that went on with a chain; what it had and what needs
none is done at once.

plan   a -> t
       t: transform {"x":"${ .steps.a.output.x }"}

> start
< task a#0
> ok a#0 run 7 continues {"x":1}
< row a#0 COMPLETED
> takeover
= t RUNNING QUEUED
> resend t#0
< row t#0 COMPLETED output {"x":1}
< finish COMPLETED output {"t":{"x":1}}
