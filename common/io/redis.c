/*
 * Redis on libuv: our own socket, hiredis only as the reader of the protocol. (Its asynchronous
 * half has no deadlines and cannot be told that a connection attempt failed.)
 *
 *        ┌────────────────────── pause is over ───────────────────────┐
 *        ▼                                                            │
 *   RESOLVING ──► CONNECTING ──► GREETING ──► UP                    PAUSED
 *        │             │             │         │                      ▲
 *        │             └─────────────┴─────────┴──► DROPPING ─────────┤
 *        └──────────────────── no address ────────────────────────────┘
 *
 * In every state redis_close() leads to CLOSING, which ends with the last close callback.
 *
 * One deadline is enough: all commands have the same time, so the oldest is overdue first.
 *
 * Runs on: loop.
 */

#include "common/io/redis.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "common/base/alloc.h"
#include "common/base/buf.h"
#include "common/base/check.h"
#include "common/base/fault.h"
#include "common/base/list.h"
#include "common/io/log.h"
#include "common/io/redis_reply.h"

#define CALLS_MAX 65536 /* some seconds of the fastest worker */
#define PAUSE_MS_MIN 50
#define PAUSE_MS_MAX 2000
#define READ_BYTES 65536

typedef enum RedisState {
    REDIS_PAUSED,
    REDIS_RESOLVING,
    REDIS_CONNECTING,
    REDIS_GREETING,
    REDIS_UP,
    REDIS_DROPPING,
    REDIS_CLOSING,
} RedisState;

typedef struct RedisCall {
    ListNode node; /* in sent or in failed */
    int64_t deadline_ms;
    bool is_greeting;
    RedisScript *script; /* of an EVALSHA that may have to be told the source */
    Buf tail;            /* its keys and arguments, formatted */
    uint32_t tail_count;
    RedisDoneFn done;
    void *context;
} RedisCall;

typedef struct RedisWrite {
    uv_write_t uv;
    Redis *redis;
    char *bytes;
} RedisWrite;

struct Redis {
    Loop *loop;
    char *host, *port, *user, *password;
    int64_t connect_timeout_ms, command_timeout_ms;
    RedisState state;
    int64_t pause_ms;

    uv_getaddrinfo_t resolve;
    uv_tcp_t tcp;
    uv_connect_t connect;
    bool is_resolving, is_tcp_open;
    redisReader *reader;
    char read_bytes[READ_BYTES];
    Buf out; /* goes out at the end of this turn of the loop */

    ListNode sent;   /* waiting for their answers, oldest first */
    ListNode failed; /* waiting to be told */
    uint32_t sent_count;
    bool is_late; /* the oldest is overdue; the socket is read once more before it is given up */

    LoopTimer soon;     /* writes and tells, in the next turn */
    LoopTimer deadline; /* pause, connect or the oldest command */
    uint32_t timers_open;
    LoopFn closed_fn;
    void *closed_context;
};

static void redis_connect(Redis *redis);

/* ── calls ──────────────────────────────────────────────────────────────────────────────────── */

static void call_free(RedisCall *call) {
    buf_done(&call->tail);
    alloc_free(call);
}

/* Takes the call. */
static void call_done(RedisCall *call, int r, const redisReply *reply) {
    RedisDoneFn done = call->done;
    void *context = call->context;

    call_free(call);
    if (done)
        done(context, r, (const RedisReply *)(const void *)reply);
}

static void call_fail(Redis *redis, RedisCall *call) {
    list_drop(&call->node);
    list_push_last(&redis->failed, &call->node);
    if (redis->soon.is_open)
        loop_timer_start(&redis->soon, 0, 0);
}

static void tell_failed(Redis *redis) {
    ListNode told;

    /* Those that fail while these are told come with the next turn. */
    list_init(&told);
    LIST_FOR_EACH(node, &redis->failed) {
        list_drop(node);
        list_push_last(&told, node);
    }
    LIST_FOR_EACH(node, &told) {
        list_drop(node);
        call_done(CONTAINER_OF(node, RedisCall, node), REDIS_E_UNAVAILABLE, NULL);
    }
}

