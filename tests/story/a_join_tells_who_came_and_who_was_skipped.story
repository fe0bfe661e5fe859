Behind a join `.join` names who came and who was skipped; an output that was skipped is null, and its
status says so (Argo: #1386 #3378 #8654 #9153 #10321 #14774).

plan   q true> a
       q false> b
       a -> j
       b -> j
       q: condition true
       j: transform {"joined":"${ .join.joined }","skipped":"${ .join.skipped }","b":"${ .steps.b.output }","why":"${ .steps.b.status }"}

> start
< row q#0 COMPLETED -> true
< task a#0
< row b#0 SKIPPED DEAD_PATH
> ok a#0
< row a#0 COMPLETED
< row j#0 COMPLETED output {"joined":["a"],"skipped":["b"],"b":null,"why":"SKIPPED"}
< finish COMPLETED
