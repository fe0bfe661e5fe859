#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "common/io/loop.h"

typedef struct Scene {
    Loop *loop;
    LanePool *pool;
    atomic_int worked;
    atomic_int lanes_made, lanes_freed;
    atomic_int most_at_once, at_once;
    int done;
    int stop_at;
    int usleep_us;
    pthread_t loop_thread;
    bool is_elsewhere; /* some done_fn ran on another thread */
} Scene;

static void *lane_made(void *context) {
    atomic_fetch_add(&((Scene *)context)->lanes_made, 1);
    return context;
}

static void lane_freed(void *lane) {
    atomic_fetch_add(&((Scene *)lane)->lanes_freed, 1);
}

static void work(void *lane, void *context) {
    Scene *scene = context;
    int now = atomic_fetch_add(&scene->at_once, 1) + 1;
    int most = atomic_load(&scene->most_at_once);

    cr_assert_eq(lane, context);
    while (now > most && !atomic_compare_exchange_weak(&scene->most_at_once, &most, now))
        continue;
    usleep((useconds_t)scene->usleep_us);
    atomic_fetch_add(&scene->worked, 1);
    atomic_fetch_sub(&scene->at_once, 1);
}

static void work_done(void *context) {
    Scene *scene = context;

    scene->is_elsewhere |= !pthread_equal(scene->loop_thread, pthread_self());
    if (++scene->done == scene->stop_at)
        loop_stop(scene->loop);
}

static Scene *scene_new(uint32_t threads, uint32_t queue_max, int usleep_us) {
    static Scene scene;

    scene = (Scene){
        .loop = loop_new(), .usleep_us = usleep_us, .loop_thread = pthread_self(), .stop_at = -1};
    scene.pool = lane_pool_new(scene.loop, &(LanePoolSpec){.threads = threads,
                                                           .queue_max = queue_max,
                                                           .lane_new = lane_made,
                                                           .lane_free = lane_freed,
                                                           .context = &scene});
    return &scene;
}

Test(lane_pool, work_runs_in_lanes_and_ends_on_the_loop, .timeout = 20) {
    Scene *scene = scene_new(3, 1000, 1000);

    scene->stop_at = 300;
    for (int i = 0; i < 300; i++)
        cr_assert_eq(lane_pool_run(scene->pool, work, work_done, scene), 0);
    loop_run(scene->loop);
    cr_expect_eq(atomic_load(&scene->worked), 300);
    cr_expect_eq(scene->done, 300);
    cr_expect_not(scene->is_elsewhere);
    cr_expect_geq(atomic_load(&scene->most_at_once), 2);
    cr_expect_leq(atomic_load(&scene->most_at_once), 3);
    lane_pool_free(scene->pool);
    cr_expect_eq(atomic_load(&scene->lanes_made), 3);
    cr_expect_eq(atomic_load(&scene->lanes_freed), 3);
    cr_expect_null(loop_free(scene->loop));
}

Test(lane_pool, a_full_queue_refuses_and_what_was_taken_is_done, .timeout = 20) {
    Scene *scene = scene_new(1, 5, 20000);
    int taken = 0;

    for (int i = 0; i < 50; i++)
        taken += lane_pool_run(scene->pool, work, work_done, scene) == 0;
    cr_expect_geq(taken, 5);
    cr_expect_leq(taken, 7);
    cr_expect_geq(lane_pool_waiting(scene->pool), 4);
    scene->stop_at = taken;
    loop_run(scene->loop);
    cr_expect_eq(lane_pool_waiting(scene->pool), 0);
    cr_expect_eq(scene->done, taken);
    cr_expect_eq(lane_pool_run(scene->pool, work, NULL, scene), 0, "room again");
    lane_pool_free(scene->pool);
    loop_free(scene->loop);
}

Test(lane_pool, freeing_waits_for_running_work_and_tells_nobody, .timeout = 20) {
    Scene *scene = scene_new(2, 100, 50000);

    for (int i = 0; i < 20; i++)
        lane_pool_run(scene->pool, work, work_done, scene);
    usleep(70000); /* some are done and not told, some run, most wait */
    lane_pool_free(scene->pool);
    cr_expect_eq(atomic_load(&scene->at_once), 0);
    cr_expect_lt(atomic_load(&scene->worked), 20);
    cr_expect_eq(atomic_load(&scene->lanes_freed), 2);
    cr_expect_null(loop_free(scene->loop));
    cr_expect_eq(scene->done, 0);
}
