What lies on a dead path when the run ends was not cancelled: it would never have run.

plan   q true> t
       q false> a
       q true> b
       q: condition true
       t: terminate {"status":"COMPLETED"}

> start
< row q#0 COMPLETED -> true
< row t#0 COMPLETED -> closed
< row b#0 CANCELLED -> closed
< row a#0 SKIPPED DEAD_PATH -> closed
< finish COMPLETED
