Only true and false answer a CONDITION. Anything else is a failure of type EXPRESSION, which is
never tried again, and never means "false".

plan   q true> a
       q false> b
       q !EXPRESSION> e
       q: condition 1

> start
< row q#0 FAILED_HANDLED -> error0 error EXPRESSION
< row a#0 SKIPPED DEAD_PATH
< row b#0 SKIPPED DEAD_PATH
< task e#0
> ok e#0
< row e#0 COMPLETED
< finish COMPLETED
