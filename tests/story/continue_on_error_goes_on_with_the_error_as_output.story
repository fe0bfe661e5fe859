continueOnError goes on as if the step had completed; its output holds the error.

plan   a -> b
       a: continueOnError
       b: input {"was":"${ .steps.a.output.error.type }","status":"${ .steps.a.status }"}

> start
< task a#0
> failed a#0 VALIDATION
< row a#0 FAILED_HANDLED error VALIDATION
< task b#0 input {"was":"VALIDATION","status":"FAILED_HANDLED"}
> ok b#0
< row b#0 COMPLETED
< finish COMPLETED
