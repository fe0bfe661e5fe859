/*
 * Redis on the loop against a real server: HEADRACE_REDIS names it, the file HEADRACE_RUN/redis
 * begins with its process id. It is stopped, continued and killed here; whoever runs this program
 * starts it again.
 */

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/alloc.h"
#include "common/io/clock.h"
#include "common/io/redis.h"

#define WAIT_MS 10000

typedef struct Answer {
    int count;
    int r;
    int64_t number;
    char text[200];
    int64_t at_ms;
} Answer;

typedef struct Bench {
    Loop *loop;
    Redis *redis;
    LoopTimer timer;
    bool is_over, is_closed;
} Bench;

static void answered(void *context, int r, const RedisReply *reply) {
    Answer *answer = context;
    Str text = redis_reply_str(reply);

    answer->count++;
    answer->r = r;
    answer->number = redis_reply_int(reply);
    answer->at_ms = clock_monotonic_ms();
    snprintf(answer->text, sizeof answer->text, "%.*s", STR_ARGS(text));
}

static void time_is_over(void *context) {
    Bench *bench = context;

    bench->is_over = true;
}

static void bench_closed(void *context) {
    Bench *bench = context;

    bench->is_closed = true;
}

/* Runs the loop until the condition holds or the time is over. */
#define RUN_UNTIL(bench, condition, limit_ms)                                                      \
    do {                                                                                           \
        (bench)->is_over = false;                                                                  \
        loop_timer_start(&(bench)->timer, (limit_ms), 0);                                          \
        while (!(condition) && !(bench)->is_over)                                                  \
            uv_run(loop_uv((bench)->loop), UV_RUN_ONCE);                                           \
        loop_timer_stop(&(bench)->timer);                                                          \
    } while (0)

static void bench_open(Bench *bench, const char *address) {
    *bench = (Bench){.loop = loop_new()};
    loop_timer_open(bench->loop, &bench->timer, time_is_over, bench);
    cr_assert_eq(redis_open(bench->loop,
                            &(RedisSettings){.address = address,
                                             .connect_timeout_ms = 1000,
                                             .command_timeout_ms = 200},
                            &bench->redis),
                 0);
}

static void bench_up(Bench *bench) {
    bench_open(bench, getenv("HEADRACE_REDIS"));
    RUN_UNTIL(bench, redis_is_up(bench->redis), WAIT_MS);
    cr_assert(redis_is_up(bench->redis));
}

static void bench_close(Bench *bench) {
    redis_close(bench->redis, bench_closed, bench);
    RUN_UNTIL(bench, bench->is_closed, WAIT_MS);
    cr_assert(bench->is_closed);
    loop_timer_close(&bench->timer, NULL);
    cr_assert_null(loop_free(bench->loop));
}

/* One command of space-separated words, its answer waited for. */
static Answer ask(Bench *bench, const char *line) {
    Answer answer = {0};
    Str words[8], rest = str_of(line);
    uint32_t count = 0;

    while (rest.data)
        words[count++] = str_split(&rest, ' ');
    redis_command(bench->redis, words, count, answered, &answer);
    cr_assert_eq(answer.count, 0, "never before the call has returned");
    RUN_UNTIL(bench, answer.count > 0, WAIT_MS);
    cr_assert_eq(answer.count, 1);
    return answer;
}

static pid_t server(void) {
    char path[400], text[32] = "";
    FILE *file;

    snprintf(path, sizeof path, "%s/redis", getenv("HEADRACE_RUN"));
    file = fopen(path, "r");
    cr_assert(file && fgets(text, sizeof text, file), "%s", path);
    fclose(file);
    return (pid_t)strtol(text, NULL, 10);
}

Test(io_redis, commands_are_answered_in_order, .timeout = 30) {
    Bench bench;
    Answer answers[1000] = {0};
    Str args[] = {STR("INCR"), STR("io_redis_order")};

    bench_up(&bench);
    ask(&bench, "DEL io_redis_order");
    for (int i = 0; i < 1000; i++)
        redis_command(bench.redis, args, 2, answered, &answers[i]);
    RUN_UNTIL(&bench, answers[999].count > 0, WAIT_MS);
    for (int i = 0; i < 1000; i++) {
        cr_assert_eq(answers[i].count, 1);
        cr_assert_eq(answers[i].r, 0);
        cr_assert_eq(answers[i].number, i + 1);
    }
    bench_close(&bench);
}

