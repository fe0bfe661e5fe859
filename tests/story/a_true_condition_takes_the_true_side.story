A CONDITION that is true takes its true side; the other side is skipped, and so is what lies behind
it. The join behind both sides runs (n8n Merge: #1351 #3949 #6596 #7775 #17438 wait or do not wait).

plan   q true> a
       q false> b
       a -> c
       b -> c
       q: condition true

> start
< row q#0 COMPLETED -> true output true
< task a#0
< row b#0 SKIPPED DEAD_PATH -> none
> ok a#0
< row a#0 COMPLETED
< task c#0
> ok c#0 {}
< row c#0 COMPLETED
< finish COMPLETED output {"c":{}}
