An output mapping that fails makes the run FAILED, of type EXPRESSION.

plan   a: timeout 1000
       output: {"n":"${ .steps.a.output.n + {} }"}

> start
< task a#0
> ok a#0 {"n":1}
< row a#0 COMPLETED
< finish FAILED error EXPRESSION