Test(io_redis, bytes_go_and_come_unchanged_and_nothing_is_null, .timeout = 30) {
    Bench bench;
    Answer answer = {0};
    Str args[] = {STR("SET"), STR("io_redis_bytes"), str_from("a\0\r\nb", 5)};

    bench_up(&bench);
    redis_command(bench.redis, args, 3, answered, &answer);
    RUN_UNTIL(&bench, answer.count > 0, WAIT_MS);
    cr_expect_str_eq(answer.text, "OK");
    cr_expect_eq(ask(&bench, "STRLEN io_redis_bytes").number, 5);
    ask(&bench, "DEL io_redis_bytes");
    cr_expect_str_eq(ask(&bench, "GET io_redis_bytes").text, "");
    bench_close(&bench);
}

Test(io_redis, an_error_is_an_error_and_the_connection_stays, .timeout = 30) {
    Bench bench;
    Answer answer;

    bench_up(&bench);
    answer = ask(&bench, "NOSUCHCOMMAND");
    cr_expect_eq(answer.r, REDIS_E_ERROR);
    cr_expect_not_null(strstr(answer.text, "unknown command"));
    cr_expect(redis_is_up(bench.redis));
    bench_close(&bench);
}

Test(io_redis, a_script_is_loaded_when_redis_forgot_it, .timeout = 30) {
    Bench bench;
    RedisScript script = {.source = "return {KEYS[1], ARGV[1], ARGV[2] * 2}"};
    Str keys[] = {STR("k")}, args[] = {STR("a"), STR("21")};
    RedisEval eval = {
        .script = &script, .keys = keys, .args = args, .key_count = 1, .arg_count = 2};

    bench_up(&bench);
    for (int round = 0; round < 3; round++) {
        Answer answers[3] = {0};

        cr_expect_str_eq(ask(&bench, "SCRIPT FLUSH").text, "OK");
        for (int i = 0; i < 3; i++)
            redis_eval(bench.redis, &eval, answered, &answers[i]);
        RUN_UNTIL(&bench, answers[0].count && answers[1].count && answers[2].count, WAIT_MS);
        for (int i = 0; i < 3; i++) {
            cr_expect_eq(answers[i].count, 1);
            cr_expect_eq(answers[i].r, 0);
        }
    }
    cr_expect_eq(strlen(script.sha1), 40);
    bench_close(&bench);
}

Test(io_redis, a_server_that_stands_still_is_refused_in_time_and_used_again_later, .timeout = 60) {
    Bench bench;
    Answer answers[3] = {0};
    Str args[] = {STR("PING")};
    int64_t begin_ms;

    bench_up(&bench);
    kill(server(), SIGSTOP);
    begin_ms = clock_monotonic_ms();
    for (int i = 0; i < 3; i++)
        redis_command(bench.redis, args, 1, answered, &answers[i]);
    RUN_UNTIL(&bench, answers[2].count > 0, WAIT_MS);
    for (int i = 0; i < 3; i++) {
        cr_expect_eq(answers[i].count, 1);
        cr_expect_eq(answers[i].r, REDIS_E_UNAVAILABLE);
        cr_expect_lt(answers[i].at_ms - begin_ms, 400);
    }
    cr_expect_not(redis_is_up(bench.redis));

    begin_ms = clock_monotonic_ms();
    cr_expect_eq(ask(&bench, "PING").r, REDIS_E_UNAVAILABLE);
    cr_expect_lt(clock_monotonic_ms() - begin_ms, 50, "refused at once while it is down");
    RUN_UNTIL(&bench, false, 3000); /* the kernel still accepts, nobody greets */
    cr_expect_not(redis_is_up(bench.redis));

    kill(server(), SIGCONT);
    RUN_UNTIL(&bench, redis_is_up(bench.redis), WAIT_MS);
    cr_assert(redis_is_up(bench.redis));
    cr_expect_eq(ask(&bench, "PING").r, 0);
    bench_close(&bench);
}

