/* Leases against a real Redis: HEADRACE_REDIS names one whose keys may be dropped. */

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "common/io/clock.h"
#include "worker/lease.h"

#define LIFE_MS 2000
#define OUTCOMES_MS 1000

static Loop *loop;
static Redis *redis;
static Leases *leases;
static LeaseAnswer answers[4];
static char outcomes[4][64];
static bool kept[4];

static void stop(void *context) {
    loop_stop(context);
}

/* Runs the loop until what was asked for has been told. */
static void claimed(void *context, const LeaseGrant *grants, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        answers[i] = grants[i].answer;
        snprintf(outcomes[i], sizeof outcomes[i], "%.*s", STR_ARGS(grants[i].outcome));
    }
    loop_stop(context);
}

static void renewed(void *context, const bool *told, uint32_t count) {
    memcpy(kept, told, count * sizeof *told);
    loop_stop(context);
}

static void answered(void *context, int r, const RedisReply *reply) {
    cr_assert_eq(r, 0);
    (void)reply;
    loop_stop(context);
}

static void command(const char *word, const char *key) {
    Str args[] = {str_of(word), str_of(key)};

    redis_command(redis, args, key ? 2 : 1, answered, loop);
    loop_run(loop);
}

static void counted(void *context, int r, const RedisReply *reply) {
    cr_assert_eq(r, 0);
    snprintf(outcomes[0], sizeof outcomes[0], "%.*s", STR_ARGS(redis_reply_str(reply)));
    loop_stop(context);
}

static void expect_count(const char *key, int count) {
    Str args[] = {STR("GET"), str_of(key)};

    redis_command(redis, args, 2, counted, loop);
    loop_run(loop);
    cr_expect_eq(strtol(outcomes[0], NULL, 10), count, "%s", outcomes[0]);
}

static void wait_ms(int64_t ms) {
    LoopTimer timer;

    loop_timer_open(loop, &timer, stop, loop);
    loop_timer_start(&timer, ms, 0);
    loop_run(loop);
    loop_timer_close(&timer, stop);
    loop_run(loop);
}

static void open_redis(void) {
    loop = loop_new();
    cr_assert_eq(redis_open(loop, &(RedisSettings){.address = getenv("HEADRACE_REDIS")}, &redis),
                 0);
    for (int i = 0; i < 100 && !redis_is_up(redis); i++)
        wait_ms(20);
    cr_assert(redis_is_up(redis));
    leases = leases_new(
        redis, &(LeaseSettings){
                   .loop = loop, .worker = "w1", .life_ms = LIFE_MS, .outcomes_ms = OUTCOMES_MS});
}

static void close_redis(void) {
    leases = leases_free(leases);
    redis_close(redis, stop, loop);
    loop_run(loop);
    loop = loop_free(loop);
}

TestSuite(worker_lease, .init = open_redis, .fini = close_redis, .timeout = 30);

static StepTask a_task(void) {
    return (StepTask){.execution = {clock_uuid_v7()},
                      .chain = 3,
                      .node = 1,
                      .attempt = 1,
                      .epoch = 5,
                      .dispatch_no = 1};
}

static Lease lease_of(const StepTask *task, uint64_t nonce) {
    Lease lease;

    lease_name(leases, task, nonce, &lease);
    return lease;
}

static LeaseAnswer claim(const Lease *lease) {
    leases_claim(leases, &lease, 1, claimed, loop);
    loop_run(loop);
    return answers[0];
}

/* It goes out a turn later, and the first use of a script is sent twice: wait for that. */
static void release(const Lease *lease, LeaseMemory memory, Str outcome) {
    leases_release(leases, lease, memory, outcome);
    command("PING", NULL);
    command("PING", NULL);
}

static bool renew(const Lease *lease) {
    leases_renew(leases, &lease, 1, renewed, loop);
    loop_run(loop);
    return kept[0];
}

