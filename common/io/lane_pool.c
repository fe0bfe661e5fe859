/*
 * A few threads for work that waits, so that the loop never does.
 *
 *   loop: lane_pool_run ──► waiting ──► a lane runs it ──► finished ──► loop: done_fn
 *
 * Runs on: loop, but for lane_live().
 */

#include <pthread.h>

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/base/list.h"
#include "common/io/loop.h"

typedef struct LaneWork {
    ListNode node;  /* in waiting or in finished */
    LanePool *pool; /* NULL: the pool is gone, nobody waits for the end */
    void (*work_fn)(void *lane, void *context);
    LoopFn done_fn;
    void *context;
} LaneWork;

struct LanePool {
    Loop *loop;
    LanePoolSpec spec;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    ListNode waiting;
    ListNode finished; /* its end is posted to the loop */
    uint32_t waiting_count;
    bool is_stopping;
    pthread_t threads[];
};

static void work_ended(void *context) {
    LaneWork *work = context;
    LoopFn done_fn = work->done_fn;
    void *done_context = work->context;
    bool is_wanted = work->pool != NULL;

    if (is_wanted) {
        pthread_mutex_lock(&work->pool->lock);
        list_drop(&work->node);
        pthread_mutex_unlock(&work->pool->lock);
    }
    alloc_free(work);
    if (is_wanted && done_fn)
        done_fn(done_context);
}

/* The oldest work, waiting for it; NULL: the pool stops. */
static LaneWork *next_work(LanePool *pool) {
    LaneWork *work = NULL;

    pthread_mutex_lock(&pool->lock);
    while (!pool->is_stopping && list_is_empty(&pool->waiting))
        pthread_cond_wait(&pool->changed, &pool->lock);
    if (!pool->is_stopping) {
        work = CONTAINER_OF(list_first(&pool->waiting), LaneWork, node);
        list_drop(&work->node);
        pool->waiting_count--;
    }
    pthread_mutex_unlock(&pool->lock);
    return work;
}

static void *lane_live(void *context) {
    LanePool *pool = context;
    void *lane = pool->spec.lane_new ? pool->spec.lane_new(pool->spec.context) : NULL;
    LaneWork *work;

    while ((work = next_work(pool))) {
        work->work_fn(lane, work->context);
        pthread_mutex_lock(&pool->lock);
        list_push_last(&pool->finished, &work->node);
        loop_post(pool->loop, work_ended, work);
        pthread_mutex_unlock(&pool->lock);
    }
    if (pool->spec.lane_free)
        pool->spec.lane_free(lane);
    return NULL;
}

LanePool *lane_pool_new(Loop *loop, const LanePoolSpec *spec) {
    LanePool *pool = alloc_zero(sizeof *pool + spec->threads * sizeof(pthread_t));

    CHECK(spec->threads > 0);
    pool->loop = loop;
    pool->spec = *spec;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->changed, NULL);
    list_init(&pool->waiting);
    list_init(&pool->finished);
    for (uint32_t i = 0; i < spec->threads; i++)
        CHECK(pthread_create(&pool->threads[i], NULL, lane_live, pool) == 0);
    return pool;
}

LanePool *lane_pool_free(LanePool *pool) {
    if (!pool)
        return NULL;
    pthread_mutex_lock(&pool->lock);
    pool->is_stopping = true;
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
    for (uint32_t i = 0; i < pool->spec.threads; i++)
        pthread_join(pool->threads[i], NULL);

    LIST_FOR_EACH(node, &pool->waiting)
    alloc_free(CONTAINER_OF(node, LaneWork, node));
    LIST_FOR_EACH(node, &pool->finished)
    CONTAINER_OF(node, LaneWork, node)->pool = NULL; /* freed by its post */
    pthread_mutex_destroy(&pool->lock);
    pthread_cond_destroy(&pool->changed);
    return alloc_free(pool);
}

int lane_pool_run(LanePool *pool, void (*work_fn)(void *lane, void *context), LoopFn done_fn,
                  void *context) {
    LaneWork *work;
    bool is_full;

    pthread_mutex_lock(&pool->lock);
    is_full = pool->waiting_count >= pool->spec.queue_max;
    if (!is_full) {
        work = alloc_zero(sizeof *work);
        *work =
            (LaneWork){.pool = pool, .work_fn = work_fn, .done_fn = done_fn, .context = context};
        list_push_last(&pool->waiting, &work->node);
        pool->waiting_count++;
        pthread_cond_signal(&pool->changed);
    }
    pthread_mutex_unlock(&pool->lock);
    return is_full;
}

uint32_t lane_pool_waiting(LanePool *pool) {
    uint32_t count;

    pthread_mutex_lock(&pool->lock);
    count = pool->waiting_count;
    pthread_mutex_unlock(&pool->lock);
    return count;
}