static void arm_deadline(Redis *redis) {
    RedisCall *oldest;

    if (list_is_empty(&redis->sent)) {
        loop_timer_stop(&redis->deadline);
        return;
    }
    oldest = CONTAINER_OF(list_first(&redis->sent), RedisCall, node);
    loop_timer_start(&redis->deadline, oldest->deadline_ms - loop_now_ms(redis->loop), 0);
}

static void call_sent(Redis *redis, RedisCall *call) {
    bool was_empty = list_is_empty(&redis->sent);

    call->deadline_ms = loop_now_ms(redis->loop) + redis->command_timeout_ms;
    list_push_last(&redis->sent, &call->node);
    redis->sent_count++;
    if (was_empty && redis->state == REDIS_UP)
        arm_deadline(redis);
    loop_timer_start(&redis->soon, 0, 0);
}

/* ── the end of a connection ────────────────────────────────────────────────────────────────── */

static void closing_goes_on(Redis *redis);

static void pause_begin(Redis *redis) {
    redis->state = REDIS_PAUSED;
    redis->pause_ms = MIN(MAX(redis->pause_ms * 2, PAUSE_MS_MIN), PAUSE_MS_MAX);
    loop_timer_start(&redis->deadline, redis->pause_ms, 0);
}

static void tcp_closed(uv_handle_t *handle) {
    Redis *redis = handle->data;

    redis->is_tcp_open = false;
    if (redis->state == REDIS_CLOSING)
        closing_goes_on(redis);
    else
        pause_begin(redis);
}

static void connection_end(Redis *redis) {
    LIST_FOR_EACH(node, &redis->sent)
    call_fail(redis, CONTAINER_OF(node, RedisCall, node));
    redis->sent_count = 0;
    redis->is_late = false;
    buf_clear(&redis->out);
    if (redis->reader)
        redisReaderFree(redis->reader);
    redis->reader = NULL;
    if (redis->is_tcp_open)
        uv_close((uv_handle_t *)&redis->tcp, tcp_closed);
}

static void drop(Redis *redis, const char *why) {
    CHECK(redis->is_tcp_open);
    log_event(redis->pause_ms < PAUSE_MS_MAX ? LOG_WARN : LOG_DEBUG, "redis.lost",
              LOG_C("why", why));
    redis->state = REDIS_DROPPING;
    loop_timer_stop(&redis->deadline);
    connection_end(redis);
}

static bool is_connected(const Redis *redis) {
    return redis->state == REDIS_GREETING || redis->state == REDIS_UP;
}

/* ── answers ────────────────────────────────────────────────────────────────────────────────── */

static bool is_error(const redisReply *reply, const char *word) {
    return reply->type == REDIS_REPLY_ERROR && strncmp(reply->str, word, strlen(word)) == 0;
}

/* Such a server answers every command like this until it is another one. */
static bool is_unfit(const redisReply *reply) {
    return is_error(reply, "LOADING") || is_error(reply, "READONLY") ||
           is_error(reply, "MASTERDOWN");
}

static void greeted(Redis *redis, const redisReply *reply) {
    if (reply->type == REDIS_REPLY_ERROR) {
        drop(redis, reply->str);
        return;
    }
    if (!str_is(str_from(reply->str, reply->len), "PONG"))
        return; /* the answer to AUTH; PING comes behind it */
    redis->state = REDIS_UP;
    redis->pause_ms = 0;
    log_event(LOG_INFO, "redis.up");
}

/* The script is unknown after a restart or flush: EVAL runs it and makes it known again. */
static void call_again(Redis *redis, RedisCall *call) {
    const Str head[] = {STR("EVAL"), str_of(call->script->source)};

    redis_format_count(&redis->out, ARRAY_SIZE(head) + call->tail_count);
    redis_format(&redis->out, head, ARRAY_SIZE(head));
    buf_add_str(&redis->out, buf_str(&call->tail));
    call->script = NULL;
    call_sent(redis, call);
}

