A task that is handed out ten times without any word is given up: DISPATCH_LIMIT.

plan   a -> b

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
> lost a#0 unstarted
< row a#0 FAILED -> closed error DISPATCH_LIMIT
< finish FAILED error DISPATCH_LIMIT
