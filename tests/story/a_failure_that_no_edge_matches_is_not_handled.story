When no error edge fits, the failure is not handled.

plan   a !NETWORK> n

> start
< task a#0
> failed a#0 HTTP_4XX status 404
< row a#0 FAILED -> closed error HTTP_4XX
< finish FAILED error HTTP_4XX