Test(worker_lease, an_equal_or_smaller_claim_finds_the_lock_taken) {
    StepTask task = a_task();
    Lease mine = lease_of(&task, 1), copy = lease_of(&task, 2), older;

    task.attempt = 0;
    task.epoch = 9;
    older = lease_of(&task, 3);
    cr_expect_eq(claim(&mine), LEASE_HELD);
    cr_expect_eq(claim(&copy), LEASE_TAKEN);
    cr_expect_eq(claim(&older), LEASE_TAKEN, "the attempt goes before the epoch");
    cr_expect(renew(&mine));
}

Test(worker_lease, a_greater_claim_takes_over_and_the_old_holder_is_told) {
    StepTask task = a_task();
    Lease mine = lease_of(&task, 1), again, by_attempt;

    cr_expect_eq(claim(&mine), LEASE_HELD);
    task.dispatch_no = 10; /* as numbers: "10" is more than "2" */
    again = lease_of(&task, 2);
    cr_expect_eq(claim(&again), LEASE_HELD);
    cr_expect_not(renew(&mine));
    cr_expect(renew(&again));
    task.attempt = 2;
    task.dispatch_no = 1;
    by_attempt = lease_of(&task, 3);
    cr_expect_eq(claim(&by_attempt), LEASE_HELD);
    cr_expect_not(renew(&again));
}

Test(worker_lease, copies_of_one_batch_are_told_apart) {
    StepTask task = a_task(), other = a_task();
    Lease first = lease_of(&task, 1), copy = lease_of(&task, 2), third = lease_of(&other, 3);
    const Lease *wanted[] = {&first, &copy, &third};

    leases_claim(leases, wanted, 3, claimed, loop);
    loop_run(loop);
    cr_expect_eq(answers[0], LEASE_HELD);
    cr_expect_eq(answers[1], LEASE_TAKEN);
    cr_expect_eq(answers[2], LEASE_HELD);
}

Test(worker_lease, a_lock_that_is_not_renewed_ends) {
    StepTask task = a_task();
    Lease mine = lease_of(&task, 1), copy = lease_of(&task, 2);

    cr_expect_eq(claim(&mine), LEASE_HELD);
    wait_ms(LIFE_MS / 2);
    cr_expect(renew(&mine));
    wait_ms(LIFE_MS * 3 / 4);
    cr_expect_eq(claim(&copy), LEASE_TAKEN, "it was renewed");
    wait_ms(LIFE_MS);
    cr_expect_eq(claim(&copy), LEASE_HELD);
}

Test(worker_lease, an_ended_attempt_gives_its_outcome_to_whoever_asks_again) {
    StepTask task = a_task();
    Lease mine = lease_of(&task, 1), copy, next;

    cr_expect_eq(claim(&mine), LEASE_HELD);
    release(&mine, LEASE_OUTCOME, STR("the outcome"));
    task.dispatch_no++;
    copy = lease_of(&task, 2);
    cr_expect_eq(claim(&copy), LEASE_ENDED);
    cr_expect_str_eq(outcomes[0], "the outcome");
    task.attempt++;
    next = lease_of(&task, 3);
    cr_expect_eq(claim(&next), LEASE_HELD, "another attempt has not ended");
    wait_ms(OUTCOMES_MS + 100);
    release(&next, LEASE_NOTHING, STR(""));
    cr_expect_eq(claim(&copy), LEASE_HELD, "outcomes are not kept for ever");
}

Test(worker_lease, an_outcome_that_is_too_long_to_keep_is_run_again) {
    StepTask task = a_task();
    Lease mine = lease_of(&task, 1), copy = lease_of(&task, 2);
    char text[LEASE_OUTCOME_BYTES_MAX + 1];

    memset(text, 'x', sizeof text);
    cr_expect_eq(claim(&mine), LEASE_HELD);
    release(&mine, LEASE_OUTCOME, str_from(text, sizeof text));
    cr_expect_eq(claim(&copy), LEASE_TOLD, "but not by the same task delivered twice");
    task.dispatch_no++;
    copy = lease_of(&task, 3);
    cr_expect_eq(claim(&copy), LEASE_HELD);
}

