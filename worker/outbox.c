/*
 * Messages on their way.
 *
 *   outbox_send ──► waiting ──► flying ──► delivered: done
 *                     ▲  ▲         │
 *                     │  ├─────────┘  the producer died
 *                     │  │
 *                     refused         the cluster would not have it yet; nobody waits for it
 *
 * Runs on: loop.
 */

#include "worker/outbox.h"

#include "common/base/alloc.h"
#include "common/base/fault.h"
#include "common/base/list.h"
#include "common/io/log.h"

#define REFUSED_TRIES_MAX 5 /* a topic that is being made needs some seconds */
#define AGAIN_MS 1000
#define POLL_EVERY_MS 500 /* statistics and lost wake-ups */
#define REOPEN_MS 1000
#define FULL_MS 20

typedef struct Letter {
    ListNode node; /* in waiting, flying or refused */
    OutboxMessage message;
    Arena arena; /* of what the message points to */
    uint32_t tries;
    int64_t again_ms; /* of a refused one: when it is tried again */
    OutboxDoneFn done;
    void *context;
} Letter;

/* A producer and its event descriptor; closed together. */
typedef struct Line {
    Outbox *outbox;
    BusProducer *producer;
    LoopWatch watch;
} Line;

struct Outbox {
    Loop *loop;
    const char *brokers;
    const char *client_id;
    Line *line; /* NULL: to be opened again */
    ListNode waiting;
    ListNode flying;
    ListNode refused;
    uint32_t count;
    size_t waiting_bytes;
    bool is_dead;      /* the producer has to be replaced */
    bool is_armed;     /* the gather timer runs */
    bool is_gathering; /* … for more to come, not to try again */
    LoopTimer gather;
    LoopTimer pulse;
    uint32_t timers_open;
};

/* Letters ----------------------------------------------------------------------------------- */

static Letter *letter_new(const OutboxMessage *message, OutboxDoneFn done, void *context) {
    Letter *letter = alloc_zero(sizeof *letter);
    BusHeader *headers;

    arena_init(&letter->arena, 0);
    headers = arena_alloc(&letter->arena, (message->header_count + 1) * sizeof *headers);
    for (uint32_t i = 0; i < message->header_count; i++)
        headers[i] = (BusHeader){
            .name = str_copy(&letter->arena, message->headers[i].name),
            .value = str_copy(&letter->arena, message->headers[i].value),
        };
    letter->message = *message;
    letter->message.key = str_copy(&letter->arena, message->key);
    letter->message.value = str_copy(&letter->arena, message->value);
    letter->message.headers = headers;
    letter->done = done;
    letter->context = context;
    return letter;
}

static void letter_free(Letter *letter) {
    list_drop(&letter->node);
    arena_done(&letter->arena);
    alloc_free(letter);
}

static void letter_done(Outbox *outbox, Letter *letter, int r) {
    OutboxDoneFn done = letter->done;
    void *context = letter->context;

    letter_free(letter);
    outbox->count--;
    if (done)
        done(context, r);
}

static void letter_wait(Outbox *outbox, Letter *letter) {
    list_drop(&letter->node);
    list_push_last(&outbox->waiting, &letter->node);
    outbox->waiting_bytes += letter->message.value.length;
}

/* The line ---------------------------------------------------------------------------------- */

static void again_later(Outbox *outbox, int64_t delay_ms) {
    outbox->is_armed = true;
    outbox->is_gathering = false;
    loop_timer_start(&outbox->gather, delay_ms, 0);
}

/* Takes the letter. */
static void letter_refused(Outbox *outbox, Letter *letter) {
    if (++letter->tries >= REFUSED_TRIES_MAX) {
        log_event(LOG_ERROR, "message.refused", LOG_C("topic", letter->message.topic),
                  LOG_INT("partition", letter->message.partition));
        letter_done(outbox, letter, OUTBOX_E_REFUSED);
        return;
    }
    list_drop(&letter->node);
    list_push_last(&outbox->refused, &letter->node);
    letter->again_ms = loop_now_ms(outbox->loop) + AGAIN_MS;
}

