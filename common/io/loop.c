/*
 * The loop: libuv with our contract around it.
 *
 * Runs on: loop; loop_post() on any thread.
 */

#include "common/io/loop.h"

#include <pthread.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/base/fault.h"
#include "common/io/log.h"

#define LAST_TURNS_MAX 100 /* close callbacks that close something else, and so on */

typedef struct Post {
    LoopFn fn;
    void *context;
    struct Post *next;
} Post;

struct Loop {
    uv_loop_t uv;
    uv_async_t wake;
    pthread_mutex_t lock; /* of the posts */
    Post *first;
    Post *last;
};

/* ── posts ──────────────────────────────────────────────────────────────────────────────────── */

static Post *take_posts(Loop *loop) {
    Post *first;

    pthread_mutex_lock(&loop->lock);
    first = loop->first;
    loop->first = NULL;
    loop->last = NULL;
    pthread_mutex_unlock(&loop->lock);
    return first;
}

/* One turn serves what is there now; what these functions post is served in the next. */
static void serve_posts(uv_async_t *wake) {
    Post *post = take_posts(CONTAINER_OF(wake, Loop, wake));

    while (post) {
        Post *next = post->next;
        LoopFn fn = post->fn;
        void *context = post->context;

        alloc_free(post);
        post = next;
        fn(context);
    }
}

void loop_post(Loop *loop, LoopFn fn, void *context) {
    Post *post = alloc_zero(sizeof *post);

    post->fn = fn;
    post->context = context;
    pthread_mutex_lock(&loop->lock);
    if (loop->last)
        loop->last->next = post;
    else
        loop->first = post;
    loop->last = post;
    pthread_mutex_unlock(&loop->lock);
    uv_async_send(&loop->wake);
}

/* ── the loop ───────────────────────────────────────────────────────────────────────────────── */

Loop *loop_new(void) {
    Loop *loop = alloc_zero(sizeof *loop);

    CHECK(uv_loop_init(&loop->uv) == 0);
    CHECK(uv_async_init(&loop->uv, &loop->wake, serve_posts) == 0);
    pthread_mutex_init(&loop->lock, NULL);
    return loop;
}

void loop_settle(Loop *loop) {
    serve_posts(&loop->wake);
    for (int i = 0; i < LAST_TURNS_MAX; i++)
        uv_run(&loop->uv, UV_RUN_NOWAIT);
}

/* Owners have closed their handles; their last callbacks still want their turns. */
Loop *loop_free(Loop *loop) {
    if (!loop)
        return NULL;
    loop_settle(loop);
    uv_close((uv_handle_t *)&loop->wake, NULL);
    uv_run(&loop->uv, UV_RUN_NOWAIT);
    if (uv_loop_close(&loop->uv)) {
        /* Somebody's handle is open: its memory may be in use, so nothing is freed. */
        log_event(LOG_WARN, "loop.handles_left");
        return NULL;
    }
    for (Post *post = take_posts(loop), *next; post; post = next) {
        next = post->next;
        alloc_free(post);
    }
    pthread_mutex_destroy(&loop->lock);
    return alloc_free(loop);
}

uv_loop_t *loop_uv(Loop *loop) {
    return &loop->uv;
}

void loop_run(Loop *loop) {
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void loop_stop(Loop *loop) {
    uv_stop(&loop->uv);
}

int64_t loop_now_ms(const Loop *loop) {
    return (int64_t)uv_now(&loop->uv);
}

/* ── timers ─────────────────────────────────────────────────────────────────────────────────── */

void loop_timer_open(Loop *loop, LoopTimer *timer, LoopFn fn, void *context) {
    *timer = (LoopTimer){.fn = fn, .context = context, .is_open = true};
    CHECK(uv_timer_init(&loop->uv, &timer->uv) == 0);
}

static void timer_rang(uv_timer_t *uv) {
    LoopTimer *timer = CONTAINER_OF(uv, LoopTimer, uv);

    timer->fn(timer->context);
}

void loop_timer_start(LoopTimer *timer, int64_t delay_ms, int64_t repeat_ms) {
    CHECK(timer->is_open);
    /* libuv counts from the start of its turn: after a long callback that is long ago. */
    uv_update_time(timer->uv.loop);
    CHECK(uv_timer_start(&timer->uv, timer_rang, (uint64_t)MAX(delay_ms, 0),
                         (uint64_t)MAX(repeat_ms, 0)) == 0);
}

void loop_timer_stop(LoopTimer *timer) {
    CHECK(timer->is_open);
    uv_timer_stop(&timer->uv);
}

static void timer_closed(uv_handle_t *handle) {
    LoopTimer *timer = CONTAINER_OF((uv_timer_t *)handle, LoopTimer, uv);

    if (timer->closed_fn)
        timer->closed_fn(timer->context);
}

void loop_timer_close(LoopTimer *timer, LoopFn closed_fn) {
    CHECK(timer->is_open);
    timer->is_open = false;
    timer->closed_fn = closed_fn;
    uv_close((uv_handle_t *)&timer->uv, timer_closed);
}

/* ── watches ────────────────────────────────────────────────────────────────────────────────── */

/* An error of the descriptor is for the owner to find when it reads. */
static void watch_readable(uv_poll_t *uv, int status, int events) {
    LoopWatch *watch = CONTAINER_OF(uv, LoopWatch, uv);

    (void)status;
    (void)events;
    watch->fn(watch->context);
}

static void watch_closed(uv_handle_t *handle) {
    LoopWatch *watch = CONTAINER_OF((uv_poll_t *)handle, LoopWatch, uv);

    if (watch->closed_fn)
        watch->closed_fn(watch->context);
}

int loop_watch_open(Loop *loop, LoopWatch *watch, int fd, LoopFn fn, void *context) {
    int r;

    *watch = (LoopWatch){.fn = fn, .context = context};
    r = uv_poll_init(&loop->uv, &watch->uv, fd);
    if (r)
        return fault_raise(r);
    watch->is_open = true;
    loop_watch_start(watch);
    return 0;
}

void loop_watch_stop(LoopWatch *watch) {
    CHECK(watch->is_open);
    uv_poll_stop(&watch->uv);
}

void loop_watch_start(LoopWatch *watch) {
    CHECK(watch->is_open);
    CHECK(uv_poll_start(&watch->uv, UV_READABLE, watch_readable) == 0);
}

void loop_watch_close(LoopWatch *watch, LoopFn closed_fn) {
    CHECK(watch->is_open);
    watch->is_open = false;
    watch->closed_fn = closed_fn;
    uv_close((uv_handle_t *)&watch->uv, watch_closed);
}