static void answer_taken(Redis *redis, const redisReply *reply) {
    RedisCall *call;

    if (list_is_empty(&redis->sent)) {
        drop(redis, "an answer without a question");
        return;
    }
    call = CONTAINER_OF(list_first(&redis->sent), RedisCall, node);
    if (is_unfit(reply)) {
        drop(redis, reply->str);
        return;
    }
    list_drop(&call->node);
    redis->sent_count--;
    if (call->is_greeting) {
        call_free(call);
        greeted(redis, reply);
    } else if (call->script && is_error(reply, "NOSCRIPT")) {
        call_again(redis, call);
    } else {
        call_done(call, reply->type == REDIS_REPLY_ERROR ? REDIS_E_ERROR : 0, reply);
    }
}

static void take_answers(Redis *redis) {
    while (is_connected(redis)) {
        void *reply = NULL;

        if (redisReaderGetReply(redis->reader, &reply) != REDIS_OK) {
            drop(redis, "not the Redis protocol");
            return;
        }
        if (!reply)
            break;
        answer_taken(redis, reply);
        freeReplyObject(reply);
    }
    if (redis->state == REDIS_UP)
        arm_deadline(redis);
}

static void read_room(uv_handle_t *handle, size_t wanted, uv_buf_t *ret_room) {
    Redis *redis = handle->data;

    (void)wanted;
    *ret_room = uv_buf_init(redis->read_bytes, sizeof redis->read_bytes);
}

static void read_some(uv_stream_t *stream, ssize_t length, const uv_buf_t *room) {
    Redis *redis = stream->data;

    if (!is_connected(redis))
        return;
    if (length < 0) {
        drop(redis, uv_strerror((int)length));
        return;
    }
    redis->is_late = false;
    redisReaderFeed(redis->reader, room->base, (size_t)length);
    take_answers(redis);
}

/* ── writing, deadlines ─────────────────────────────────────────────────────────────────────── */

static void written(uv_write_t *uv, int status) {
    RedisWrite *out = CONTAINER_OF(uv, RedisWrite, uv);
    Redis *redis = out->redis;

    alloc_free(out->bytes);
    alloc_free(out);
    if (status < 0 && status != UV_ECANCELED && is_connected(redis))
        drop(redis, uv_strerror(status));
}

static void write_out(Redis *redis) {
    RedisWrite *out;
    uv_buf_t buf;
    size_t length;

    if (redis->out.length == 0 || !is_connected(redis))
        return;
    out = alloc_zero(sizeof *out);
    out->redis = redis;
    out->bytes = buf_take(&redis->out, &length);
    buf = uv_buf_init(out->bytes, (unsigned)length);
    CHECK(uv_write(&out->uv, (uv_stream_t *)&redis->tcp, &buf, 1, written) == 0);
}

static void soon(void *context) {
    Redis *redis = context;

    write_out(redis);
    tell_failed(redis);
}

static void deadline_rang(void *context) {
    Redis *redis = context;

    if (redis->state == REDIS_PAUSED) {
        redis_connect(redis);
    } else if (redis->state != REDIS_UP) {
        drop(redis, "no connection in time");
    } else if (!redis->is_late) {
        /* When it was this process that stood still, the answer lies in the socket already. */
        redis->is_late = true;
        loop_timer_start(&redis->deadline, 1, 0);
    } else {
        drop(redis, "no answer in time");
    }
}

/* ── connecting ─────────────────────────────────────────────────────────────────────────────── */

static void greet(Redis *redis, const Str *args, uint32_t count) {
    RedisCall *call = alloc_zero(sizeof *call);

    call->is_greeting = true;
    redis_format_count(&redis->out, count);
    redis_format(&redis->out, args, count);
    call_sent(redis, call);
}