static void delivered(void *owner, const BusReport *report) {
    Outbox *outbox = owner;
    Letter *letter = report->context;

    if (report->r == 0) {
        letter_done(outbox, letter, 0);
    } else if (report->r == BUS_E_TOO_LARGE) {
        letter_done(outbox, letter, OUTBOX_E_TOO_LARGE);
    } else if (report->r == BUS_E_REFUSED) {
        letter_refused(outbox, letter);
    } else {
        outbox->is_dead |= report->r == BUS_E_FATAL;
        letter_wait(outbox, letter);
        again_later(outbox, AGAIN_MS);
    }
}

static void line_closed(void *context) {
    alloc_free(context);
}

/* The producer tells nothing any more; its letters are still in our lists. */
static void line_close(Outbox *outbox) {
    Line *line = outbox->line;

    if (line == NULL)
        return;
    outbox->line = NULL;
    bus_producer_on_report(line->producer, NULL, NULL);
    loop_watch_close(&line->watch, line_closed);
    bus_producer_close(line->producer);
}

static void poll(Outbox *outbox) {
    if (outbox->line == NULL)
        return;
    bus_producer_poll(outbox->line->producer, 0);
    if (outbox->is_gathering && list_is_empty(&outbox->flying))
        again_later(outbox, 0);
    if (!outbox->is_dead)
        return;
    log_event(LOG_WARN, "producer.replaced", LOG_INT("undelivered", outbox->count));
    line_close(outbox);
    /* In the order in which they were sent, before what has not been tried yet. */
    while (!list_is_empty(&outbox->flying)) {
        ListNode *node = outbox->flying.previous;

        list_drop(node);
        list_push_first(&outbox->waiting, node);
        outbox->waiting_bytes += CONTAINER_OF(node, Letter, node)->message.value.length;
    }
    outbox->is_dead = false;
    again_later(outbox, 0);
}

static void line_readable(void *context) {
    Line *line = context;

    poll(line->outbox);
}

static int line_open(Outbox *outbox) {
    Line *line = alloc_zero(sizeof *line);
    int r = bus_producer_open(
        &(BusSettings){.brokers = outbox->brokers, .client_id = outbox->client_id},
        &line->producer);

    if (r) {
        alloc_free(line);
        return fault_fold(r);
    }
    bus_producer_on_report(line->producer, delivered, outbox);
    line->outbox = outbox;
    r = loop_watch_open(outbox->loop, &line->watch, bus_producer_fd(line->producer), line_readable,
                        line);
    if (r) {
        bus_producer_close(line->producer);
        alloc_free(line);
        return fault_pass(r);
    }
    outbox->line = line;
    return 0;
}

/* Sending ----------------------------------------------------------------------------------- */

static int send_letter(Outbox *outbox, Letter *letter) {
    const OutboxMessage *message = &letter->message;

    return bus_produce(outbox->line->producer, &(BusOutgoing){
                                                   .topic = message->topic,
                                                   .partition = message->partition,
                                                   .key = message->key,
                                                   .value = message->value,
                                                   .headers = message->headers,
                                                   .header_count = message->header_count,
                                                   .context = letter,
                                               });
}

/* What bus_produce() said no to. True: the rest waits too. */
static bool take_refusal(Outbox *outbox, Letter *letter, int r) {
    if (r == BUS_E_TOO_LARGE || r == BUS_E_REFUSED) {
        outbox->waiting_bytes -= letter->message.value.length;
        if (r == BUS_E_REFUSED)
            letter_refused(outbox, letter);
        else
            letter_done(outbox, letter, OUTBOX_E_TOO_LARGE);
        return false;
    }
    outbox->is_dead |= r == BUS_E_FATAL;
    again_later(outbox, r == BUS_E_FULL ? FULL_MS : AGAIN_MS);
    return true;
}

