#include <criterion/criterion.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/io/clock.h"
#include "common/io/loop.h"

typedef struct Scene {
    Loop *loop;
    LoopTimer timer;
    LoopWatch watch;
    int fd;
    int count;
    int closed;
    int stop_at;
} Scene;

static void step(void *context) {
    Scene *scene = context;

    if (++scene->count == scene->stop_at)
        loop_stop(scene->loop);
}

static void closed(void *context) {
    ((Scene *)context)->closed++;
}

static void *post_many(void *context) {
    Scene *scene = context;

    for (int i = 0; i < 1000; i++)
        loop_post(scene->loop, step, scene);
    return NULL;
}

Test(loop, what_any_thread_posts_runs_on_the_loop_once, .timeout = 20) {
    Scene scene = {.loop = loop_new(), .stop_at = 4000};
    pthread_t threads[4];

    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, post_many, &scene);
    loop_run(scene.loop);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    loop_settle(scene.loop);
    cr_expect_eq(scene.count, 4000);
    cr_expect_null(loop_free(scene.loop));
}

static void post_again(void *context) {
    Scene *scene = context;

    if (++scene->count < 50)
        loop_post(scene->loop, post_again, scene);
    else
        loop_stop(scene->loop);
}

Test(loop, a_post_may_post_again_and_the_stack_does_not_grow, .timeout = 20) {
    Scene scene = {.loop = loop_new()};

    loop_post(scene.loop, post_again, &scene);
    cr_expect_eq(scene.count, 0, "never before loop_post() has returned");
    loop_run(scene.loop);
    cr_expect_eq(scene.count, 50);
    loop_free(scene.loop);
}

Test(loop, posts_that_were_not_served_are_served_at_the_end) {
    Scene scene = {.loop = loop_new()};

    loop_post(scene.loop, step, &scene);
    loop_free(scene.loop);
    cr_expect_eq(scene.count, 1);
}

Test(loop, a_timer_rings_after_its_time_and_again_when_it_repeats, .timeout = 20) {
    Scene scene = {.loop = loop_new(), .stop_at = 4};
    int64_t begin_ms = clock_monotonic_ms();

    loop_timer_open(scene.loop, &scene.timer, step, &scene);
    loop_timer_start(&scene.timer, 50, 20);
    loop_run(scene.loop);
    cr_expect_eq(scene.count, 4);
    cr_expect_geq(clock_monotonic_ms() - begin_ms, 108);
    loop_timer_close(&scene.timer, closed);
    cr_expect_eq(scene.closed, 0);
    loop_free(scene.loop);
    cr_expect_eq(scene.closed, 1);
}

Test(loop, a_timer_counts_from_now_even_after_a_long_callback, .timeout = 20) {
    Scene scene = {.loop = loop_new(), .stop_at = 1};
    int64_t begin_ms;

    loop_timer_open(scene.loop, &scene.timer, step, &scene);
    usleep(150000);
    begin_ms = clock_monotonic_ms();
    loop_timer_start(&scene.timer, 100, 0);
    loop_run(scene.loop);
    cr_expect_geq(clock_monotonic_ms() - begin_ms, 98);
    loop_timer_close(&scene.timer, NULL);
    loop_free(scene.loop);
}

Test(loop, a_stopped_timer_does_not_ring) {
    Scene scene = {.loop = loop_new()};

    loop_timer_open(scene.loop, &scene.timer, step, &scene);
    loop_timer_start(&scene.timer, 1, 0);
    loop_timer_stop(&scene.timer);
    usleep(5000);
    loop_settle(scene.loop);
    cr_expect_eq(scene.count, 0);
    loop_timer_close(&scene.timer, NULL);
    loop_free(scene.loop);
}

static void drain(void *context) {
    Scene *scene = context;
    eventfd_t value;

    eventfd_read(scene->fd, &value);
    step(context);
}

static void *write_soon(void *context) {
    Scene *scene = context;

    usleep(20000);
    eventfd_write(scene->fd, 1);
    return NULL;
}

Test(loop, a_watch_tells_when_a_descriptor_becomes_readable, .timeout = 20) {
    Scene scene = {.loop = loop_new(), .fd = eventfd(0, EFD_NONBLOCK), .stop_at = 1};
    pthread_t thread;

    cr_assert_eq(loop_watch_open(scene.loop, &scene.watch, scene.fd, drain, &scene), 0);
    loop_settle(scene.loop);
    cr_expect_eq(scene.count, 0);
    pthread_create(&thread, NULL, write_soon, &scene);
    loop_run(scene.loop);
    pthread_join(thread, NULL);
    cr_expect_eq(scene.count, 1);
    loop_watch_close(&scene.watch, closed);
    loop_settle(scene.loop);
    cr_expect_eq(scene.closed, 1);
    loop_free(scene.loop);
    close(scene.fd);
}

Test(loop, a_descriptor_that_is_none_cannot_be_watched) {
    Scene scene = {.loop = loop_new()};

    cr_expect_lt(loop_watch_open(scene.loop, &scene.watch, -1, drain, &scene), 0);
    cr_expect_not(scene.watch.is_open);
    loop_free(scene.loop);
}
