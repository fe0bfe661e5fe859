A trigger that names no steps starts the steps that nothing leads to.

plan   a -> j
       b -> j
       triggers: [{"id":"hook","type":"WEBHOOK","config":{"path":"x"},"nextSteps":["b"]},{"id":"hand","type":"MANUAL"}]

> start by hand {}
< task a#0
< row b#0 SKIPPED DEAD_PATH
> ok a#0
< row a#0 COMPLETED
< task j#0
> ok j#0
< row j#0 COMPLETED
< finish COMPLETED
