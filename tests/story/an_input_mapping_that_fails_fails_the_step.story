An input mapping that fails is the step's own failure: nothing is sent, nothing is tried again.

plan   a -> b
       b !EXPRESSION> h
       b: input {"n":"${ .steps.a.output + 1 }"}

> start
< task a#0
> ok a#0 {"n":1}
< row a#0 COMPLETED
< row b#0 FAILED_HANDLED -> error0 error EXPRESSION
< task h#0
> ok h#0
< row h#0 COMPLETED
< finish COMPLETED
