#pragma once

/*
 * Redis: commands with deadlines on the loop. One connection, commands pipelined in order.
 *
 * A command either answers within its deadline or gives REDIS_E_UNAVAILABLE; a connection with an
 * overdue answer is dropped and opened again with growing pauses. While it is down every command is
 * refused at once. Correctness never depends on Redis.
 *
 * Runs on: loop.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/base/str.h"
#include "common/io/loop.h"

enum {
    REDIS_E_UNAVAILABLE = 1, /* down, or no answer in time */
    REDIS_E_ERROR,           /* Redis answered with an error; text says which */
};

typedef struct Redis Redis;
typedef struct RedisReply RedisReply;

typedef struct RedisSettings {
    const char *address; /* host:port */
    const char *user;    /* NULL: none */
    const char *password;
    int connect_timeout_ms; /* 0: 1 s */
    int command_timeout_ms; /* 0: 200 ms */
} RedisSettings;

/* 0, or -EINVAL: the address. Goes on connecting in the background until it is closed. */
int redis_open(Loop *loop, const RedisSettings *settings, Redis **ret_redis);
/* Commands under way end with REDIS_E_UNAVAILABLE, then closed_fn is called. */
void redis_close(Redis *redis, LoopFn closed_fn, void *context);
bool redis_is_up(const Redis *redis);

/*
 * r is 0 or a refusal. The reply is valid only during the call; NULL with REDIS_E_UNAVAILABLE, the
 * error's text with REDIS_E_ERROR.
 */
typedef void (*RedisDoneFn)(void *context, int r, const RedisReply *reply);

/* Arguments are copied. The callback comes exactly once, from the loop. */
void redis_command(Redis *redis, const Str *args, uint32_t count, RedisDoneFn done, void *context);

/* EVALSHA with the script loaded when Redis does not know it (after a restart or flush). */
typedef struct RedisScript {
    const char *source;
    char sha1[41]; /* filled at first use */
} RedisScript;

typedef struct RedisEval {
    RedisScript *script;
    const Str *keys;
    const Str *args;
    uint32_t key_count;
    uint32_t arg_count;
} RedisEval;

void redis_eval(Redis *redis, const RedisEval *eval, RedisDoneFn done, void *context);

bool redis_reply_is_null(const RedisReply *reply);
int64_t redis_reply_int(const RedisReply *reply); /* 0 when it is none */
Str redis_reply_str(const RedisReply *reply);
uint32_t redis_reply_count(const RedisReply *reply); /* elements of an array */
const RedisReply *redis_reply_at(const RedisReply *reply, uint32_t index);