static void connected(uv_connect_t *connect, int status) {
    Redis *redis = connect->data;
    Str auth[3] = {STR("AUTH")};
    uint32_t count = 1;

    if (redis->state != REDIS_CONNECTING)
        return;
    if (status < 0) {
        drop(redis, uv_strerror(status));
        return;
    }
    redis->state = REDIS_GREETING;
    redis->reader = redisReaderCreate();
    CHECK(uv_read_start((uv_stream_t *)&redis->tcp, read_room, read_some) == 0);
    if (redis->user)
        auth[count++] = str_of(redis->user);
    if (redis->password)
        auth[count++] = str_of(redis->password);
    if (redis->password)
        greet(redis, auth, count);
    greet(redis, &STR("PING"), 1);
}

/* A peer that is gone without a word is noticed although nothing of ours waits for an answer. */
static void tcp_tune(Redis *redis) {
    unsigned user_timeout_ms = 10000;
    uv_os_fd_t fd;

    uv_tcp_nodelay(&redis->tcp, 1);
    uv_tcp_keepalive(&redis->tcp, 1, 10);
    if (uv_fileno((uv_handle_t *)&redis->tcp, &fd) == 0)
        setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &user_timeout_ms, sizeof user_timeout_ms);
}

static void resolved(uv_getaddrinfo_t *resolve, int status, struct addrinfo *found) {
    Redis *redis = resolve->data;
    int r;

    redis->is_resolving = false;
    if (redis->state == REDIS_CLOSING) {
        uv_freeaddrinfo(found);
        closing_goes_on(redis);
        return;
    }
    if (status < 0) {
        log_event(LOG_WARN, "redis.no_address", LOG_C("why", uv_strerror(status)));
        pause_begin(redis);
        return;
    }
    CHECK(uv_tcp_init(loop_uv(redis->loop), &redis->tcp) == 0);
    redis->tcp.data = redis;
    redis->is_tcp_open = true;
    redis->state = REDIS_CONNECTING;
    loop_timer_start(&redis->deadline, redis->connect_timeout_ms, 0);
    redis->connect.data = redis;
    r = uv_tcp_connect(&redis->connect, &redis->tcp, found->ai_addr, connected);
    uv_freeaddrinfo(found);
    tcp_tune(redis);
    if (r)
        drop(redis, uv_strerror(r));
}

static void redis_connect(Redis *redis) {
    struct addrinfo wanted = {.ai_socktype = SOCK_STREAM};
    int r;

    redis->state = REDIS_RESOLVING;
    redis->resolve.data = redis;
    redis->is_resolving = true;
    r = uv_getaddrinfo(loop_uv(redis->loop), &redis->resolve, resolved, redis->host, redis->port,
                       &wanted);
    if (r) {
        redis->is_resolving = false;
        pause_begin(redis);
    }
}

/* ── opening and closing ────────────────────────────────────────────────────────────────────── */

static void redis_free(Redis *redis) {
    buf_done(&redis->out);
    alloc_free(redis->host);
    alloc_free(redis->port);
    alloc_free(redis->user);
    alloc_free(redis->password);
    alloc_free(redis);
}

/* "host:port", "[v6]:port" */
static bool read_address(Redis *redis, const char *address) {
    const char *colon = address ? strrchr(address, ':') : NULL;
    Str host;
    int64_t port;

    if (!colon || !str_to_int64(str_of(colon + 1), 1, 65535, &port))
        return false;
    host = str_from(address, (size_t)(colon - address));
    if (str_starts(host, STR("[")) && str_ends(host, STR("]")))
        host = str_slice(host, 1, host.length - 2);
    redis->host = str_dup(host);
    redis->port = str_dup(str_of(colon + 1));
    return host.length > 0;
}

