A TRANSFORM needs no worker; whole chains of what needs none are done in one turn.

plan   t -> u -> a
       t: transform {"x":"${ .input.x + 1 }"}
       u: transform {"y":"${ .steps.t.output.x * 2 }"}
       a: input {"y":"${ .steps.u.output.y }"}

> start {"x":1}
< row t#0 COMPLETED output {"x":2}
< row u#0 COMPLETED output {"y":4}
< task a#0 input {"y":4}
> ok a#0
< row a#0 COMPLETED
< finish COMPLETED
