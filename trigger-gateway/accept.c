/*
 * Deliveries in hand.
 *
 * Runs on: loop.
 */

#include "trigger-gateway/accept.h"

#include <stdio.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/base/list.h"
#include "common/io/clock.h"
#include "trigger-gateway/answer.h"
#include "trigger-gateway/ledger.h"
#include "trigger-gateway/ports/metrics.h"

/* Redis saves the look-up in PostgreSQL for a day: most repetitions come within the hour. */
#define REMEMBERED_S "86400"

typedef enum AcceptState {
    ACCEPT_ASKING_REDIS,
    ACCEPT_ASKING_PG,
    ACCEPT_PUBLISHING,
    ACCEPT_NOTING,
    _ACCEPT_STATE_COUNT,
} AcceptState;

struct Accept {
    AcceptPorts ports;
    Ledger *ledger;
    ListNode deliveries;
    uint32_t open_count;
    bool is_quiet; /* no Redis and no lanes any more */
};

/* One request in hand. */
typedef struct InHand {
    ListNode node;
    Accept *accept;
    HttpRequest *request;
    TriggerEvent event;
    HookResponse answer;
    AcceptState state;
    bool has_delivery;
    bool is_known;
    LedgerEntry entry;
    int64_t since_ms;
} InHand;

#define TO(state) (1u << (state))

static const uint32_t moves[_ACCEPT_STATE_COUNT] = {
    [ACCEPT_ASKING_REDIS] = TO(ACCEPT_ASKING_PG) | TO(ACCEPT_PUBLISHING),
    [ACCEPT_ASKING_PG] = TO(ACCEPT_PUBLISHING),
    [ACCEPT_PUBLISHING] = TO(ACCEPT_NOTING),
    [ACCEPT_NOTING] = 0,
};

static void move(InHand *hand, AcceptState to) {
    CHECK(moves[hand->state] & TO(to));
    hand->state = to;
}

/* Answers ----------------------------------------------------------------------------------- */

static void let_go(InHand *hand) {
    Accept *accept = hand->accept;

    metric_observe_ms(accept->ports.metrics, METRIC_HOOK_SECONDS,
                      (double)(loop_now_ms(accept->ports.loop) - hand->since_ms));
    list_drop(&hand->node);
    accept->open_count--;
    alloc_free(hand);
}

static void refuse(InHand *hand, HookProblem problem) {
    HookRefusal refusal = {.problem = problem};

    if (problem == HOOK_UNAVAILABLE)
        refusal.retry_after_s = PUBLISH_RETRY_AFTER_S;
    answer_refuse(hand->accept->ports.metrics, hand->request, &refusal);
    let_go(hand);
}

static void answer(InHand *hand) {
    UuidText execution = uuid_text(hand->event.execution.uuid);
    HookAnswer answer = {
        .status = hand->answer.status,
        .content_type = hand->answer.content_type,
        .body = hand->answer.body,
        .execution = str_of(execution.text),
    };
    char body[64];

    if (answer.status == 0) {
        snprintf(body, sizeof body, "{\"executionId\":\"%s\"}", execution.text);
        answer.status = 202;
        answer.content_type = STR("application/json");
        answer.body = str_of(body);
    }
    answer_send(hand->accept->ports.metrics, hand->request, &answer);
    let_go(hand);
}

/* Noting ------------------------------------------------------------------------------------ */

static void note_done(void *context) {
    answer(context);
}

static void note_begin(InHand *hand) {
    Accept *accept = hand->accept;

    move(hand, ACCEPT_NOTING);
    hand->entry.execution = hand->event.execution.uuid;
    hand->entry.done_fn = note_done;
    if (!hand->has_delivery || hand->is_known || accept->is_quiet ||
        !ledger_note(accept->ledger, &hand->entry))
        answer(hand);
}

/* Publishing -------------------------------------------------------------------------------- */

static void publish_done(void *context, int r) {
    InHand *hand = context;

    if (r)
        refuse(hand, r == PUBLISH_E_TOO_LARGE ? HOOK_TOO_LARGE : HOOK_UNAVAILABLE);
    else
        note_begin(hand);
}

static void publish(InHand *hand) {
    int r;

    move(hand, ACCEPT_PUBLISHING);
    hand->event.execution.uuid = hand->entry.key;
    for (int i = 0; i < 6; i++)
        hand->event.execution.uuid.bytes[i] = (uint8_t)(hand->event.accepted_ms >> (40 - 8 * i));
    CHECK(uuid_time_ms(hand->event.execution.uuid) == hand->event.accepted_ms);
    r = publish_start(hand->accept->ports.publisher, &hand->event, publish_done, hand);
    if (r)
        refuse(hand, r == PUBLISH_E_TOO_LARGE ? HOOK_TOO_LARGE : HOOK_UNAVAILABLE);
}

/* Looking up -------------------------------------------------------------------------------- */

typedef struct RedisName {
    char text[64];
} RedisName;

