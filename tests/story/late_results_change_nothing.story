Terminal is final (n8n #25165 #23807, Kestra #19730). A result of an older attempt, of another run,
out of order, a second time, of a step that was never opened: kept for the audit, and inert.

plan   a -> b
       a: attempts 3, backoff 10

> start
< task a#0
> ok b#0
! unknown
< late b#0 UNKNOWN_STEP COMPLETED
> started a#0 run 5
> started a#0 run 6
! late
> ok a#0 run 6
! late
< late a#0 RUN COMPLETED
> ok a#0 run 5 index 1
! late
< late a#0 INDEX COMPLETED
> failed a#0 NETWORK retryable run 5
< row a#0 FAILED RETRIED
< wait a#1 RETRY until 10
> failed a#0 NETWORK retryable run 5
! late
< late a#0 ATTEMPT FAILED
> ok a#0 run 5 {"x":1}
! late
< late a#0 ATTEMPT COMPLETED output {"x":1}
> timer a#1 @10
< wake a#1
< task a#1
> ok a#1
< row a#1 COMPLETED
< task b#0
> ok a#1
! late
< late a#1 ENDED COMPLETED
> ok b#0
< row b#0 COMPLETED
< finish COMPLETED
> ok b#0
! finished
< late b#0 TERMINAL COMPLETED
