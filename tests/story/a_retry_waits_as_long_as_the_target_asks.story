Retry-After makes the wait longer, never shorter.

plan   a: attempts 3, backoff 100

> start
< task a#0
> failed a#0 HTTP_429 status 429 retryable after 7000
< row a#0 FAILED RETRIED
< wait a#1 RETRY until 7000
> timer a#1 @7000
< wake a#1
< task a#1
> failed a#1 HTTP_429 status 429 retryable after 10
< row a#1 FAILED RETRIED
< wait a#2 RETRY until 7200
