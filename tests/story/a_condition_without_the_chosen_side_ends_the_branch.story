A CONDITION without the side that is chosen ends that branch. It is no failure.

plan   q true> a
       q: condition false

> start
< row q#0 COMPLETED -> false
< row a#0 SKIPPED DEAD_PATH
< finish COMPLETED output {"q":false}
