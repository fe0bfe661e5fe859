#pragma once

/* Redis inside: commands as bytes. */

#include "common/base/buf.h"
#include "common/io/redis.h"

/* "*3\r\n": what follows are so many arguments. */
void redis_format_count(Buf *buf, size_t count);
void redis_format(Buf *buf, const Str *args, size_t count);

void redis_script_digest(RedisScript *script);
