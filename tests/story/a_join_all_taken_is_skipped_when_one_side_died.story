ALL_TAKEN wants every edge. As soon as one is dead the step is skipped and says why; it never waits
for ever (n8n Merge #27053 #33819 #37895).

plan   a -> j
       q true> b
       b -> j -> z
       q: condition false
       j: join "ALL_TAKEN"

> start
< task a#0
< row q#0 COMPLETED -> false
< row b#0 SKIPPED DEAD_PATH
< row j#0 SKIPPED JOIN_UNSATISFIED -> none
< row z#0 SKIPPED DEAD_PATH
> ok a#0
< row a#0 COMPLETED
< finish COMPLETED
