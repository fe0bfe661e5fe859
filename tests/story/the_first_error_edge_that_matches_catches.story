Error edges are asked in their order; a match that does not fit is passed over.

plan   a !NETWORK,TIMEOUT> n
       a !AUTH> u
       a !> any

> start
< task a#0
> failed a#0 AUTH
< row a#0 FAILED_HANDLED -> error1 error AUTH
< row n#0 SKIPPED DEAD_PATH
< task u#0
< row any#0 SKIPPED DEAD_PATH
> ok u#0
< row u#0 COMPLETED
< finish COMPLETED