int redis_open(Loop *loop, const RedisSettings *settings, Redis **ret_redis) {
    Redis *redis = alloc_zero(sizeof *redis);

    if (!read_address(redis, settings->address)) {
        redis_free(redis);
        return fault_raise(-EINVAL);
    }
    redis->loop = loop;
    redis->user = settings->user ? str_dup(str_of(settings->user)) : NULL;
    redis->password = settings->password ? str_dup(str_of(settings->password)) : NULL;
    redis->connect_timeout_ms =
        settings->connect_timeout_ms > 0 ? settings->connect_timeout_ms : 1000;
    redis->command_timeout_ms =
        settings->command_timeout_ms > 0 ? settings->command_timeout_ms : 200;
    list_init(&redis->sent);
    list_init(&redis->failed);
    loop_timer_open(loop, &redis->soon, soon, redis);
    loop_timer_open(loop, &redis->deadline, deadline_rang, redis);
    redis->timers_open = 2;
    redis_connect(redis);
    *ret_redis = redis;
    return 0;
}

static void timer_closed(void *context) {
    Redis *redis = context;

    redis->timers_open--;
    closing_goes_on(redis);
}

/* The last one to close frees; whoever still waits for an answer is told before. */
static void closing_goes_on(Redis *redis) {
    LoopFn closed_fn = redis->closed_fn;
    void *closed_context = redis->closed_context;

    if (redis->timers_open > 0 || redis->is_tcp_open || redis->is_resolving)
        return;
    tell_failed(redis);
    redis_free(redis);
    if (closed_fn)
        closed_fn(closed_context);
}

void redis_close(Redis *redis, LoopFn closed_fn, void *context) {
    bool is_dropping = redis->state == REDIS_DROPPING;

    CHECK(redis->state != REDIS_CLOSING);
    redis->state = REDIS_CLOSING;
    redis->closed_fn = closed_fn;
    redis->closed_context = context;
    loop_timer_close(&redis->soon, timer_closed);
    loop_timer_close(&redis->deadline, timer_closed);
    if (redis->is_resolving)
        uv_cancel((uv_req_t *)&redis->resolve);
    if (!is_dropping)
        connection_end(redis);
}

bool redis_is_up(const Redis *redis) {
    return redis->state == REDIS_UP;
}

/* ── commands ───────────────────────────────────────────────────────────────────────────────── */

static RedisCall *call_new(RedisDoneFn done, void *context) {
    RedisCall *call = alloc_zero(sizeof *call);

    call->done = done;
    call->context = context;
    return call;
}

static void call_refused(void *context) {
    call_done(context, REDIS_E_UNAVAILABLE, NULL);
}

/* false: the call has failed already. */
static bool is_taken(Redis *redis, RedisCall *call) {
    if (redis->state == REDIS_CLOSING) {
        loop_post(redis->loop, call_refused, call);
        return false;
    }
    if (redis->state == REDIS_UP && redis->sent_count < CALLS_MAX)
        return true;
    call_fail(redis, call);
    return false;
}

void redis_command(Redis *redis, const Str *args, uint32_t count, RedisDoneFn done, void *context) {
    RedisCall *call = call_new(done, context);

    if (!is_taken(redis, call))
        return;
    redis_format_count(&redis->out, count);
    redis_format(&redis->out, args, count);
    call_sent(redis, call);
}

void redis_eval(Redis *redis, const RedisEval *eval, RedisDoneFn done, void *context) {
    RedisCall *call = call_new(done, context);
    char key_count[16];
    Str head[2] = {STR("EVALSHA")}, number;

    if (!is_taken(redis, call))
        return;
    redis_script_digest(eval->script);
    head[1] = str_of(eval->script->sha1);
    snprintf(key_count, sizeof key_count, "%" PRIu32, eval->key_count);
    number = str_of(key_count);
    call->script = eval->script;
    call->tail_count = 1 + eval->key_count + eval->arg_count;
    redis_format(&call->tail, &number, 1);
    redis_format(&call->tail, eval->keys, eval->key_count);
    redis_format(&call->tail, eval->args, eval->arg_count);

    redis_format_count(&redis->out, ARRAY_SIZE(head) + call->tail_count);
    redis_format(&redis->out, head, ARRAY_SIZE(head));
    buf_add_str(&redis->out, buf_str(&call->tail));
    call_sent(redis, call);
}
