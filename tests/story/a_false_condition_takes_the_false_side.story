A CONDITION that is false takes its other side.

plan   q true> a
       q false> b
       q: condition .input.x > 1

> start {"x":1}
< row q#0 COMPLETED -> false output false
< row a#0 SKIPPED DEAD_PATH
< task b#0
> ok b#0
< row b#0 COMPLETED
< finish COMPLETED
