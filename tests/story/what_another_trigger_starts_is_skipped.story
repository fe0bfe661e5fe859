What is only reached from a trigger that did not fire is skipped, and a join behind it does not wait
(needed by a third of the joins of published workflows).

plan   a -> j
       b -> j
       triggers: [{"id":"hook","type":"WEBHOOK","config":{"path":"x"},"nextSteps":["a"]},{"id":"other","type":"MANUAL","nextSteps":["b"]}]

> start by hook {}
< task a#0
< row b#0 SKIPPED DEAD_PATH
> ok a#0
< row a#0 COMPLETED
< task j#0
> ok j#0
< row j#0 COMPLETED
< finish COMPLETED
