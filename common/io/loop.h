#pragma once

/*
 * Loop: one libuv loop per process, timers, wake-ups from threads, readable file descriptors, and a
 * pool of lanes for blocking work.
 *
 * The contract of everything that is started on the loop:
 *   1. x_start() either returns an error, then the callback never comes, or 0: then it comes
 *      exactly once (timers with repeat: each time), later, from the loop.
 *   2. Calling somebody's done function is the last line of a function.
 *   3. Handles live inside their owner; the owner is freed only in its last close callback.
 */

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

typedef struct Loop Loop;

Loop *loop_new(void);
Loop *loop_free(Loop *loop); /* every handle must be closed, or closing */
uv_loop_t *loop_uv(Loop *loop);
void loop_run(Loop *loop);    /* until loop_stop() */
void loop_stop(Loop *loop);   /* from the loop's thread */
void loop_settle(Loop *loop); /* after loop_run(): turns without waiting, for close callbacks */
int64_t loop_now_ms(const Loop *loop); /* monotonic, cached per turn of the loop */

typedef void (*LoopFn)(void *context);

/* From any thread: fn runs on the loop soon. */
void loop_post(Loop *loop, LoopFn fn, void *context);

/* Timers embed a uv_timer_t in their owner. */
typedef struct LoopTimer {
    uv_timer_t uv;
    LoopFn fn;
    void *context;
    LoopFn closed_fn;
    bool is_open;
} LoopTimer;

void loop_timer_open(Loop *loop, LoopTimer *timer, LoopFn fn, void *context);
void loop_timer_start(LoopTimer *timer, int64_t delay_ms, int64_t repeat_ms);
void loop_timer_stop(LoopTimer *timer);
void loop_timer_close(LoopTimer *timer, LoopFn closed_fn); /* NULL: nobody waits */

/* A file descriptor that becomes readable (event fds of the bus). Not closed by the watch. */
typedef struct LoopWatch {
    uv_poll_t uv;
    LoopFn fn;
    void *context;
    LoopFn closed_fn;
    bool is_open;
} LoopWatch;

int loop_watch_open(Loop *loop, LoopWatch *watch, int fd, LoopFn fn, void *context);
/* Not looked at while stopped; starting what was not stopped does nothing. */
void loop_watch_stop(LoopWatch *watch);
void loop_watch_start(LoopWatch *watch);
void loop_watch_close(LoopWatch *watch, LoopFn closed_fn);

/*
 * Blocking work in lanes: work_fn runs in one of the threads with that thread's own lane (a
 * database connection, say), done_fn afterwards on the loop.
 */
typedef struct LanePool LanePool;

typedef struct LanePoolSpec {
    uint32_t threads;
    uint32_t queue_max;               /* work that waits; beyond it is refused */
    void *(*lane_new)(void *context); /* in the lane's thread; NULL: lanes are NULL */
    void (*lane_free)(void *lane);
    void *context;
} LanePoolSpec;

LanePool *lane_pool_new(Loop *loop, const LanePoolSpec *spec);
/* Waits for running work; what waits is dropped, and no done_fn is called any more. */
LanePool *lane_pool_free(LanePool *pool);
/* 0, or 1: the queue is full (answer 503). From the loop's thread. */
int lane_pool_run(LanePool *pool, void (*work_fn)(void *lane, void *context), LoopFn done_fn,
                  void *context);
uint32_t lane_pool_waiting(LanePool *pool);