Test(io_redis, answers_that_came_while_this_process_stood_still_are_taken, .timeout = 30) {
    Bench bench;
    Answer answer = {0};
    Str args[] = {STR("PING")};

    bench_up(&bench);
    redis_command(bench.redis, args, 1, answered, &answer);
    uv_run(loop_uv(bench.loop), UV_RUN_NOWAIT);
    uv_run(loop_uv(bench.loop), UV_RUN_NOWAIT);
    usleep(600000);
    RUN_UNTIL(&bench, answer.count > 0, WAIT_MS);
    cr_expect_eq(answer.r, 0);
    cr_expect(redis_is_up(bench.redis));
    bench_close(&bench);
}

Test(io_redis, a_connection_that_is_killed_is_opened_again, .timeout = 30) {
    Bench bench, other;
    Answer waiting = {0};
    Str args[] = {STR("BLPOP"), STR("io_redis_never"), STR("0.1")};

    bench_up(&bench);
    bench_up(&other);
    redis_command(bench.redis, args, 3, answered, &waiting);
    uv_run(loop_uv(bench.loop), UV_RUN_NOWAIT);
    uv_run(loop_uv(bench.loop), UV_RUN_NOWAIT);
    ask(&other, "CLIENT KILL TYPE normal");
    RUN_UNTIL(&bench, waiting.count > 0, WAIT_MS);
    cr_expect_eq(waiting.r, REDIS_E_UNAVAILABLE);
    RUN_UNTIL(&bench, redis_is_up(bench.redis), WAIT_MS);
    cr_expect_eq(ask(&bench, "PING").r, 0);
    bench_close(&bench);
    bench_close(&other);
}

Test(io_redis, nobody_listening_refuses_at_once_and_closes_cleanly, .timeout = 30) {
    Bench bench;

    bench_open(&bench, "127.0.0.1:1");
    for (int i = 0; i < 5; i++) {
        cr_expect_eq(ask(&bench, "PING").r, REDIS_E_UNAVAILABLE);
        RUN_UNTIL(&bench, false, 60);
    }
    bench_close(&bench);
}

Test(io_redis, closing_tells_everybody_who_waits, .timeout = 30) {
    Bench bench;
    Answer answers[5] = {0};
    Str args[] = {STR("BLPOP"), STR("io_redis_never"), STR("5")};

    bench_up(&bench);
    for (int i = 0; i < 5; i++)
        redis_command(bench.redis, args, 3, answered, &answers[i]);
    bench_close(&bench);
    for (int i = 0; i < 5; i++) {
        cr_expect_eq(answers[i].count, 1);
        cr_expect_eq(answers[i].r, REDIS_E_UNAVAILABLE);
    }
}

Test(io_redis, closing_in_any_state_is_clean, .timeout = 30) {
    Bench bench;

    for (int turns = 0; turns < 12; turns++) {
        bench_open(&bench, turns % 2 ? "127.0.0.1:1" : getenv("HEADRACE_REDIS"));
        for (int i = 0; i < turns / 2; i++) {
            usleep(2000);
            uv_run(loop_uv(bench.loop), UV_RUN_NOWAIT);
        }
        bench_close(&bench);
    }
    bench_open(&bench, "no.such.host.invalid:6379");
    bench_close(&bench);
}

Test(io_redis, an_address_without_a_port_is_a_fault) {
    Loop *loop = loop_new();
    Redis *redis = NULL;
    const char *wrong[] = {"localhost", ":6379", "h:0", "h:66666", "", NULL};

    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
        cr_expect_lt(redis_open(loop, &(RedisSettings){.address = wrong[i]}, &redis), 0);
    loop_free(loop);
}

Test(io_redis, a_server_that_is_killed_is_used_again_when_it_is_back, .timeout = 60) {
    Bench bench;

    bench_up(&bench);
    kill(server(), SIGKILL);
    RUN_UNTIL(&bench, !redis_is_up(bench.redis), WAIT_MS);
    cr_assert_not(redis_is_up(bench.redis));
    cr_expect_eq(ask(&bench, "PING").r, REDIS_E_UNAVAILABLE);
    RUN_UNTIL(&bench, redis_is_up(bench.redis), 40000);
    cr_assert(redis_is_up(bench.redis));
    cr_expect_eq(ask(&bench, "PING").r, 0);
    bench_close(&bench);
}
