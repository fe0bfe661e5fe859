A worker that dies with a step in its hands costs none of the step's attempts. Its result, should it
come after all, is late. Five in a row are enough: LEASE_LOST.

plan   a: attempts 1

> start
< task a#0
> started a#0 @1000
> lost a#0 unstarted
! late
> lost a#0 @16000
< row a#0 FAILED LOST error LEASE_LOST
< task a#1
> ok a#0
! late
< late a#0
> started a#1
> lost a#1
< row a#1 FAILED LOST
< task a#2
> started a#2
> lost a#2
< row a#2 FAILED LOST
< task a#3
> started a#3
> lost a#3
< row a#3 FAILED LOST
< task a#4
> started a#4
> lost a#4
< row a#4 FAILED -> closed error LEASE_LOST
< finish FAILED error LEASE_LOST
