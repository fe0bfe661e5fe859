A failure that an error edge catches is handled: the flow goes on there, what follows normally is
skipped, and the run completes. The handler sees `.error`.

plan   a -> b
       a !> h
       h: input {"why":"${ .error.type }","message":"${ .error.message }"}

> start
< task a#0
> failed a#0 VALIDATION
< row a#0 FAILED_HANDLED -> error0 error VALIDATION
< row b#0 SKIPPED DEAD_PATH
< task h#0 input {"why":"VALIDATION","message":"as the story goes"}
> ok h#0 {"h":1}
< row h#0 COMPLETED
< finish COMPLETED output {"h":{"h":1}}
