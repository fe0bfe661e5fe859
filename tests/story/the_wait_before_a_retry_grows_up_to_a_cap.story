delay(n) = min(cap, initial × factor^(n−1)).

plan   a: attempts 5, backoff 100, factor 3, cap 500

> start
< task a#0
> failed a#0 NETWORK retryable
< row a#0 FAILED RETRIED
< wait a#1 RETRY until 100
> timer a#1 @100
< wake a#1
< task a#1
> failed a#1 NETWORK retryable
< row a#1 FAILED RETRIED
< wait a#2 RETRY until 400
> timer a#2 @400
< wake a#2
< task a#2
> failed a#2 NETWORK retryable
< row a#2 FAILED RETRIED
< wait a#3 RETRY until 900
