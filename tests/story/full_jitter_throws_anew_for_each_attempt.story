FULL jitter waits any time up to the delay; the dice are the execution's own, so that a run can be
repeated, and each attempt throws anew.

plan   a: retry {"maxAttempts":4,"initialMs":1000,"factor":1}

> start
< task a#0
> failed a#0 NETWORK retryable
< row a#0 FAILED RETRIED
< wait a#1 RETRY until 567
> timer a#1 @567
< wake a#1
< task a#1
> failed a#1 NETWORK retryable @1000
< row a#1 FAILED RETRIED
< wait a#2 RETRY until 1884
