Only an execution that is ending is CANCELLED; elsewhere such an outcome is a failure like others.

plan   a !> h

> start
< task a#0
> cancelled a#0
< row a#0 FAILED_HANDLED -> error0 error CANCELLED
< task h#0
> ok h#0
< row h#0 COMPLETED
< finish COMPLETED
