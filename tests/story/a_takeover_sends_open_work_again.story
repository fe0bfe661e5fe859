After a takeover, work that is out is sent again: the same attempt under another number, and both
copies' answers count until the first one does.

plan   a -> b

> start
< task a#0
> resend a#0
< task a#0 again 2
> resend b#0
! unknown
> ok a#0
< row a#0 COMPLETED
< task b#0
> cancel
< status CANCELLING
< revoke b#0
> resend b#0
! unknown
