A call that counts and was cut off by the cancel: nobody knows whether it was made, and the history
says so.

plan   a: once

> start
< task a#0
> started a#0
> cancel
< status CANCELLING
< revoke a#0
> cancelled a#0 unknown
< row a#0 INDETERMINATE -> closed error CANCELLED
< finish CANCELLED
