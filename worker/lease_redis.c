/*
 * Leases in Redis: one script for each thing that is done.
 *
 * Runs on: loop.
 */

#include <stdio.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/arena.h"
#include "common/base/check.h"
#include "common/io/log.h"
#include "worker/lease.h"

struct Leases {
    Redis *redis;
    const char *worker;
    char life_ms[24];
    char outcomes_ms[24];
    bool is_missing; /* said once that Redis does not answer */

    /* Let go in this turn of the loop; told to Redis in the next one, by one script. */
    LoopTimer letting_go;
    Arena arena;
    Str keys[4 * LEASE_BATCH_MAX];
    Str args[5 * LEASE_BATCH_MAX];
    uint32_t released_count;
};

/*
 * KEYS lock, done, starts, told of each; ARGV life of locks and of counters in ms, then attempt,
 * epoch, dispatch_no, holder, opened, node of each. Answers 1 ours, 0 taken, 2 told, or the outcome
 * that was kept. Of two steps of a chain the later one was opened later.
 */
static RedisScript claim_script = {
    .source =
        "local out = {} "
        "local function beats(a, e, d, held) "
        "  local ha, he, hd = string.match(held, '^(%d+):(%d+):(%d+):') "
        "  if not ha then return true end "
        "  ha, he, hd = tonumber(ha), tonumber(he), tonumber(hd) "
        "  if a ~= ha then return a > ha end "
        "  if e ~= he then return e > he end "
        "  return d > hd "
        "end "
        "local function is_told(a, e, d, opened, node, told) "
        "  local to, tn, held = string.match(told, '^(%d+):(%d+):(.*)$') "
        "  if not to then return false end "
        "  if tonumber(opened) ~= tonumber(to) then return tonumber(opened) < tonumber(to) end "
        "  return node == tn and not beats(a, e, d, held) "
        "end "
        "for i = 1, #KEYS / 4 do "
        "  local lock, done, starts = KEYS[i*4-3], KEYS[i*4-2], KEYS[i*4-1] "
        "  local a, e, d = tonumber(ARGV[i*6-3]), tonumber(ARGV[i*6-2]), tonumber(ARGV[i*6-1]) "
        "  local outcome = redis.call('GET', done) "
        "  local held = redis.call('GET', lock) "
        "  if outcome then "
        "    out[i] = outcome "
        "  elseif is_told(a, e, d, ARGV[i*6+1], ARGV[i*6+2], "
        "                 redis.call('GET', KEYS[i*4]) or '') then "
        "    out[i] = 2 "
        "  elseif held and not beats(a, e, d, held) then "
        "    out[i] = 0 "
        "  else "
        "    redis.call('SET', lock, ARGV[i*6], 'PX', ARGV[1]) "
        "    redis.call('INCR', starts) "
        "    redis.call('PEXPIRE', starts, ARGV[2]) "
        "    out[i] = 1 "
        "  end "
        "end "
        "return out",
};

/* KEYS lock of each; ARGV life in ms, then holder of each. Answers 1 kept, 0 somebody else's. */
static RedisScript renew_script = {
    .source = "local out = {} "
              "for i = 1, #KEYS do "
              "  local held = redis.call('GET', KEYS[i]) "
              "  if held and held ~= ARGV[i+1] then "
              "    out[i] = 0 "
              "  else "
              "    redis.call('SET', KEYS[i], ARGV[i+1], 'PX', ARGV[1]) "
              "    out[i] = 1 "
              "  end "
              "end "
              "return out",
};

/*
 * KEYS lock, done, starts, told of each; ARGV holder, outcome, how long it is kept in ms, what is
 * told, how long that is kept (0: not at all) of each. What is kept needs no counter any more: it
 * tells of starts that came to no end.
 */
static RedisScript release_script = {
    .source =
        "for i = 1, #KEYS / 4 do "
        "  local lock, done, starts, told = KEYS[i*4-3], KEYS[i*4-2], KEYS[i*4-1], KEYS[i*4] "
        "  local holder, outcome, life = ARGV[i*5-4], ARGV[i*5-3], ARGV[i*5-2] "
        "  if redis.call('GET', lock) == holder then redis.call('DEL', lock) end "
        "  if life ~= '0' then "
        "    redis.call('SET', done, outcome, 'PX', life) "
        "    redis.call('DEL', starts) "
        "  end "
        "  if ARGV[i*5] ~= '0' then redis.call('SET', told, ARGV[i*5-1], 'PX', ARGV[i*5]) end "
        "end "
        "return 1",
};

static void let_go(void *context);