Test(worker_lease, what_has_told_all_is_not_run_by_the_same_task_or_an_older_one) {
    StepTask task = a_task();
    Lease mine, copy, older, later, again;

    task.opened_ms = 1000;
    mine = lease_of(&task, 1);
    copy = lease_of(&task, 2);
    cr_expect_eq(claim(&mine), LEASE_HELD);
    release(&mine, LEASE_THAT_IT_TOLD, STR(""));
    cr_expect_eq(claim(&copy), LEASE_TOLD);
    task.opened_ms = 999;
    task.node = 0;
    task.attempt = 7;
    older = lease_of(&task, 3);
    cr_expect_eq(claim(&older), LEASE_TOLD, "a step before it in the chain");
    task.opened_ms = 1000;
    task.attempt = 0;
    task.dispatch_no = 0;
    later = lease_of(&task, 4);
    cr_expect_eq(claim(&later), LEASE_HELD, "another step of the same moment");
    release(&later, LEASE_NOTHING, STR(""));
    task = (StepTask){.execution = task.execution,
                      .chain = 3,
                      .node = 1,
                      .attempt = 1,
                      .epoch = 5,
                      .dispatch_no = 2,
                      .opened_ms = 1000};
    again = lease_of(&task, 5);
    cr_expect_eq(claim(&again), LEASE_HELD, "it was sent again");
}

Test(worker_lease, a_task_that_was_given_back_is_free_at_once) {
    StepTask task = a_task();
    Lease mine = lease_of(&task, 1), copy = lease_of(&task, 2);

    cr_expect_eq(claim(&mine), LEASE_HELD);
    release(&mine, LEASE_NOTHING, STR("released"));
    cr_expect_eq(claim(&copy), LEASE_HELD);
}

Test(worker_lease, only_the_holder_can_let_go) {
    StepTask task = a_task();
    Lease mine = lease_of(&task, 1), copy = lease_of(&task, 2);

    cr_expect_eq(claim(&mine), LEASE_HELD);
    release(&copy, LEASE_NOTHING, STR(""));
    cr_expect_eq(claim(&copy), LEASE_TAKEN);
}

Test(worker_lease, a_lock_that_was_flushed_away_is_set_again) {
    StepTask task = a_task();
    Lease mine = lease_of(&task, 1), copy = lease_of(&task, 2);

    cr_expect_eq(claim(&mine), LEASE_HELD);
    command("DEL", mine.lock);
    cr_expect(renew(&mine));
    cr_expect_eq(claim(&copy), LEASE_TAKEN);
}

Test(worker_lease, starts_are_counted) {
    StepTask task = a_task();
    Lease mine = lease_of(&task, 1), copy = lease_of(&task, 2);

    cr_expect_eq(claim(&mine), LEASE_HELD);
    cr_expect_eq(claim(&copy), LEASE_TAKEN);
    expect_count(mine.starts, 1);
    release(&mine, LEASE_NOTHING, STR(""));
    cr_expect_eq(claim(&copy), LEASE_HELD);
    expect_count(mine.starts, 2);
}

Test(worker_lease, claims_are_ordered_by_attempt_epoch_and_dispatch) {
    Lease low = {.attempt = 1, .epoch = 9, .dispatch_no = 9};
    Lease high = {.attempt = 2, .epoch = 1, .dispatch_no = 1};

    cr_expect(lease_beats(&high, &low));
    cr_expect_not(lease_beats(&low, &high));
    cr_expect_not(lease_beats(&low, &low));
    high = (Lease){.attempt = 1, .epoch = 9, .dispatch_no = 10};
    cr_expect(lease_beats(&high, &low));
}
