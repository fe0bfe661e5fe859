A start by hand begins at the entries. Where only triggers lead into the definition, it is as if all
of them had fired: a run that does nothing helps nobody.

plan   a -> j
       b -> j
       triggers: [{"id":"hook","type":"WEBHOOK","config":{"path":"x"},"nextSteps":["a"]},{"id":"hand","type":"MANUAL","nextSteps":["b"]}]

> start
< task a#0
< task b#0
> ok a#0
< row a#0 COMPLETED
> ok b#0
< row b#0 COMPLETED
< task j#0
> ok j#0
< row j#0 COMPLETED
< finish COMPLETED