Leases *leases_new(Redis *redis, const LeaseSettings *settings) {
    Leases *leases = alloc_zero(sizeof *leases);

    leases->redis = redis;
    leases->worker = settings->worker;
    snprintf(leases->life_ms, sizeof leases->life_ms, "%lld", (long long)settings->life_ms);
    snprintf(leases->outcomes_ms, sizeof leases->outcomes_ms, "%lld",
             (long long)settings->outcomes_ms);
    arena_init(&leases->arena, 0);
    loop_timer_open(settings->loop, &leases->letting_go, let_go, leases);
    return leases;
}

static void leases_closed(void *context) {
    Leases *leases = context;

    arena_done(&leases->arena);
    alloc_free(leases);
}

Leases *leases_free(Leases *leases) {
    if (leases != NULL)
        loop_timer_close(&leases->letting_go, leases_closed);
    return NULL;
}

void lease_name(const Leases *leases, const StepTask *task, uint64_t nonce, Lease *ret_lease) {
    UuidText execution = uuid_text(task->execution.uuid);
    uint64_t scope = task->scope.length ? str_hash(task->scope, 0) : 0;

    *ret_lease = (Lease){
        .attempt = task->attempt,
        .epoch = task->epoch,
        .dispatch_no = task->dispatch_no,
        .node = task->node,
        .opened_ms = task->opened_ms,
    };
    snprintf(ret_lease->lock, LEASE_KEY_BYTES, "headrace:lock:%s:%u", execution.text, task->chain);
    snprintf(ret_lease->told, LEASE_KEY_BYTES, "headrace:told:%s:%u", execution.text, task->chain);
    snprintf(ret_lease->done, LEASE_KEY_BYTES, "headrace:done:%s:%u:%llx:%u:%u", execution.text,
             task->node, (unsigned long long)scope, task->visit, task->attempt);
    snprintf(ret_lease->starts, LEASE_KEY_BYTES, "headrace:starts:%s:%u:%llx:%u", execution.text,
             task->node, (unsigned long long)scope, task->visit);
    snprintf(ret_lease->holder, LEASE_KEY_BYTES, "%u:%u:%u:%.64s:%llx", task->attempt, task->epoch,
             task->dispatch_no, leases->worker, (unsigned long long)nonce);
}

bool lease_beats(const Lease *a, const Lease *b) {
    if (a->attempt != b->attempt)
        return a->attempt > b->attempt;
    if (a->epoch != b->epoch)
        return a->epoch > b->epoch;
    return a->dispatch_no > b->dispatch_no;
}

/* One script under way. */
typedef struct Asked {
    Leases *leases;
    uint32_t count;
    LeasesClaimedFn claimed;
    LeasesRenewedFn renewed;
    void *context;
} Asked;

static Asked *asked_new(Leases *leases, uint32_t count, void *context) {
    Asked *asked = alloc_zero(sizeof *asked);

    CHECK(count > 0 && count <= LEASE_BATCH_MAX);
    asked->leases = leases;
    asked->count = count;
    asked->context = context;
    return asked;
}

/* Whether the answer is one; said once when Redis goes and once when it is back. */
static bool is_answer(Asked *asked, int r, const RedisReply *reply) {
    Leases *leases = asked->leases;
    bool is_there = r == 0 && redis_reply_count(reply) == asked->count;

    if (is_there && leases->is_missing)
        log_event(LOG_INFO, "leases.back");
    if (!is_there && !leases->is_missing)
        log_event(LOG_WARN, "leases.missing",
                  LOG_TEXT("why", r == REDIS_E_ERROR && reply ? redis_reply_str(reply)
                                                              : STR("Redis does not answer")));
    leases->is_missing = !is_there;
    return is_there;
}

static LeaseAnswer answer_of(int64_t number) {
    if (number == 2)
        return LEASE_TOLD;
    return number == 1 ? LEASE_HELD : LEASE_TAKEN;
}

static void claim_done(void *context, int r, const RedisReply *reply) {
    Asked *asked = context;
    LeaseGrant grants[LEASE_BATCH_MAX];
    bool is_there = is_answer(asked, r, reply);
    LeasesClaimedFn claimed = asked->claimed;
    void *claimed_context = asked->context;
    uint32_t count = asked->count;

    for (uint32_t i = 0; i < count; i++) {
        const RedisReply *one = is_there ? redis_reply_at(reply, i) : NULL;
        Str outcome = one ? redis_reply_str(one) : STR_NONE;

        grants[i] = (LeaseGrant){.answer = LEASE_UNKNOWN, .outcome = outcome};
        if (one != NULL && outcome.length > 0)
            grants[i].answer = LEASE_ENDED;
        else if (one != NULL)
            grants[i].answer = answer_of(redis_reply_int(one));
    }
    alloc_free(asked);
    claimed(claimed_context, grants, count);
}

static Str number(Arena *arena, int64_t value) {
    return str_printf(arena, "%lld", (long long)value);
}

