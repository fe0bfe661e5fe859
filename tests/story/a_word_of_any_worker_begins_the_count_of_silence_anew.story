A task that was given back was in living hands: the silence before it is no evidence any more.

plan   a: attempts 1

> start
< task a#0
> lost a#0 unstarted
< task a#0 again 2
> lost a#0 unstarted
< task a#0 again 3
> lost a#0 unstarted
< task a#0 again 4
> lost a#0 unstarted
< task a#0 again 5
> lost a#0 unstarted
< task a#0 again 6
> lost a#0 unstarted
< task a#0 again 7
> lost a#0 unstarted
< task a#0 again 8
> lost a#0 unstarted
< task a#0 again 9
> lost a#0 unstarted
< task a#0 again 10
> released a#0 DRAIN
< task a#0 again 11
> lost a#0 unstarted
< task a#0 again 12
> ok a#0 run 5
< row a#0 COMPLETED
< finish COMPLETED