static RedisName redis_name(const InHand *hand) {
    RedisName name;

    snprintf(name.text, sizeof name.text, "headrace:event:%s", uuid_text(hand->entry.key).text);
    return name;
}

static void set_done(void *context, int r, const RedisReply *reply) {
    (void)context;
    (void)r;
    (void)reply;
}

/* Redis had forgotten, PostgreSQL knew: the next one is answered by Redis again, and alike. */
static void remind_redis(InHand *hand) {
    RedisName name = redis_name(hand);
    char ms[24];
    Str args[] = {STR("SET"), str_of(name.text), {0}, STR("EX"), STR(REMEMBERED_S)};

    snprintf(ms, sizeof ms, "%lld", (long long)hand->event.accepted_ms);
    args[2] = str_of(ms);
    if (redis_is_up(hand->accept->ports.redis))
        redis_command(hand->accept->ports.redis, args, ARRAY_SIZE(args), set_done, NULL);
}

static void was_known(InHand *hand, int64_t accepted_ms) {
    hand->is_known = true;
    hand->event.accepted_ms = accepted_ms;
    metric_add(hand->accept->ports.metrics, METRIC_HOOK_DUPLICATES, 1);
}

static void look_up_done(void *context) {
    InHand *hand = context;

    if (!uuid_is_zero(hand->entry.execution)) {
        was_known(hand, uuid_time_ms(hand->entry.execution));
        if (!hand->accept->is_quiet)
            remind_redis(hand);
    }
    publish(hand);
}

static void look_up_begin(InHand *hand) {
    Accept *accept = hand->accept;

    move(hand, ACCEPT_ASKING_PG);
    hand->entry.done_fn = look_up_done;
    if (accept->is_quiet || !ledger_look_up(accept->ledger, &hand->entry))
        publish(hand);
}

static void ask_redis_done(void *context, int r, const RedisReply *reply) {
    InHand *hand = context;
    int64_t accepted_ms;

    if (r == 0 && !redis_reply_is_null(reply) &&
        str_to_int64(redis_reply_str(reply), 1, (int64_t)1 << 47, &accepted_ms)) {
        was_known(hand, accepted_ms);
        publish(hand);
    } else {
        look_up_begin(hand);
    }
}

/* Sets the time of acceptance unless one is there, and answers with the one that was there. */
static void ask_redis(InHand *hand) {
    RedisName name = redis_name(hand);
    char ms[24];
    Str args[] = {STR("SET"), str_of(name.text), {0}, STR("NX"), STR("GET"),
                  STR("EX"),  STR(REMEMBERED_S)};

    snprintf(ms, sizeof ms, "%lld", (long long)hand->event.accepted_ms);
    args[2] = str_of(ms);
    redis_command(hand->accept->ports.redis, args, ARRAY_SIZE(args), ask_redis_done, hand);
}

/* Life -------------------------------------------------------------------------------------- */

void accept_take(Accept *accept, const AcceptOrder *order) {
    InHand *hand = alloc_zero(sizeof *hand);
    Arena *arena = http_request_arena(order->request);
    ExecutionOrigin origin;

    hand->accept = accept;
    hand->request = order->request;
    hand->event = order->event;
    hand->event.trigger = str_copy(arena, order->event.trigger);
    hand->event.accepted_ms = clock_now_ms();
    hand->answer = order->answer;
    hand->answer.body = str_copy(arena, order->answer.body);
    hand->answer.content_type = str_copy(arena, order->answer.content_type);
    hand->has_delivery = order->has_delivery;
    hand->since_ms = loop_now_ms(accept->ports.loop);
    origin = (ExecutionOrigin){
        .tenant = hand->event.tenant,
        .template_id = hand->event.template_id,
        .trigger = hand->event.trigger,
        .event = hand->event.event,
    };
    hand->entry.key = execution_key(&origin);
    hand->entry.tenant = hand->event.tenant.uuid;
    hand->entry.context = hand;
    list_push_last(&accept->deliveries, &hand->node);
    accept->open_count++;
    if (!hand->has_delivery)
        publish(hand);
    else if (!accept->is_quiet && redis_is_up(accept->ports.redis))
        ask_redis(hand);
    else
        look_up_begin(hand);
}

Accept *accept_new(const AcceptPorts *ports) {
    Accept *accept = alloc_zero(sizeof *accept);

    accept->ports = *ports;
    accept->ledger = ledger_new(ports->lanes);
    list_init(&accept->deliveries);
    return accept;
}

void accept_quiesce(Accept *accept) {
    accept->is_quiet = true;
}

Accept *accept_free(Accept *accept) {
    if (accept == NULL)
        return NULL;
    while (!list_is_empty(&accept->deliveries))
        refuse(CONTAINER_OF(list_first(&accept->deliveries), InHand, node), HOOK_UNAVAILABLE);
    ledger_free(accept->ledger);
    return alloc_free(accept);
}

uint32_t accept_open_count(const Accept *accept) {
    return accept->open_count;
}
