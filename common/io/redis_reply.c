/*
 * Answers of Redis read, commands and scripts as bytes.
 *
 * Runs on: loop.
 */

#include <hiredis/hiredis.h>
#include <openssl/sha.h>
#include <stdio.h>

#include "common/io/redis_reply.h"

void redis_format_count(Buf *buf, size_t count) {
    buf_printf(buf, "*%zu\r\n", count);
}

void redis_format(Buf *buf, const Str *args, size_t count) {
    for (size_t i = 0; i < count; i++) {
        buf_printf(buf, "$%zu\r\n", args[i].length);
        buf_add_str(buf, args[i]);
        buf_add_text(buf, "\r\n");
    }
}

void redis_script_digest(RedisScript *script) {
    Str source = str_of(script->source);
    unsigned char digest[SHA_DIGEST_LENGTH];

    if (script->sha1[0])
        return;
    SHA1((const unsigned char *)source.data, source.length, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(script->sha1 + 2 * i, 3, "%02x", digest[i]);
}

static const redisReply *inside(const RedisReply *reply) {
    return (const redisReply *)(const void *)reply;
}

bool redis_reply_is_null(const RedisReply *reply) {
    return !reply || inside(reply)->type == REDIS_REPLY_NIL;
}

int64_t redis_reply_int(const RedisReply *reply) {
    return reply && inside(reply)->type == REDIS_REPLY_INTEGER ? inside(reply)->integer : 0;
}

Str redis_reply_str(const RedisReply *reply) {
    if (!reply || !inside(reply)->str)
        return STR_NONE;
    return str_from(inside(reply)->str, inside(reply)->len);
}

uint32_t redis_reply_count(const RedisReply *reply) {
    return reply && inside(reply)->type == REDIS_REPLY_ARRAY ? (uint32_t)inside(reply)->elements
                                                             : 0;
}

const RedisReply *redis_reply_at(const RedisReply *reply, uint32_t index) {
    if (index >= redis_reply_count(reply))
        return NULL;
    return (const RedisReply *)(const void *)inside(reply)->element[index];
}