/* Only from a timer: done functions are never called inside outbox_send(). */
static void send_waiting(Outbox *outbox) {
    if (outbox->line == NULL && line_open(outbox)) {
        again_later(outbox, REOPEN_MS);
        return;
    }
    LIST_FOR_EACH(node, &outbox->waiting) {
        Letter *letter = CONTAINER_OF(node, Letter, node);
        int r = send_letter(outbox, letter);

        if (r && take_refusal(outbox, letter, r))
            break;
        if (r)
            continue;
        outbox->waiting_bytes -= letter->message.value.length;
        list_drop(node);
        list_push_last(&outbox->flying, node);
    }
    poll(outbox);
}

static void gathered(void *context) {
    Outbox *outbox = context;

    outbox->is_armed = false;
    outbox->is_gathering = false;
    send_waiting(outbox);
}

static void pulsed(void *context) {
    Outbox *outbox = context;
    int64_t now_ms = loop_now_ms(outbox->loop);

    LIST_FOR_EACH(node, &outbox->refused) {
        Letter *letter = CONTAINER_OF(node, Letter, node);

        if (letter->again_ms > now_ms)
            break;
        letter_wait(outbox, letter);
        again_later(outbox, 0);
    }
    poll(outbox);
}

void outbox_send(Outbox *outbox, const OutboxMessage *message, OutboxDoneFn done, void *context) {
    Letter *letter = letter_new(message, done, context);
    bool is_idle = outbox->count == 0;

    outbox->count++;
    letter_wait(outbox, letter);
    if (outbox->is_armed && outbox->waiting_bytes < OUTBOX_BYTES)
        return;
    again_later(outbox, is_idle || outbox->waiting_bytes >= OUTBOX_BYTES ? 0 : OUTBOX_MS);
    outbox->is_gathering = true;
}

/* Life -------------------------------------------------------------------------------------- */

int outbox_open(Loop *loop, const char *brokers, const char *client_id, Outbox **ret_outbox) {
    Outbox *outbox = alloc_zero(sizeof *outbox);
    int r;

    outbox->loop = loop;
    outbox->brokers = brokers;
    outbox->client_id = client_id;
    list_init(&outbox->waiting);
    list_init(&outbox->flying);
    list_init(&outbox->refused);
    r = line_open(outbox);
    if (r) {
        alloc_free(outbox);
        return fault_pass(r);
    }
    loop_timer_open(loop, &outbox->gather, gathered, outbox);
    loop_timer_open(loop, &outbox->pulse, pulsed, outbox);
    loop_timer_start(&outbox->pulse, POLL_EVERY_MS, POLL_EVERY_MS);
    outbox->timers_open = 2;
    *ret_outbox = outbox;
    return 0;
}

static void timer_closed(void *context) {
    Outbox *outbox = context;

    if (--outbox->timers_open == 0)
        alloc_free(outbox);
}

Outbox *outbox_close(Outbox *outbox) {
    if (outbox == NULL)
        return NULL;
    line_close(outbox);
    LIST_FOR_EACH(node, &outbox->waiting)
    letter_free(CONTAINER_OF(node, Letter, node));
    LIST_FOR_EACH(node, &outbox->flying)
    letter_free(CONTAINER_OF(node, Letter, node));
    LIST_FOR_EACH(node, &outbox->refused)
    letter_free(CONTAINER_OF(node, Letter, node));
    loop_timer_close(&outbox->gather, timer_closed);
    loop_timer_close(&outbox->pulse, timer_closed);
    return NULL;
}

uint32_t outbox_count(const Outbox *outbox) {
    return outbox->count;
}

bool outbox_is_up(const Outbox *outbox) {
    return outbox->line != NULL && bus_producer_is_up(outbox->line->producer);
}