void leases_claim(Leases *leases, const Lease *const *wanted, uint32_t count, LeasesClaimedFn done,
                  void *context) {
    Asked *asked = asked_new(leases, count, context);
    Str keys[4 * LEASE_BATCH_MAX], args[6 * LEASE_BATCH_MAX + 2];
    Arena arena;

    arena_init(&arena, 0);
    asked->claimed = done;
    args[0] = str_of(leases->life_ms);
    args[1] = str_of(leases->outcomes_ms);
    for (uint32_t i = 0; i < count; i++) {
        keys[i * 4] = str_of(wanted[i]->lock);
        keys[i * 4 + 1] = str_of(wanted[i]->done);
        keys[i * 4 + 2] = str_of(wanted[i]->starts);
        keys[i * 4 + 3] = str_of(wanted[i]->told);
        args[i * 6 + 2] = number(&arena, wanted[i]->attempt);
        args[i * 6 + 3] = number(&arena, wanted[i]->epoch);
        args[i * 6 + 4] = number(&arena, wanted[i]->dispatch_no);
        args[i * 6 + 5] = str_of(wanted[i]->holder);
        args[i * 6 + 6] = number(&arena, wanted[i]->opened_ms);
        args[i * 6 + 7] = number(&arena, wanted[i]->node);
    }
    redis_eval(leases->redis,
               &(RedisEval){
                   .script = &claim_script,
                   .keys = keys,
                   .args = args,
                   .key_count = 4 * count,
                   .arg_count = 6 * count + 2,
               },
               claim_done, asked);
    arena_done(&arena);
}

static void renew_done(void *context, int r, const RedisReply *reply) {
    Asked *asked = context;
    bool kept[LEASE_BATCH_MAX];
    bool is_there = is_answer(asked, r, reply);
    LeasesRenewedFn renewed = asked->renewed;
    void *renewed_context = asked->context;
    uint32_t count = asked->count;

    for (uint32_t i = 0; i < count; i++)
        kept[i] = !is_there || redis_reply_int(redis_reply_at(reply, i)) == 1;
    alloc_free(asked);
    renewed(renewed_context, kept, count);
}

void leases_renew(Leases *leases, const Lease *const *held, uint32_t count, LeasesRenewedFn done,
                  void *context) {
    Asked *asked = asked_new(leases, count, context);
    Str keys[LEASE_BATCH_MAX], args[LEASE_BATCH_MAX + 1];

    asked->renewed = done;
    args[0] = str_of(leases->life_ms);
    for (uint32_t i = 0; i < count; i++) {
        keys[i] = str_of(held[i]->lock);
        args[i + 1] = str_of(held[i]->holder);
    }
    redis_eval(leases->redis,
               &(RedisEval){
                   .script = &renew_script,
                   .keys = keys,
                   .args = args,
                   .key_count = count,
                   .arg_count = count + 1,
               },
               renew_done, asked);
}

/* The lock would have ended by itself, and the marker is a convenience. */
static void release_done(void *context, int r, const RedisReply *reply) {
    (void)context;
    (void)r;
    (void)reply;
}

static void let_go(void *context) {
    Leases *leases = context;

    if (leases->released_count == 0)
        return;
    redis_eval(leases->redis,
               &(RedisEval){
                   .script = &release_script,
                   .keys = leases->keys,
                   .args = leases->args,
                   .key_count = 4 * leases->released_count,
                   .arg_count = 5 * leases->released_count,
               },
               release_done, NULL);
    leases->released_count = 0;
    arena_reset(&leases->arena);
}

void leases_release(Leases *leases, const Lease *lease, LeaseMemory memory, Str outcome) {
    bool is_kept = memory == LEASE_OUTCOME && outcome.length <= LEASE_OUTCOME_BYTES_MAX;
    uint32_t at = leases->released_count++;
    Str *keys = leases->keys + (size_t)at * 4, *args = leases->args + (size_t)at * 5;

    keys[0] = str_copy(&leases->arena, str_of(lease->lock));
    keys[1] = str_copy(&leases->arena, str_of(lease->done));
    keys[2] = str_copy(&leases->arena, str_of(lease->starts));
    keys[3] = str_copy(&leases->arena, str_of(lease->told));
    args[0] = str_copy(&leases->arena, str_of(lease->holder));
    args[1] = is_kept ? str_copy(&leases->arena, outcome) : STR("");
    args[2] = is_kept ? str_of(leases->outcomes_ms) : STR("0");
    args[3] = str_printf(&leases->arena, "%lld:%u:%u:%u:%u:", (long long)lease->opened_ms,
                         lease->node, lease->attempt, lease->epoch, lease->dispatch_no);
    args[4] = memory == LEASE_NOTHING ? STR("0") : str_of(leases->outcomes_ms);
    if (leases->released_count == LEASE_BATCH_MAX)
        let_go(leases);
    else
        loop_timer_start(&leases->letting_go, 0, 0);
}
