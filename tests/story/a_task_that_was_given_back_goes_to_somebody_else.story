A worker that drains gives its task back: it goes out again at once, uncharged. The words of the run
that gave it back no longer count.

plan   a: attempts 1

> start
< task a#0
> started a#0 run 7
> released a#0 DRAIN run 7
< task a#0 again 2
= a RUNNING QUEUED
> released a#0 DRAIN run 7
! late
> ok a#0 run 7
! late
< late a#0
> ok a#0 run 8
< row a#0 COMPLETED
< finish COMPLETED
