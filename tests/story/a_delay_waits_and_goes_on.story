A DELAY keeps its time when it is entered and wakes once (n8n Wait: #14198 ran the flow from its
start, #15505 old timers fired in loops). Timers that ring early or again do nothing.

plan   d -> a
       d: delay 5000

> start
< wait d#0 TIMER until 5000
< timer d#0 at 5000
= d WAITING TIMER
> timer d#0 @4000
< timer d#0 at 5000
> timer d#0 @5002
< wake d#0
< row d#0 COMPLETED output null
< task a#0
> timer d#0 @5003
> ok a#0
< row a#0 COMPLETED
< finish COMPLETED
