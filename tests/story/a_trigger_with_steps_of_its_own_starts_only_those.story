A trigger that names steps starts only those; the steps that any other trigger would start are
skipped, and nobody waits for them.

plan   a -> j
       b -> j
       triggers: [{"id":"hook","type":"WEBHOOK","config":{"path":"x"},"nextSteps":["b"]},{"id":"hand","type":"MANUAL"}]

> start by hook {}
< row a#0 SKIPPED DEAD_PATH -> none
< task b#0
> ok b#0
< row b#0 COMPLETED
< task j#0
> ok j#0
< row j#0 COMPLETED
< finish COMPLETED
