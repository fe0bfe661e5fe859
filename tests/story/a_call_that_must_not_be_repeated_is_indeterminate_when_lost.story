Idempotency NONE: when nobody knows whether the call was made, it is not made again. The step is
INDETERMINATE; only an error edge that catches everything catches it.

plan   a !LEASE_LOST> n
       a !> h
       a: once

> start
< task a#0
> started a#0 @10
> lost a#0 @15000
< row a#0 FAILED_HANDLED -> error1 error LEASE_LOST
< row n#0 SKIPPED DEAD_PATH
< task h#0
> ok h#0
< row h#0 COMPLETED
< finish COMPLETED
